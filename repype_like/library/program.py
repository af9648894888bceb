"""Runs a program to its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["run_program"]

_STDERR = 2


def run_program(command: Sequence[str], *, started: str, stdin: Path | None = None, stdout: Path | None = None,
                env: Mapping[str, str] | None = None) -> int:
    """Run a program, and return its exit code, or the number of the signal that has ended it, negative.

    It stays in the process group of whoever calls this, so that it ends with it, whatever it has started. Nothing waits
    for what it leaves running.

    Arguments:
        command: The name of the program, and its arguments.
        started: The file of the program.
        stdin: A file to read; there is nothing to read otherwise.
        stdout: The file for what it prints; by default that goes where errors go.
        env: Variables to be set besides those that there are.
    """
    with open(os.devnull if stdin is None else stdin, "rb") as source:
        target = _STDERR if stdout is None else os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            process = subprocess.Popen(command, executable=started, stdin=source, stdout=target,
                                       env={**os.environ, **(env or {})})
        finally:
            if target != _STDERR:
                os.close(target)
    try:
        return process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
