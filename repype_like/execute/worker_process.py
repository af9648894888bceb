"""A worker, as the coordinator sees it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path

from repype_like.execute.guard import Guard
from repype_like.execute.mailbox import Mailbox, Note
from repype_like.execute.schedule import Given
from repype_like.execute.worker import serve
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit
from repype_like.store import StorageError
from repype_like.typing import IO, cast

__all__ = ["WorkerProcess", "start_worker"]

_GRACE_SECONDS = 5.0
"""How long a process may take to end after it was asked to."""


@dataclass
class WorkerProcess:
    """A process that runs units, and what it is doing."""

    number: int
    process: ForkProcess
    pipe: Connection
    mailbox: Mailbox
    output: IO[bytes]
    """What the running stage prints."""
    guard: Guard
    units: Sequence[Unit]
    """The units that it knows by their positions."""
    devices: tuple[str, ...] = ()
    """The GPUs that it is bound to."""
    busy: bool = False
    """Whether it has been given units and has not said since that it has none."""
    worn: bool = False
    """Whether it had better be replaced before it is given anything else."""
    assigned: deque[int] = field(default_factory=deque)
    """Units handed out, and neither reported as done nor taken back."""
    batch: int = 0
    """How many were handed out."""
    since: float = 0.0
    """When that was, by the monotonic clock."""
    missed: list[str] = field(default_factory=list)
    """The paths at which the running stage found nothing, so that it may be making files there."""
    given_up: bool = False
    """Whether it was killed because of what it was running."""
    overdue: Note | None = None
    """What takes too long, as it was seen at the last look."""
    ended: Note | None = None
    """What it was asked to end for, because it took too long."""
    deadline: float = 0.0
    """Until when it may take to end, by the monotonic clock."""

    @property
    def pid(self) -> int:
        """The id of the process."""
        return cast(int, self.process.pid)

    def give(self, units: Sequence[Unit], assigned: Sequence[tuple[int, Given]]) -> None:
        """Have it run units, by their positions in `units`, each with what it is given.

        Raises:
            OSError: If it is dead.
        """
        known = units is self.units
        self.pipe.send([(position, None if known else units[position], given) for position, given in assigned])

    def end(self, note: Note) -> None:
        """Ask it to end, with everything that its stages have started; see :meth:`kill_if_late`."""
        self.ended, self.deadline = note, time.monotonic() + _GRACE_SECONDS
        self._signal(signal.SIGTERM)

    def kill_if_late(self) -> None:
        """End it now if it was asked to end, and has not."""
        if self.ended is not None and time.monotonic() > self.deadline:
            self.kill()

    def kill(self) -> None:
        """End it now, with everything that its stages have started."""
        self._signal(signal.SIGKILL)
        self.process.kill()

    def forget_files(self) -> None:
        """Delete the files that a stage has left unfinished, which the next attempt must not take for inputs."""
        for path in self.missed:
            with contextlib.suppress(OSError):
                Path(path).unlink()

    def close(self) -> None:
        """Free what belongs to it, once it is dead."""
        self.kill()  # what it may have left behind
        self.process.join()
        self.guard.forget(self.pid)
        self.pipe.close()
        self.output.close()
        self.mailbox.close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def start_worker(number: int, units: Sequence[Unit], workplaces: Workplaces, share: int,
                 guard: Guard, devices: tuple[str, ...] = ()) -> WorkerProcess:
    """Start a worker.

    Arguments:
        number: What it is called.
        units: The units that it knows by their positions.
        workplaces: The tasks.
        share: How many cores are its share.
        guard: What ends it if this process is ended.
        devices: The GPUs that it is bound to.

    Raises:
        StorageError: If there is no room for what stages print.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    mailbox = Mailbox(context.Lock())
    output = _temporary_file()
    process = context.Process(target=_main, name=f"repype-worker-{number}",
                              args=(here, there, mailbox, output, units, workplaces, os.getpid(), share, guard,
                                    devices))
    with warnings.catch_warnings():
        # The coordinator has no threads of its own; those of a numerics library are at rest, since it has not computed.
        warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)
        sys.stdout.flush()
        sys.stderr.flush()
        process.start()
    with contextlib.suppress(OSError):  # the child does the same; whoever is first
        os.setpgid(cast(int, process.pid), cast(int, process.pid))
    there.close()
    guard.watch(cast(int, process.pid))
    return WorkerProcess(number, process, here, mailbox, output, guard, units, devices)


def _main(here: Connection, there: Connection, mailbox: Mailbox, output: IO[bytes], units: Sequence[Unit],
          workplaces: Workplaces, parent: int, share: int, guard: Guard, devices: tuple[str, ...]) -> None:
    here.close()
    guard.leave()
    serve(there, mailbox, output, units, workplaces, parent, share, devices)


def _temporary_file() -> IO[bytes]:
    try:
        return cast("IO[bytes]", tempfile.TemporaryFile())
    except OSError as error:
        raise StorageError(f"cannot make a temporary file for what stages print: {error.strerror}; make room, or have "
                           "TMPDIR name another folder") from error
