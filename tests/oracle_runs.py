"""Runs the program and looks at what it has made, in forked children of this process, which has it imported already.

A child costs some milliseconds where a new interpreter costs a third of a second, and what it does to its own state,
such as importing a project, ends with it.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import repype_like
from repype_like.batch import Batch
from repype_like.cli.app import main
from repype_like.plan import Files, Request
from repype_like.task import inspection

__all__ = ["Answer", "Fault", "Look", "look", "run_program"]

_PRELOADED = (Files, inspection)


@dataclass(frozen=True)
class Fault:
    """What goes wrong in the process that runs: at the `count`-th time, if it gets that far."""

    how: str
    """``kill`` (before opening, renaming, linking or deleting a file), ``tear`` (in the middle of writing), ``full``
    (the disk is full from then on)."""
    count: int


@dataclass(frozen=True)
class Answer:
    """What the program said. The exit code is negative if a signal ended it."""

    args: tuple[str, ...]
    code: int
    said: str

    def __str__(self) -> str:
        return f"$ repype {' '.join(self.args)}  # exit code {self.code}\n{self.said}"


@dataclass(frozen=True)
class Look:
    """The tasks of a tree, seen through the public API."""

    pending: Mapping[str, tuple[str, tuple[str, ...]]]
    """By runnable task, why it is pending, in one word and in many."""
    nodes: tuple[tuple[str, Any], ...]
    """The executions that a run would have: stage and input of each."""
    problems: tuple[str, ...]
    results: Mapping[str, Any]
    """By runnable task, input and field, the stored value; a text if it cannot be loaded."""
    files: Mapping[str, str]
    """By path, the content of each file that a stage of a runnable task, or its completion, has to have made."""


def run_program(root: Path, home: Path, args: tuple[str, ...], fault: Fault | None = None,
                control: Mapping[str, Any] | None = None, killed_after: float | None = None) -> Answer:
    """Run ``repype ARGS`` in the directory `root`.

    Arguments:
        root: The project.
        home: Where the trace and all else is that is not part of the project.
        args: The arguments.
        fault: What goes wrong in the coordinating process.
        control: What goes wrong in a stage, see the module `tracing` of the project.
        killed_after: The seconds after which the whole process group is killed.
    """
    steering = home / "control.json"
    steering.write_text(json.dumps(control or {}))
    said = home / "said.txt"

    def child() -> int:
        os.setsid()
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        os.environ.update(ORACLE_PID=str(os.getpid()), ORACLE_TRACE=str(home / "trace"), ORACLE_CONTROL=str(steering),
                          HOME=str(home), XDG_CACHE_HOME=str(home / "cache"))
        os.chdir(root)
        if fault is not None:
            _arm(fault, root)
        code = main(list(args))
        sys.stdout.flush()
        sys.stderr.flush()
        return code

    pid = _fork(child)
    code = _wait(pid, killed_after)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # what the program may have left running
    return Answer(args, code, said.read_text(errors="replace") if said.exists() else "")


def look(root: Path, home: Path, load: bool = True) -> Look:
    """Return what there is to see of the tasks in `root`; nothing is written there."""
    target = home / "look.pickle"
    target.unlink(missing_ok=True)

    def child() -> int:
        os.chdir(root)
        content = _look(root, load)
        with open(target, "wb") as file:
            pickle.dump(content, file)
        return 0

    assert _wait(_fork(child), None) == 0, "the tasks cannot be looked at"
    with open(target, "rb") as file:
        found: Look = pickle.load(file)
    return found


def _look(root: Path, load: bool) -> Look:
    batch = Batch()
    batch.load(root)
    contexts = batch.prepare()
    places = batch.workplaces(contexts)
    plan = batch.plan(places, Request())
    results: dict[str, Any] = {}
    files: dict[str, str] = {}
    for context in contexts if load else ():
        name = batch.name_of(context.task)
        results[name] = _loaded(context.task.directory)
        for input_id in context.task.input_ids:
            for scope in ("out", "config"):
                path = context.pipeline.resolve(scope, input_id)
                if path is not None:
                    text = path.read_text() if path.is_file() else "(no file)"
                    known = {stage.id for stage in context.pipeline.stages}
                    files[path.relative_to(root).as_posix()] = text if scope == "out" else _in_force(text, known)
    nodes = tuple((node.stage, node.input_id) for unit in plan.units for node in unit.nodes)
    return Look({task.task: (task.pending, tuple(map(str, task.reasons))) for task in plan.tasks}, nodes,
                tuple(map(str, batch.problems)), results, files)


def _in_force(text: str, stages: Set[str]) -> str:
    """Return what counts of a final configuration: not what has no effect, which may be what it was."""
    try:
        found = yaml.safe_load(text)
        sections = {name: found[name] for name in sorted(stages & found.keys()) if found[name]["enabled"]}
        sections.get("edge", {}).pop("verbose", None)
        return repr({name: sorted(section.items()) for name, section in sections.items()})
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):  # not there, or cut off as it was written
        return text


def _loaded(directory: Path) -> Any:
    try:
        results = repype_like.open(directory).load()
    except Exception as error:  # noqa: BLE001  it is shown beside what should have been loaded
        return f"cannot be loaded: {error!r}"
    found: dict[Any, dict[str, Any]] = {}
    for input_id, fields in results.items():
        found[input_id] = {}
        for field in fields:
            try:
                found[input_id][field] = fields[field]
            except Exception as error:  # noqa: BLE001
                found[input_id][field] = f"cannot be loaded: {error!r}"
    return found


def _fork(work: Callable[[], int]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        gc.disable()
        code = work()
    except BaseException:  # noqa: BLE001  it must not get out of the child
        traceback.print_exc()
    finally:
        os._exit(code)


def _wait(pid: int, killed_after: float | None) -> int:
    deadline = time.monotonic() + (killed_after if killed_after is not None else 60)
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            return code if killed_after is not None else 98
        time.sleep(0.002)


def _arm(fault: Fault, root: Path) -> None:
    """Have this process hit by `fault`."""
    prefix = f"{root}{os.sep}"
    left = [fault.count]

    def is_due() -> bool:
        left[0] -= 1
        return left[0] <= 0

    def on_audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.rename", "os.remove", "os.link", "os.truncate", "os.mkdir", "os.chmod"):
            if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
                return
            names = [os.fspath(item) for item in arguments if isinstance(item, (str, os.PathLike))]
            if any(name.startswith(prefix) for name in names) and is_due():
                os.killpg(0, signal.SIGKILL)

    write = os.write

    def torn(descriptor: int, data: Any) -> int:
        if is_due():
            write(descriptor, bytes(data)[: len(data) // 2])
            os.killpg(0, signal.SIGKILL)
        return write(descriptor, data)

    def full(descriptor: int, data: Any) -> int:
        if is_due():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    if fault.how == "kill":
        sys.addaudithook(on_audit)
    else:
        os.write = torn if fault.how == "tear" else full
