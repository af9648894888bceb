"""Runs units in long-lived processes of this machine.

A worker that dies costs the stage that it was running and nothing else: the others go on, and a new one takes its
place. That is why this is not a pool of the standard library, which dies whole when one of its processes does.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from multiprocessing.connection import wait

from repype_like import events
from repype_like.execute.budget import Budget, Needs, needs_of
from repype_like.execute.cores import usable_cores
from repype_like.execute.crew import Crew
from repype_like.execute.death import cause_of_death, report_of_death, timed_out
from repype_like.execute.history import past_costs
from repype_like.execute.mailbox import Note
from repype_like.execute.messages import GaveUp, Happened, Idle, Made, Message, Missed, Passed, Pause, UnitDone
from repype_like.execute.schedule import Schedule
from repype_like.execute.unit import with_worker
from repype_like.execute.wire import unpacked
from repype_like.execute.worker import tail
from repype_like.execute.worker_process import WorkerProcess
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit

__all__ = ["LocalExecutor"]

_BATCH_SECONDS = 0.02
"""Units are handed out in batches of about this duration, so that small ones do not pay for the way."""

_MOST_BATCHED = 256

_LOOK_SECONDS = 0.05
"""How often mailboxes are looked into if nobody rings."""

_HESITATION_SECONDS = 0.005
"""How long all workers have to be busy until another one is started, if it is not known that there is work for it."""

_WORTH_SECONDS = 0.05
"""Work of about this duration is worth another worker: to start and end one takes a fifth of it."""


class LocalExecutor:
    """Runs units in processes; see :class:`repype_like.execute.executor.Executor`.

    Arguments:
        workers: The number of processes, and of cores that they may use.
        schedule: Makes what keeps account of the units, if somebody else has a say in that.
        available: How many there are of what stages name in their `resources`; one of everything that is not here.
        cores: How many cores all processes share; by default, those that this process may use.
        devices: The GPUs, if they are not to be found out.
        crew: The processes to go on with, and to leave behind for whoever has units of the same tasks; by default, they
            are those of one run.
    """

    def __init__(self, workers: int, schedule: Callable[[Sequence[Unit]], Schedule] = Schedule,
                 available: Mapping[str, float] | None = None, cores: int | None = None,
                 devices: Sequence[str] | None = None, crew: Crew | None = None):
        self.workers = workers
        """How many units run at the same time."""
        self.stopped = False
        """Whether no further unit is started."""
        self._make_schedule = schedule
        self._available = available or {}
        self._cores = cores
        self._devices = devices
        self._units: Sequence[Unit] = ()
        self._dropped: frozenset[str] = frozenset()
        self._killed = False
        self._count = 0
        """How many processes there may be."""
        self._seconds_per_unit = 1.0
        self._is_measured = False
        """Whether that is known, and not by the first unit of a process alone, which takes longer."""
        self._start: Callable[[int, tuple[str, ...]], WorkerProcess]
        self._is_crew_kept = crew is not None
        self._crew = crew or Crew()
        self._workers = self._crew.workers
        self._schedule = Schedule(())
        self._places: Workplaces = {}
        self._budget = Budget(workers, self._available, devices)
        self._peaks: dict[str, int] = {}
        """The peak memory of stages, as far as it is known."""
        self._suspects: set[int] = set()
        """The units that were next when a worker died without having begun any stage."""

    def run(self, units: Sequence[Unit], workplaces: Workplaces, tell: Callable[[Message], None]) -> None:
        """Run units; what happens is told in the order in which it happens in each worker."""
        self._units, self._places, self._suspects = units, workplaces, set()
        self._schedule = self._make_schedule(units)
        self._budget = Budget(self.workers, self._available, self._devices)
        self._count = min(self.workers, len(units))
        if self._count > 1:
            stages = {node.stage for unit in units for node in unit.nodes}
            self._peaks.update((stage, cost.memory) for stage, cost in past_costs(workplaces.values(), stages).items())
        share = max(1, (self._cores or usable_cores()) // max(self.workers, 1))
        self._start = lambda number, devices: self._crew.start(number, units, workplaces, share, devices)
        try:
            while True:
                self._give_up(tell)
                self._hand_out(tell)
                busy = [worker for worker in self._workers if worker.busy]
                if not busy:
                    return
                ready = wait([handle for worker in busy for handle in (worker.pipe, worker.process.sentinel)],
                             _HESITATION_SECONDS if self._may_start() and self._is_waiting() else _LOOK_SECONDS)
                for worker in busy:
                    for message in self._look(worker, worker.pipe in ready):
                        tell(message)
                    self._end_if_overdue(worker)
                    if not worker.process.is_alive():
                        for message in self._bury(worker, units):
                            tell(message)
                tell(Pause())
        finally:
            if self._is_crew_kept and not self.stopped:
                self._crew.rest()
            else:
                self._crew.close(at_once=self.stopped)

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
                if self._is_dropped(worker.mailbox.noted.unit):
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
        idle = sorted((worker for worker in self._workers if not worker.busy), key=lambda worker: not worker.devices)
        is_lacking = idle or (self._may_start() and self._wants_another())
        if self.stopped or (is_lacking and not self._schedule.ready):
            for worker in self._workers:
                if len(worker.assigned) > 1:
                    self._take_back(worker, tell)
        for worker in idle:
            if self._schedule.ready and not self.stopped:
                self._assign(self._replace(worker, worker.devices) if worker.worn else worker)
        while self._may_start() and self._schedule.ready and self._wants_another():
            worker = self._start(len(self._workers), ())
            self._workers.append(worker)
            self._assign(worker)

    def _may_start(self) -> bool:
        """Tell whether there may be another worker: all are busy, and they are not as many as there may be."""
        return (len(self._workers) < self._count and not self.stopped
                and all(worker.busy for worker in self._workers))

    def _is_waiting(self) -> bool:
        """Tell whether there are units that another worker could begin."""
        return bool(self._schedule.ready) or any(len(worker.assigned) > 1 for worker in self._workers)

    def _wants_another(self) -> bool:
        """Tell whether it is worth while to start another worker: there is much to do, or they have been at it."""
        if self._is_measured and len(self._schedule.ready) * self._seconds_per_unit > _WORTH_SECONDS:
            return True
        now = time.monotonic()
        return all(now - worker.since > _HESITATION_SECONDS for worker in self._workers)

    def _assign(self, worker: WorkerProcess) -> None:
        """Give a worker what it may begin, if there is anything."""
        found = self._first_fitting(worker)
        if found is None:
            return
        position, needs = found
        if needs.gpus:
            worker = self._bound(worker, needs.gpus)
        self._budget.take(needs, worker.pid, worker.devices)
        worker.assigned.extend(self._take_ready(position, needs))
        worker.busy, worker.batch, worker.since = True, len(worker.assigned), time.monotonic()
        worker.mailbox.open()
        with contextlib.suppress(OSError):  # it died idle, which is noticed by its sentinel
            worker.give(self._units, [(position, self._schedule.given(position)) for position in worker.assigned])

    def _first_fitting(self, worker: WorkerProcess) -> tuple[int, Needs] | None:
        """Return the first unit that may run now, and what it needs; whoever is bound to GPUs looks for their use."""
        first = itertools.islice(self._schedule.ready, _MOST_BATCHED)
        for position in sorted(first, key=lambda item: not self._needs(item).gpus) if worker.devices else first:
            needs = self._needs(position)
            if self._budget.fits(needs, worker.pid):
                return position, needs
        return None

    def _take_ready(self, position: int, needs: Needs) -> list[int]:
        """Take out a unit that may begin, and those behind it if they are small."""
        ready = self._schedule.ready
        fair = max(1, len(ready) // (2 * self._count))
        fitting = max(1, int(_BATCH_SECONDS / max(self._seconds_per_unit, 1e-6)))
        count = min(fair, fitting, _MOST_BATCHED, len(ready))
        if position != ready[0] or not needs.is_plain:
            ready.remove(position)
            return [position]
        taken: list[int] = []
        while ready and len(taken) < count and self._needs(ready[0]).is_plain:
            taken.append(ready.popleft())
        return taken

    def _bound(self, worker: WorkerProcess, gpus: float) -> WorkerProcess:
        """Return an idle worker that is bound to so many GPUs: this one, or a fresh one in its place."""
        others = [other for other in self._workers if other is not worker]
        devices = self._budget.devices.choose(
            gpus, worker.devices, {name for other in others for name in other.devices})
        if devices == worker.devices:
            return worker
        for other in others:  # what it has left on a GPU that it gives up goes with its process
            if not self._budget.devices.is_held_by(other.pid) and not set(devices).isdisjoint(other.devices):
                if other.busy:
                    other.devices, other.worn = (), True
                else:
                    self._replace(other, ())
        return self._replace(worker, devices)

    def _needs(self, position: int) -> Needs:
        return needs_of(self._units[position], self._places, self._peaks, self._budget.small)

    def _replace(self, worker: WorkerProcess, devices: tuple[str, ...]) -> WorkerProcess:
        """Have a fresh worker, bound to these GPUs, in place of an idle one."""
        worker.close()
        fresh = self._start(worker.number, devices)
        self._workers[self._workers.index(worker)] = fresh
        return fresh

    def _end_if_overdue(self, worker: WorkerProcess) -> None:
        """Have a worker end whose stage takes longer than it may. Two looks have to agree on that."""
        if worker.ended is not None:
            worker.kill_if_late()
            return
        note = worker.mailbox.noted
        limit = self._timeout(note)
        if limit is None or time.monotonic() - note.since <= limit:
            worker.overdue = None
        elif worker.overdue == note:
            worker.end(note)
        else:
            worker.overdue = note

    def _timeout(self, note: Note) -> float | None:
        """Return how long a worker may be at what it has noted, in seconds."""
        nodes = self._units[note.unit].nodes if note.unit >= 0 else ()
        if not 0 <= note.node < len(nodes):
            return None
        node = nodes[note.node]
        return self._places[node.tasks[0]].limits(node.stage).timeout

    def _take_back(self, worker: WorkerProcess, tell: Callable[[Message], None]) -> None:
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

    def _look(self, worker: WorkerProcess, has_rung: bool) -> Iterator[Message]:
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
                for message in unpacked(data):
                    yield from self._understand(worker, message)

    def _understand(self, worker: WorkerProcess, message: Message | Idle) -> Iterator[Message]:
        if isinstance(message, Happened):
            if isinstance(message.event, events.StageStarted):
                worker.missed.clear()
            yield Happened(with_worker(message.event, worker.number))
        elif isinstance(message, Passed):
            self._schedule.note(message)
        elif isinstance(message, Missed):
            worker.missed.append(message.path)
        elif isinstance(message, Idle):
            measured = message.seconds / max(worker.batch, 1)
            self._seconds_per_unit = min(measured, 2 * self._seconds_per_unit)  # other programs may have held it up
            self._is_measured = self._is_measured or worker.batch > 1
            worker.busy, worker.worn = False, worker.worn or message.worn
            self._budget.give_back(worker.pid)
        else:
            if isinstance(message, UnitDone):
                worker.assigned.remove(message.unit)
                worker.missed.clear()
                yield from self._done(message)
                return
            if isinstance(message, GaveUp):
                self.stopped = True
            elif isinstance(message, Made):
                peak = message.record.peak_memory
                self._peaks[message.record.stage] = max(peak, self._peaks.get(message.record.stage, 0))
            yield message

    def _done(self, message: UnitDone) -> Iterator[Message]:
        yield message
        for position in self._schedule.done(message.unit):
            yield UnitDone(position, failed=True)

    def _bury(self, worker: WorkerProcess, units: Sequence[Unit]) -> Iterator[Message]:
        """Report what a dead worker was running, put back what it had not begun, and replace it."""
        for message in worker.mailbox.take(dead=True):
            yield from self._understand(worker, message)
        self._budget.give_back(worker.pid)
        note = worker.mailbox.noted
        if not note.hook:
            worker.forget_files()
        if worker.assigned and not self._killed and not worker.given_up:
            if note.unit not in worker.assigned:
                note = Note(worker.assigned[0], -1, False, 0.0)
            late = worker.ended is not None and worker.ended[:3] != note[:3]  # it had just gone on to something else
            if not late and (note.node >= 0 or units[note.unit].opaque or note.unit in self._suspects):
                worker.assigned.remove(note.unit)
                yield Happened(report_of_death(
                    units[note.unit], note.node, self._cause(worker), tail(worker.output), hook=note.hook))
                yield from self._done(UnitDone(note.unit, failed=True))
            else:  # before it could begin, which may be chance, but not twice
                self._suspects.add(note.unit)
        self._schedule.ready.extendleft(reversed(worker.assigned))
        worker.assigned.clear()
        if self.stopped:
            worker.close()
            self._workers.remove(worker)
        else:
            self._replace(worker, worker.devices)

    def _cause(self, worker: WorkerProcess) -> str:
        if worker.ended is not None:
            return timed_out(self._timeout(worker.ended) or 0.0)
        return cause_of_death(worker.process.exitcode)
