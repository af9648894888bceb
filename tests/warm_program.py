"""Runs the program again and again without starting Python for each run.

One process has imported all that the program needs, and waits. For each run it forks: the child becomes what
``python -m repype_like`` would be by then, in a session, a directory and an environment of its own, and ends as that
ends. Nothing is replaced by anything else: it is the real program, and its system calls are real.

Such a child can be watched and tampered with: it stops before the program begins, until strace has attached to it. So
strace counts the calls of the program, and not those that it takes to start Python.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import warm_server
from project import TRACE_VARIABLE, Outcome
from repype_like.typing import Self

__all__ = ["WarmProgram"]


class WarmProgram:
    """The waiting process, while it is entered as a context; `directory` is for its files."""

    def __init__(self, directory: Path):
        self._directory = directory
        self._has_imported = False

    def __enter__(self) -> Self:
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        self._server = subprocess.Popen([sys.executable, warm_server.__file__], env=environment, encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def run(self, root: Path, *args: str, watched: Sequence[str] = ()) -> Outcome:
        """Run the program in the directory `root` as ``repype ARGS...``, to its end.

        What the first run imports, those after it find imported. The home directory is the one above `root`.

        Arguments:
            root: The directory of the project.
            args: The arguments.
            watched: Options of strace, which watches the run; none if it is not to be watched.
        """
        home, streams = root.parent, [str(self._directory / name) for name in ("out", "err")]
        environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"),
                       TRACE_VARIABLE: str(home / "trace")}
        self._ask(cwd=str(root), args=args, env=environment, streams=streams, stops=bool(watched),
                  modules=None if self._has_imported else str(self._directory / "modules"))
        self._has_imported = True
        if watched:
            _watch(self._answer(), watched)
        code = self._answer()
        out, err = (Path(stream).read_text(encoding="utf-8", errors="replace") for stream in streams)
        return Outcome(args, code, out, err)

    def _ask(self, **request: Any) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()

    def _answer(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


def _watch(pid: int, options: Sequence[str]) -> None:
    """Have strace watch a process that has stopped itself, to its end."""
    with subprocess.Popen(["strace", "-f", *options, "-p", str(pid)], stderr=subprocess.PIPE, encoding="utf-8",
                          errors="replace") as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline()
        os.kill(pid, signal.SIGCONT if "attached" in said else signal.SIGKILL)
        assert "attached" in said, said
        strace.communicate()
