"""A small project in which everything occurs that an answer can rest on, what may happen to it, and looks at it.

Each look happens in a process of its own, made by fork, as each command is one.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import textwrap
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from repype_like.cli.app import main
from repype_like.cli.glance import show_status
from repype_like.cli.selection import Wanted, select
from repype_like.plan import Request
from repype_like.snapshot.taking import Look, take
from repype_like.version import VERSION

__all__ = ["EDITS", "SETTLED", "World"]

SETTLED = 100_000_000
"""How old (in ns) everything has to be in these tests; their file systems have clocks that are finer than that."""

_PATIENCE = 60.0
"""Seconds."""

_STAGES = """
    import os
    from helper import twice
    from repype_like.stage import Stage

    NOISE = os.environ.get("NOISE", "")

    class Measure(Stage):
        inputs = ["input_id"]
        outputs = ["size"]

        def process(self, pipeline, config, input_id, status=None):
            raw = pipeline.resolve("raw", input_id).read_text()
            hint = pipeline.resolve("hint", input_id)
            return {"size": len(raw) * config["k"] + len(NOISE) + hint.exists()}

    class Draw(Stage):
        inputs = ["size", "input_id"]
        outputs = ["values"]
        default_config = {"base": 1}

        def process(self, pipeline, config, size, input_id, status=None):
            target = pipeline.resolve("drawn", input_id)
            target.parent.mkdir(exist_ok=True)
            target.write_text(str(twice(size)))
            return {"values": bytes(range(256)) * 400}
    """

_FILES = {
    "project/stages.py": _STAGES,
    "project/helper.py": "def twice(value):\n    return value * 2\n",
    "project/tasks/task.yml": """
        pipeline: [stages.Measure, stages.Draw]
        input_ids: {glob: raw/*.txt}
        base_config_path: base.yml
        scopes: {raw: "{ROOTDIR}/raw/%s.txt", hint: hints/%s, drawn: drawn/%s.txt}
        pythonpath: [..]
        """,
    "project/tasks/base.yml": "measure: {k: 2}\n",
    "project/tasks/group/one/task.yml": "runnable: true\nconfig: {draw: {size: 1}}\n",
    "project/tasks/group/two/task.yml": "runnable: true\nconfig: {draw: {size: 2}}\n",
    "data/a.txt": "aaa",
    "data/b.txt": "bb",
    "other/a.txt": "AAAA",
    "other/b.txt": "BB",
}


class World:
    """The project in `root`."""

    def __init__(self, root: Path):
        self.root = root
        self.tasks = root / "project/tasks"
        self.environment: dict[str, str] = {}
        self.mend()

    def mend(self) -> None:
        """Have everything that is not stored as it was in the beginning."""
        self.environment.clear()
        for name in ("project/helper", "project/tasks/x", "project/tasks/group/new", "project/tasks/group/moved",
                     "project/tasks/group/one/hints"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        for name in ("project/task.yml", "project/tasks/group/task.yml", "data/c.txt", "project/tasks/raw"):
            (self.root / name).unlink(missing_ok=True)
        for name, text in _FILES.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text).lstrip())
        (self.tasks / "raw").symlink_to(self.root / "data")

    @property
    def one(self) -> Path:
        """A task."""
        return self.tasks / "group/one"

    def kept(self) -> list[Path]:
        """Return the files that answers are kept in."""
        return sorted((self.root / "home/repype_like/answers").glob("*"))

    def run(self) -> None:
        """Bring everything up to date, if it can be."""
        self._in_a_child(lambda: main(["run", "--serial", "-k", str(self.tasks)]))

    def take(self) -> bool:
        """Look at the tasks, and have the answer kept; False if something is to be done for one of them."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            found = self._in_a_child(self._take)
            if found != "unsettled":
                return bool(found)
            time.sleep(0.02)
        raise AssertionError("the answer is never kept")

    def at_a_glance(self) -> Any:
        """Return what is said of the tasks without looking into them; None if nothing is."""
        return self._in_a_child(self._at_a_glance)

    def in_truth(self) -> Any:
        """Return what is said of the tasks when nothing is taken for granted."""
        return self._in_a_child(self._in_truth)

    def _take(self) -> str | bool:
        selection = select(Wanted((str(self.tasks),)))
        places, plan = selection.plan(Request())
        if plan.pending or selection.problems:
            return False
        tasks = {context.task.directory: context.task for context in selection.contexts}
        looks = [Look(tasks[task.path], places[task.task].view, task) for task in plan.tasks]
        return take(selection.batch.trees[0], looks, selection.batch.began, SETTLED) or "unsettled"

    def _at_a_glance(self) -> Any:
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            known = show_status(str(self.tasks), verbose=False, json=True, sizes=False)
        return json.loads(shown.getvalue()) if known else None

    def _in_truth(self) -> Any:
        for file in self.kept():
            file.unlink()
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            code = main(["status", "--json", str(self.tasks)])
        return code or json.loads(shown.getvalue())

    def _in_a_child(self, do: Callable[[], Any]) -> Any:
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                os.environ.update({"XDG_CACHE_HOME": str(self.root / "home"), **self.environment})
                os.chdir(self.root)
                with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
                    said = do()
                os.write(writing, json.dumps(said).encode())
                os._exit(0)
            except BaseException:  # noqa: BLE001  nothing of the child may go on
                traceback.print_exc()
                os._exit(1)
        os.close(writing)
        with open(reading, "rb") as pipe:
            said = pipe.read()
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        return json.loads(said)


def _replaced(path: Path, old: str, new: str) -> None:
    """Edit a file in place."""
    text = path.read_text()
    with open(path, "r+") as file:
        file.write(text.replace(old, new))
        file.truncate()


def _unnoticed(path: Path, edit: Callable[[Path], object]) -> None:
    """Edit a file, and have it say that it was not modified."""
    status = path.stat()
    edit(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _flip(path: Path) -> None:
    """Change one bit of a file, if it is there."""
    if not path.exists():
        return
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.write(data)


def _renamed_over(path: Path, text: str) -> None:
    """Put another file of the same age in place of one."""
    other = path.with_name("other.tmp")
    other.write_text(text)
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def _relinked(world: World) -> None:
    leads_to = (world.tasks / "raw").readlink()
    (world.tasks / "raw").unlink()
    (world.tasks / "raw").symlink_to(world.root / ("other" if leads_to.name == "data" else "data"))


def _moved(world: World) -> None:
    target = world.one.with_name("moved")
    shutil.rmtree(target, ignore_errors=True)
    world.one.rename(target)
    shutil.copytree(target, world.one)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _store(world: World, name: str) -> Path:
    """Return a file of the store of a task."""
    return next(iter(sorted((world.one / ".repype").glob(name))), world.one / ".repype/none")


EDITS: dict[str, Callable[[World], object]] = {
    "nothing": lambda world: None,
    "own value, same size": lambda world: _replaced(world.one / "task.yml", "size: 1", "size: 3"),
    "own value, same size and age": lambda world: _unnoticed(
        world.one / "task.yml", lambda path: _replaced(path, "size: ", "size:7")),
    "base config": lambda world: _replaced(world.tasks / "base.yml", "k: 2", "k: 5"),
    "comment in a specification": lambda world: _replaced(world.one / "task.yml", "runnable", "# x\nrunnable"),
    "mistake in a specification": lambda world: _replaced(world.one / "task.yml", "runnable", "runable"),
    "new task": lambda world: _write(world.tasks / "group/new/task.yml", "runnable: true\n"),
    "new task in a new folder": lambda world: _write(world.tasks / "x/y/z/task.yml", "runnable: true\n"),
    "task removed": lambda world: shutil.rmtree(world.tasks / "group/two", ignore_errors=True),
    "task between": lambda world: _write(world.tasks / "group/task.yml", "config: {measure: {k: 3}}\n"),
    "task above": lambda world: _write(world.root / "project/task.yml", "config: {draw: {more: 1}}\n"),
    "misnamed task": lambda world: _write(world.tasks / "x/task.yaml", "runnable: true\n"),
    "code, same size": lambda world: _replaced(world.root / "project/stages.py", "* 400", "* 500"),
    "default, same size": lambda world: _replaced(world.root / "project/stages.py", '"base": 1', '"base": 9'),
    "comment in code": lambda world: _replaced(world.root / "project/stages.py", "import os", "import os  # x"),
    "helper": lambda world: _replaced(world.root / "project/helper.py", "* 2", "* 3"),
    "helper shadowed": lambda world: _write(
        world.root / "project/helper/__init__.py", "def twice(value):\n    return value * 4\n"),
    "mistake in code": lambda world: _replaced(world.root / "project/stages.py", "NOISE =", "NOISE = = "),
    "environment": lambda world: world.environment.update(NOISE="." * (len(world.environment) + 1)),
    "new input": lambda world: _write(world.root / "data/c.txt", "c"),
    "input removed": lambda world: (world.root / "data/b.txt").unlink(missing_ok=True),
    "input, same size": lambda world: _replaced(world.root / "data/a.txt", "a", "x"),
    "input, same size and age": lambda world: _unnoticed(
        world.root / "data/a.txt", lambda path: path.write_text("yyy")),
    "input replaced": lambda world: _renamed_over(world.root / "data/a.txt", "zzz"),
    "input touched": lambda world: (world.root / "data/a.txt").touch(),
    "inputs linked elsewhere": _relinked,
    "file that was missing": lambda world: _write(world.one / "hints/a", "!"),
    "output removed": lambda world: (world.one / "drawn/a.txt").unlink(missing_ok=True),
    "output edited": lambda world: _write(world.one / "drawn/a.txt", "?"),
    "digest removed": lambda world: _store(world, "digest.json").unlink(missing_ok=True),
    "digest damaged": lambda world: _flip(_store(world, "digest.json")),
    "records removed": lambda world: _store(world, "records").unlink(missing_ok=True),
    "records damaged": lambda world: _flip(_store(world, "records")),
    "blob removed": lambda world: _store(world, "blobs/*.*").unlink(missing_ok=True),
    "blob damaged": lambda world: _flip(_store(world, "blobs/*.*")),
    "unfinished": lambda world: _write(world.one / ".repype/unfinished", '{"boot": "other", "task": "?"}\n'),
    "begun": lambda world: _write(world.one / ".repype/begun", '{"boot": "other"}\n'),
    "store removed": lambda world: shutil.rmtree(world.one / ".repype", ignore_errors=True),
    "task moved and copied": _moved,
    "answer damaged": lambda world: list(map(_flip, world.kept())),
    "answer cut off": lambda world: [file.write_bytes(file.read_bytes()[:99]) for file in world.kept()],
    "answer of another version": lambda world: [file.write_bytes(file.read_bytes().replace(
        f'"{VERSION}"'.encode(), b'"0.0.0"')) for file in world.kept()],
    "another program": lambda world: _write(world.root / "project/tasks/notes.txt", sys.version),
}
"""What may happen, by name."""
