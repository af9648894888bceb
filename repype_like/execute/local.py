"""Runs units in long-lived processes of this machine.

A worker that dies costs the stage that it was running and nothing else: the others go on, and a new one takes its
place. That is why this is not a pool of the standard library, which dies whole when one of its processes does.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

from repype_like import events
from repype_like.execute.death import cause_of_death, report_of_death
from repype_like.execute.mailbox import Mailbox
from repype_like.execute.messages import GaveUp, Happened, Idle, Message, Missed, Passed, Pause, UnitDone
from repype_like.execute.schedule import Schedule
from repype_like.execute.unit import with_worker
from repype_like.execute.worker import serve, tail
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit
from repype_like.store import StorageError
from repype_like.typing import IO, cast

__all__ = ["LocalExecutor"]

_BATCH_SECONDS = 0.02
"""Units are handed out in batches of about this duration, so that small ones do not pay for the way."""

_MOST_BATCHED = 256

_LOOK_SECONDS = 0.05
"""How often mailboxes are looked into if nobody rings."""

_GRACE_SECONDS = 2.0
"""How long a worker that has nothing to do may take to end: threads and children of stages may hold it up."""


@dataclass
class _Worker:
    number: int
    process: ForkProcess
    pipe: Connection
    mailbox: Mailbox
    output: IO[bytes]
    """What its stages print."""
    busy: bool = False
    """Whether it has been given units and has not said since that it has none."""
    assigned: deque[int] = field(default_factory=deque)
    """Units handed out, and neither reported as done nor taken back."""
    batch: int = 0
    """How many were handed out."""
    since: float = 0.0
    given_up: bool = False
    """Whether it was killed because of what it was running."""
    missed: list[str] = field(default_factory=list)
    """The paths at which the running stage found nothing, so that it may be making files there."""

    def kill(self) -> None:
        """End it now, with everything that its stages have started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(cast(int, self.process.pid), signal.SIGKILL)
        self.process.kill()

    def close(self) -> None:
        """Free what belongs to it, once it is dead."""
        self.kill()  # what it may have left behind
        self.process.join()
        self.pipe.close()
        self.output.close()
        self.mailbox.close()


class LocalExecutor:
    """Runs units in `workers` processes; see :class:`repype_like.execute.run.Executor`.

    Arguments:
        workers: How many.
        schedule: Makes what keeps account of the units, if somebody else has a say in that.
    """

    def __init__(self, workers: int, schedule: Callable[[Sequence[Unit]], Schedule] = Schedule):
        self.workers = workers
        """How many units run at the same time."""
        self._make_schedule = schedule
        self._start: Callable[[int], _Worker]
        self._workers: list[_Worker] = []
        self._schedule = Schedule(())
        self.stopped = False
        """Whether no further unit is started."""
        self._killed = False
        self._units: Sequence[Unit] = ()
        self._dropped: frozenset[str] = frozenset()
        self._suspects: set[int] = set()
        """The units that were next when a worker died without having begun any stage."""
        self._seconds_per_unit = 1.0

    def run(self, units: Sequence[Unit], workplaces: Workplaces, tell: Callable[[Message], None]) -> None:
        """Run units; what happens is told in the order in which it happens in each worker."""
        self._units = units
        self._schedule = self._make_schedule(units)
        self._start = lambda number: _start(number, units, workplaces)
        try:
            self._workers = [self._start(number) for number in range(min(self.workers, len(units)))]
            while True:
                self._give_up(tell)
                self._hand_out(tell)
                busy = [worker for worker in self._workers if worker.busy]
                if not busy:
                    return
                ready = wait([handle for worker in busy for handle in (worker.pipe, worker.process.sentinel)],
                             _LOOK_SECONDS)
                for worker in busy:
                    for message in self._look(worker, worker.pipe in ready):
                        tell(message)
                    if not worker.process.is_alive():
                        for message in self._bury(worker, units):
                            tell(message)
                tell(Pause())
        finally:
            self._end()

    def stop(self) -> None:
        """Start no further unit; those that run are finished."""
        self.stopped = True

    def kill(self) -> None:
        """End all workers now."""
        self.stopped = self._killed = True
        for worker in self._workers:
            worker.kill()

    def drop(self, tasks: Iterable[str]) -> None:
        """Do nothing more for these tasks, while the others go on; what runs for them is killed.

        Work that is for others as well is given up with them: it has to be planned anew.
        """
        self._dropped = self._dropped.union(tasks)

    def works_for(self, tasks: Collection[str]) -> bool:
        """Tell whether any unit for one of these tasks runs, or could begin."""
        positions = [*self._schedule.ready, *(position for worker in self._workers for position in worker.assigned)]
        return any(not self._units[position].tasks.isdisjoint(tasks) for position in positions)

    def _give_up(self, tell: Callable[[Message], None]) -> None:
        """Take away the units for tasks that were dropped."""
        if not self._dropped:
            return
        for worker in self._workers:
            if any(self._is_dropped(position) for position in worker.assigned):
                if self._is_dropped(worker.mailbox.noted[0]):
                    worker.given_up = True
                    worker.kill()
                else:
                    self._take_back(worker, tell)
        while dropped := [position for position in self._schedule.ready if self._is_dropped(position)]:
            for position in dropped:
                self._schedule.ready.remove(position)
                for message in self._done(UnitDone(position, failed=True)):
                    tell(message)

    def _is_dropped(self, position: int) -> bool:
        return position >= 0 and not self._units[position].tasks.isdisjoint(self._dropped)

    def _hand_out(self, tell: Callable[[Message], None]) -> None:
        idle = [worker for worker in self._workers if not worker.busy]
        if self.stopped or (idle and not self._schedule.ready):
            for worker in self._workers:
                if len(worker.assigned) > 1:
                    self._take_back(worker, tell)
        for worker in idle:
            if self._schedule.ready and not self.stopped:
                self._assign(worker)

    def _assign(self, worker: _Worker) -> None:
        ready = self._schedule.ready
        fair = max(1, len(ready) // (2 * len(self._workers)))
        fitting = max(1, int(_BATCH_SECONDS / max(self._seconds_per_unit, 1e-6)))
        count = min(fair, fitting, _MOST_BATCHED, len(ready))
        worker.assigned.extend(ready.popleft() for _ in range(count))
        worker.busy, worker.batch, worker.since = True, count, time.monotonic()
        worker.mailbox.open()
        with contextlib.suppress(OSError):  # it died idle, which is noticed by its sentinel
            worker.pipe.send([(position, self._schedule.given(position)) for position in worker.assigned])

    def _take_back(self, worker: _Worker, tell: Callable[[Message], None]) -> None:
        """Have a worker go on with none but the unit that it is at."""
        current = worker.mailbox.recall()
        if current is None:
            return
        for message in self._look(worker, has_rung=False):
            tell(message)
        left = [position for position in worker.assigned if position != current]
        for position in left:
            worker.assigned.remove(position)
        worker.batch -= len(left)
        self._schedule.ready.extendleft(reversed(left))

    def _look(self, worker: _Worker, has_rung: bool) -> Iterator[Message]:
        """Yield what a worker has to say."""
        for message in worker.mailbox.take():
            yield from self._understand(worker, message)
        if has_rung:
            try:
                data = worker.pipe.recv_bytes()
            except (EOFError, OSError):  # it is dead, or a stage has closed what is not its own
                worker.kill()
                worker.process.join()
                return
            if data:
                yield from self._understand(worker, pickle.loads(data))

    def _understand(self, worker: _Worker, message: Message | Idle) -> Iterator[Message]:
        if isinstance(message, Idle):
            self._seconds_per_unit = (time.monotonic() - worker.since) / max(worker.batch, 1)
            worker.busy = False
        elif isinstance(message, Passed):
            self._schedule.note(message)
        elif isinstance(message, Missed):
            worker.missed.append(message.path)
        elif isinstance(message, Happened):
            if isinstance(message.event, events.StageStarted):
                worker.missed.clear()
            yield Happened(with_worker(message.event, worker.number))
        else:
            if isinstance(message, UnitDone):
                worker.assigned.remove(message.unit)
                worker.missed.clear()
                yield from self._done(message)
                return
            if isinstance(message, GaveUp):
                self.stopped = True
            yield message

    def _done(self, message: UnitDone) -> Iterator[Message]:
        yield message
        for position in self._schedule.done(message.unit):
            yield UnitDone(position, failed=True)

    def _bury(self, worker: _Worker, units: Sequence[Unit]) -> Iterator[Message]:
        """Report what a dead worker was running, put back what it had not begun, and replace it."""
        for message in worker.mailbox.take(dead=True):
            yield from self._understand(worker, message)
        for path in worker.missed:  # half-written files, which the next attempt must not take for inputs
            with contextlib.suppress(OSError):
                Path(path).unlink()
        if worker.assigned and not self._killed and not worker.given_up:
            position, node = worker.mailbox.noted
            if position not in worker.assigned:
                position, node = worker.assigned[0], -1
            if node >= 0 or units[position].opaque or position in self._suspects:
                worker.assigned.remove(position)
                cause = cause_of_death(worker.process.exitcode)
                yield Happened(report_of_death(units[position], node, cause, tail(worker.output)))
                yield from self._done(UnitDone(position, failed=True))
            else:  # before it could begin, which may be chance, but not twice
                self._suspects.add(position)
        self._schedule.ready.extendleft(reversed(worker.assigned))
        worker.assigned.clear()
        worker.close()
        if self.stopped:
            self._workers.remove(worker)
        else:
            self._workers[self._workers.index(worker)] = self._start(worker.number)

    def _end(self) -> None:
        for worker in self._workers:
            if worker.busy or self.stopped:
                worker.kill()
            else:
                worker.pipe.close()
        deadline = time.monotonic() + _GRACE_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            worker.close()
        self._workers = []


def _temporary_file() -> IO[bytes]:
    try:
        return cast("IO[bytes]", tempfile.TemporaryFile())
    except OSError as error:
        raise StorageError(f"cannot make a temporary file for what stages print: {error.strerror}; make room, or have "
                           "TMPDIR name another folder") from error


def _start(number: int, units: Sequence[Unit], workplaces: Workplaces) -> _Worker:
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    mailbox = Mailbox(context.Lock())
    output = _temporary_file()
    process = context.Process(target=_main, name=f"repype-worker-{number}",
                              args=(here, there, mailbox, output, units, workplaces, os.getpid()))
    with warnings.catch_warnings():
        # The coordinator has no threads of its own; those of a numerics library are at rest, since it has not computed.
        warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)
        sys.stdout.flush()
        sys.stderr.flush()
        process.start()
    with contextlib.suppress(OSError):  # the child does the same; whoever is first
        os.setpgid(cast(int, process.pid), cast(int, process.pid))
    there.close()
    return _Worker(number, process, here, mailbox, output)


def _main(here: Connection, there: Connection, mailbox: Mailbox, output: IO[bytes], units: Sequence[Unit],
          workplaces: Workplaces, parent: int) -> None:
    here.close()
    serve(there, mailbox, output, units, workplaces, parent)
