"""The log of a run on disk: its events as lines of JSON, in a file that is only ever appended to.

A log tells what happened; nothing is decided by it. So a log that cannot be written costs a warning and nothing else,
and a line that cannot be read is left out.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from repype_like.events import (
    Event,
    Message,
    StageFailed,
    StageFinished,
    StageRetried,
    StageStarted,
    StageTaken,
    from_json,
    to_json,
)
from repype_like.typing import Self

__all__ = ["RUNS_DIRECTORY", "STORE_DIRECTORY", "EventLog", "read", "run_logs"]

STORE_DIRECTORY = ".repype"
"""Where everything lies that this package keeps in a task directory."""

RUNS_DIRECTORY = "runs"
"""Where the logs lie in :data:`STORE_DIRECTORY`, in that of the topmost task."""

_KEPT = 20
"""How many logs stay."""

_MOST_BYTES = 1 << 26
"""The size of a log from which on it says of the stages no more than which of them failed."""

_SUFFIX = ".jsonl"
_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9a-f]{6}")


class EventLog:
    """Writes the events of one run; a context manager. See :meth:`new`."""

    name: str
    """The name of the run: when it began, in UTC, and a few digits. Names sort by time."""

    path: Path

    command: tuple[str, ...]
    """What the user typed."""

    def __init__(self, top: Path, name: str, command: tuple[str, ...] = ()):
        self.name = name
        self.command = command
        self.path = _directory(top) / f"{name}{_SUFFIX}"
        self._descriptor: int | None = None
        self._written = 0

    @classmethod
    def new(cls, top: Path, command: tuple[str, ...] = ()) -> Self:
        """Begin the log of a run, and delete all but the latest 20.

        Arguments:
            top: The directory of the topmost task.
            command: What the user typed.
        """
        log = cls(top, _new_name(), command)
        log.open()
        with contextlib.suppress(OSError):
            for old in run_logs(top)[_KEPT:]:
                old.unlink()
        return log

    def open(self) -> None:
        """Make the file; warn if that is not possible."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Not inherited by programs that stages start; a worker has it and leaves it alone.
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
            self._written = os.fstat(self._descriptor).st_size
        except OSError as error:
            self._warn(error)

    def write(self, event: Event) -> None:
        """Append `event` in one write, unless it is of interest only while it happens."""
        if self._descriptor is None or event.is_momentary:
            return
        kept = event if self._written < _MOST_BYTES else _in_short(event)
        if kept is None:
            return
        line = f"{to_json(kept)}\n".encode()
        try:
            written = os.write(self._descriptor, line)
            self._written += written
            if written < len(line):  # the disk is full: what is there is a torn line, which reading leaves out
                os.write(self._descriptor, line[written:])
        except OSError as error:
            self._warn(error)
            self.close()

    def close(self) -> None:
        """Write nothing more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _warn(self, error: OSError) -> None:
        sys.stderr.write(f"warning: the log of this run cannot be written: {self.path}: {error.strerror}\n")


def read(path: Path) -> Iterator[Event]:
    """Yield the events of the log in the file at `path`.

    Lines that are torn, damaged, or written by a newer version in words that are not known here, are left out.

    Raises:
        OSError: If the file cannot be read.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            event = from_json(line) if line.endswith("\n") else None
            if event is not None:
                yield event


def run_logs(top: Path) -> list[Path]:
    """Return the logs of the runs of the tree with the topmost task `top`, the latest first.

    Raises:
        OSError: If they cannot be listed although there may be some.
    """
    try:
        names = os.listdir(_directory(top))  # noqa: PTH208  only names are needed
    except (FileNotFoundError, NotADirectoryError):
        return []
    ours = [name for name in names if name.endswith(_SUFFIX) and _NAME.fullmatch(name.removesuffix(_SUFFIX))]
    return [_directory(top) / name for name in sorted(ours, reverse=True)]


def _new_name() -> str:
    """Return a name of the present time; the digits are three for the fraction of the second, and three at random."""
    now = time.time()
    fraction = int(now % 1 * 0x1000)
    return time.strftime("%Y-%m-%dT%H-%M-%S-", time.gmtime(now)) + f"{fraction:03x}{os.urandom(2).hex()[:3]}"


def _in_short(event: Event) -> Event | None:
    """Return what is noted down of an event in a log that has got very long; None for nothing."""
    if isinstance(event, StageFailed):
        return replace(event, traceback="", output="", config=None)
    return None if isinstance(event, StageStarted | StageFinished | StageTaken | StageRetried | Message) else event


def _directory(top: Path) -> Path:
    return top / STORE_DIRECTORY / RUNS_DIRECTORY
