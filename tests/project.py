"""A project as its user has it: files in, outcome out.

A test writes a task tree with its stages, starts the program on it in a process of its own, and looks at what came
out::

    def test_runs_once(make_project):
        project = make_project({
            "task.yml": {"runnable": True, "pipeline": ["stages.Double"], "input_ids": "1-3"},
            "stages.py": '''
                from repype_like.stage import Stage
                from tracing import trace

                class Double(Stage):
                    inputs = ["input_id"]
                    outputs = ["twice"]

                    def process(self, pipeline, config, status=None, input_id=None):
                        trace(self.id, input_id)
                        return {"twice": 2 * input_id}
            ''',
        })
        project.run("run").ok()
        assert project.executions() == {("double", 1): 1, ("double", 2): 1, ("double", 3): 1}
        assert project.results()[3]["twice"] == 6

The module `tracing` is part of every project. What it writes lies outside of the project, so that the program does
not take it for something that a stage reads or makes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dill
import yaml

__all__ = ["Outcome", "Project"]

TRACE_VARIABLE = "REPYPE_TEST_TRACE"

TRACING = f'''\
"""Tells the test which stage was executed for which input."""

import json
import os


def trace(stage_id, input_id):
    """Append one line, in one write, so that lines of several processes do not mix."""
    descriptor = os.open(os.environ["{TRACE_VARIABLE}"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, json.dumps([stage_id, input_id]).encode() + b"\\n")
    finally:
        os.close(descriptor)
'''

LOAD_RESULTS = """\
import sys, dill, repype_like
results = repype_like.open(sys.argv[1]).load()
with open(sys.argv[2], "wb") as file:
    dill.dump({input_id: dict(fields) for input_id, fields in results.items()}, file)
"""


@dataclass(frozen=True)
class Outcome:
    """What the program answered: its exit code, and all that it wrote to stdout and stderr."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"$ repype {' '.join(self.args)}  # exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"

    def ok(self) -> Outcome:
        """Fail the test, showing what the program said, unless it succeeded."""
        return self.exits(0)

    def exits(self, code: int) -> Outcome:
        """Fail the test, showing what the program said, unless its exit code is `code`."""
        assert self.code == code, f"exit code {code} expected\n{self}"
        return self

    def json(self) -> Any:
        """Return what stdout says as one JSON document."""
        return json.loads(self.out)


@dataclass
class Project:
    """The directory `root` with a task tree in it; paths are relative to `root`, text has its indent removed.

    `home` is the home directory of the program, so that nothing outside of the test is read or written.
    """

    root: Path
    home: Path
    under: tuple[str, ...] = ()
    """What the program is started by, as ``("strace", "-f")``."""
    _children: list[subprocess.Popen[str]] = field(default_factory=list)
    _seen: int = 0

    def write(self, path: str, content: str | bytes | Mapping[str, Any]) -> Path:
        """Write a file and the directories above it; a mapping is written as YAML."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        elif isinstance(content, str):
            file.write_text(textwrap.dedent(content).lstrip("\n"), encoding="utf-8")
        else:
            file.write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True), encoding="utf-8")
        return file

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace `old`, which stands in the file exactly once, by `new`."""
        text = self.read(path)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        (self.root / path).write_text(text.replace(old, new), encoding="utf-8")

    def read(self, path: str) -> str:
        """Return the text of a file."""
        return (self.root / path).read_text(encoding="utf-8")

    def remove(self, path: str) -> None:
        """Delete a file or a whole directory."""
        target = self.root / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink()

    def move(self, old: str, new: str) -> None:
        """Rename a file or a directory."""
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)

    def start(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start the program and return at once; what is still running at the end of the test is killed.

        It leads a process group of its own: ``os.killpg(child.pid, signal.SIGINT)`` is what Ctrl-C does in a terminal.
        """
        child = self._popen("-m", "repype_like", *args, env=env)
        self._children.append(child)
        return child

    def run(self, *args: str, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120) -> Outcome:
        """Run the program in the project's directory as ``repype ARGS...``, to its end.

        `env` is added to the environment; `stdin` is what the user types; `timeout` (seconds) guards against hangs.
        """
        child = self.start(*args, env=env)
        out, err = child.communicate(stdin, timeout=timeout)
        return Outcome(args, child.returncode, out, err)

    def executions(self) -> Counter[tuple[str, Any]]:
        """Return how often each stage was executed for each input since the last call, by (stage id, input id)."""
        try:
            content = self._trace.read_bytes()
        except FileNotFoundError:
            return Counter()
        complete = content.rfind(b"\n") + 1
        lines = content[self._seen : complete].splitlines()
        self._seen = complete
        return Counter((stage_id, input_id) for stage_id, input_id in map(json.loads, lines))

    def results(self, task: str = ".") -> dict[Any, dict[str, Any]]:
        """Return the stored fields of a task by input id, as the public API loads them (in a process of its own).

        Values of classes that the project defines cannot be returned: this process does not know its modules.
        """
        target = self.home / "results.dill"
        child = self._popen("-c", LOAD_RESULTS, task, str(target))
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, f"the results of {task} cannot be loaded\n{out}{err}"
        results: dict[Any, dict[str, Any]] = dill.loads(target.read_bytes())
        return results

    def close(self) -> None:
        """Kill what is still running, with all that it started."""
        for child in self._children:
            with child, contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)

    @property
    def _trace(self) -> Path:
        return self.home / "trace"

    def _popen(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        environment = {**os.environ, "HOME": str(self.home), "XDG_CACHE_HOME": str(self.home / ".cache"),
                       TRACE_VARIABLE: str(self._trace), **(env or {})}
        return subprocess.Popen([*self.under, sys.executable, *args], cwd=self.root, env=environment, encoding="utf-8",
                                errors="replace", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)
