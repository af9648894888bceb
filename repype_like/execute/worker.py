"""The process that runs units for the local executor.

It gets positions of units through a pipe and sends messages back through it. What it is about to do it notes in
shared memory, where it can be read when the process is dead. What stages print goes to a file. It ends when the pipe
does, or when the process that started it is gone.
"""

from __future__ import annotations

import ctypes
import faulthandler
import io
import mmap
import os
import pickle
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection

from repype_like.events import StageStarted
from repype_like.execute.messages import Happened, Message, UnitDone
from repype_like.execute.unit import run_unit
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit
from repype_like.typing import IO

__all__ = ["Note", "serve", "tail"]

_LATEST = 0.05
"""Seconds after which a record has been sent at the latest."""

_MOST_OUTPUT = 1 << 16
"""Bytes of output that are shown of a stage that fails."""

_PR_SET_PDEATHSIG = 1


class Note:
    """What a worker is doing, in memory that it shares with the process that started it."""

    _SIZE = 1 << 16

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self._SIZE)

    def write(self, unit: int, stage: StageStarted | None) -> None:
        """Note the position of the unit, and the stage of it that starts now."""
        content = pickle.dumps((unit, stage))
        if len(content) > self._SIZE and stage is not None:
            content = pickle.dumps((unit, replace(stage, tasks=(stage.task,))))
        self._memory[:len(content)] = content

    def read(self) -> tuple[int, StageStarted | None]:
        """Return what was noted last; the position is -1 if nothing was."""
        try:
            unit, stage = pickle.loads(self._memory[:])
        except Exception:  # it died as it wrote, or before
            return -1, None
        return unit, stage


def serve(pipe: Connection, note: Note, output: IO[bytes], units: Sequence[Unit], workplaces: Workplaces,
          parent: int) -> None:
    """Run the units whose positions come through `pipe`, until it ends.

    Arguments:
        pipe: Where positions come from, as tuples, and lists of messages go to.
        note: Where to note what is being done.
        output: Where everything goes that is printed; emptied before each unit.
        units: All units of the plan.
        workplaces: The tasks.
        parent: The id of the process that started this one.
    """
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides what Ctrl-C means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _capture_output(output)
    outbox = _Outbox(pipe)
    while True:
        try:
            positions = pipe.recv()
        except (EOFError, OSError):
            return
        for position in positions:
            output.seek(0)
            output.truncate()

            def emit(message: Message, position: int = position) -> None:
                if isinstance(message, Happened) and isinstance(message.event, StageStarted):
                    note.write(position, message.event)
                outbox.put(message)

            succeeded = run_unit(units[position], workplaces, emit, lambda: tail(output))
            outbox.put(UnitDone(position, not succeeded))
        note.write(-1, None)
        outbox.flush()


class _Outbox:
    """Collects messages so that small ones travel together."""

    def __init__(self, pipe: Connection):
        self._pipe = pipe
        self._messages: list[Message] = []
        self._sent = time.monotonic()

    def put(self, message: Message) -> None:
        self._messages.append(message)
        if time.monotonic() - self._sent > _LATEST:
            self.flush()

    def flush(self) -> None:
        if self._messages:
            self._pipe.send(self._messages)
            self._messages = []
        self._sent = time.monotonic()


def _die_with(parent: int) -> None:
    """Have the kernel end this process when the one that started it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before we asked
        os._exit(1)


def _capture_output(file: IO[bytes]) -> None:
    """Have all that is printed go to a file, what C code prints and the cause of a crash included."""
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
    flags = dict(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), **flags)  # type: ignore[arg-type]
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), **flags)  # type: ignore[arg-type]
    faulthandler.enable(file)


def tail(file: IO[bytes]) -> str:
    """Return the end of what was printed."""
    sys.stdout.flush()
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), _MOST_OUTPUT, max(0, size - _MOST_OUTPUT)).decode(errors="backslashreplace")
