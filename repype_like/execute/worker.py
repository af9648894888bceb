"""The process that runs units for the local executor.

It gets positions of units through a pipe. What it has to say it puts into a mailbox, and rings through the pipe. What
stages print goes to a file. It ends when the pipe does, or when the process that started it is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import io
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from repype_like.execute.activation import Activation
from repype_like.execute.mailbox import Mailbox
from repype_like.execute.messages import Idle, UnitDone
from repype_like.execute.outbox import Outbox
from repype_like.execute.surroundings import Surroundings
from repype_like.execute.threads import Threads
from repype_like.execute.unit import Watcher, run_unit
from repype_like.execute.wear import Wear
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Files, Unit
from repype_like.typing import IO

__all__ = ["serve", "tail"]

_MOST_OUTPUT = 1 << 16
"""Bytes of output that are shown of a stage that fails."""

_PR_SET_PDEATHSIG = 1


def serve(pipe: Connection, mailbox: Mailbox, output: IO[bytes], units: Sequence[Unit], workplaces: Workplaces,
          parent: int, share: int, devices: tuple[str, ...] = ()) -> None:
    """Run the units whose positions come through `pipe`, until it ends.

    Arguments:
        pipe: Where positions come from, as lists, each with the unit if it is none of `units`, and with what the unit
            is given. An empty message back means "look into the mailbox", any other is one that the mailbox is too
            small for.
        mailbox: Where messages are put, and notes.
        output: Where everything goes that is printed; emptied before each unit.
        units: The units that are known by their positions.
        workplaces: The tasks.
        parent: The id of the process that started this one.
        share: How many cores are this process's share.
        devices: The GPUs that stages compute on which need some.
    """
    die_with(parent)
    with contextlib.suppress(OSError):  # a group of its own, so that what its stages start can be ended with it
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides what Ctrl-C means
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    multiprocessing.set_start_method(None, force=True)  # stages may choose one, as in a program of their own
    activation, threads = Activation(), Threads(share)  # the latter among the surroundings of all stages
    streams, outbox = _Streams(output), Outbox(pipe, mailbox)
    surroundings, files, wear = Surroundings(lambda: devices), Files(), Wear()
    while True:
        try:
            assigned = pipe.recv()
        except (EOFError, OSError):
            return
        started = time.monotonic()
        for position, sent, given in assigned:
            if not mailbox.begin(position):
                break
            unit = units[position] if sent is None else sent
            threads.use(max((workplaces[node.tasks[0]].limits(node.stage).cpus for node in unit.nodes), default=1))
            activation.use(unit, workplaces)
            watcher = _Watcher(position, unit, mailbox, streams, outbox)
            outbox.waits = not any(workplaces[task].hooked for node in unit.nodes for task in node.tasks)
            succeeded = run_unit(unit, workplaces, outbox.put, surroundings, files, given, watcher)
            outbox.put(UnitDone(position, not succeeded))
        mailbox.note(-1, -1)
        outbox.put(Idle(time.monotonic() - started, wear.is_worn()))
        outbox.ring()


class _Watcher(Watcher):
    """Notes what is being done in a unit where the coordinator finds it, and keeps apart what each stage prints."""

    def __init__(self, position: int, unit: Unit, mailbox: Mailbox, streams: _Streams, outbox: Outbox):
        self._position = position
        self._mailbox = mailbox
        self._streams = streams
        self._outbox = outbox
        streams.restore()
        self._is_fresh = not unit.skips
        """Whether nobody has been called that may have printed anything."""

    def begins(self, node: int) -> None:
        self._outbox.send()
        self._mailbox.note(self._position, node)
        if not self._is_fresh:
            self._streams.restore()
        self._is_fresh = False

    def has_made(self, node: int) -> None:
        if not self._outbox.waits:
            self._mailbox.note(self._position, node, hook=True)

    def output(self) -> str:
        return self._streams.printed()


class _Streams:
    """Has all that is printed go to a file: what C code prints, and the cause of a crash, included."""

    def __init__(self, file: IO[bytes]):
        self._file = file
        self._flush_c = ctypes.CDLL(None).fflush
        self._stdout, self._stderr = _stream(1), _stream(2)
        self.restore()
        faulthandler.enable(file)

    def restore(self) -> None:
        """Begin anew, whatever a stage has done to the streams."""
        self._flush()
        number = self._file.fileno()
        os.dup2(number, 1)
        os.dup2(number, 2)
        if os.lseek(number, 0, os.SEEK_END):  # where whoever prints next goes on: all of them share the position
            os.lseek(number, 0, os.SEEK_SET)
            os.ftruncate(number, 0)
        if not (_is_open(self._stdout) and _is_open(self._stderr)):
            self._stdout, self._stderr = _stream(1), _stream(2)
        sys.stdout, sys.stderr = self._stdout, self._stderr

    def printed(self) -> str:
        """Return the end of what was printed since then."""
        self._flush()
        return tail(self._file)

    def _flush(self) -> None:
        self._flush_c(None)
        for stream in (sys.stdout, sys.stderr):
            try:  # noqa: SIM105  this is called for every stage
                stream.flush()
            except Exception:  # noqa: BLE001, S110  a stage may have closed it, or put anything else in its place
                pass


def _is_open(stream: io.TextIOWrapper) -> bool:
    try:
        return not stream.closed
    except ValueError:  # a stage has taken it apart
        return False


def _stream(descriptor: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", errors="backslashreplace",
                            line_buffering=True)


def die_with(parent: int) -> None:
    """Have the kernel end this process when the one that started it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before we asked
        os._exit(1)


def tail(file: IO[bytes]) -> str:
    """Return the end of what was printed into a file."""
    size = os.fstat(file.fileno()).st_size
    if not size:
        return ""
    return os.pread(file.fileno(), _MOST_OUTPUT, max(0, size - _MOST_OUTPUT)).decode(errors="backslashreplace")
