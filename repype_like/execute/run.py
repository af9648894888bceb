"""Carries out a plan.

    what is taken over from other tasks is put in place
    the executor runs the units and says what happens
    every record is appended to the logs of the tasks that want it, at most 50 ms after it was made
    whoever has to complete a task is told when the last unit for it is done
    everything that happens is told to the listener

Only this process writes logs; workers write nothing but blobs and the files of the stages.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.events import Event, Listener, StageFailed, StageFinished, StageTaken, Warned
from repype_like.execute.asides import Asides, put_in_place
from repype_like.execute.messages import GaveUp, Happened, Lost, Made, Message, UnitDone
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.hashing import ABSENT
from repype_like.plan import Claim, Plan, Transfer, Unit, conflict, cut, locate_output
from repype_like.store import Record, Store
from repype_like.typing import Protocol

__all__ = ["Executor", "Outcome", "execute"]

_LATEST = 0.05

_PLENTY = 4
"""With so many units for each worker, they are done whole: the last ones to end are a small part of it all."""


class Executor(Protocol):
    """Where units are run.

    What an executor owes: a unit begins when all those in its `after` are done, whether they succeeded or not, and is
    given what they have passed on; :class:`~repype_like.execute.schedule.Schedule` keeps account of both. What happens
    in a unit is told in order, and that it is done last of all: :class:`UnitDone` comes once for each unit that was
    run, and for each that cannot do anything because what it reads was not made.
    """

    @property
    def workers(self) -> int:
        """How many units it runs at the same time, about. If there are few for so many, they are cut into pieces."""

    @property
    def stopped(self) -> bool:
        """Whether no further unit is started."""

    def run(self, units: Sequence[Unit], workplaces: Workplaces, tell: Callable[[Message], None]) -> None:
        """Run `units`, and tell what happens as it happens. What `tell` raises ends the run.

        May be called several times, one after the other.
        """

    def stop(self) -> None:
        """Start no further unit; those that run are finished."""

    def kill(self) -> None:
        """End everything now."""


@dataclass
class Outcome:
    """What came of a plan."""

    failures: list[StageFailed] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    """The tasks that something was done for."""
    computed: Counter[str] = field(default_factory=Counter)
    """By task, how many records were computed for it."""
    executed: int = 0
    """How many times a stage ran; what was shared counts once."""
    taken: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    """By task, how long its stages took."""
    sources: dict[str, set[str]] = field(default_factory=dict)
    wrote_files: bool = False
    """Whether any stage has written files, so that others may see other files than before."""
    warnings: set[str] = field(default_factory=set)
    """What was warned about; nothing is said twice."""
    contested: set[str] = field(default_factory=set)
    """The tasks that have written a file while another unit wrote it too. They have to run again, one at a time."""

    @property
    def broken(self) -> set[str]:
        """The tasks that something failed for."""
        return {task for failure in self.failures for task in failure.tasks}

    def add(self, other: Outcome) -> None:
        """Count in what came of another plan."""
        self.failures += other.failures
        self.touched |= other.touched
        self.computed += other.computed
        self.executed += other.executed
        self.taken += other.taken
        for task, seconds in other.seconds.items():
            self.seconds[task] = self.seconds.get(task, 0.0) + seconds
        for task, sources in other.sources.items():
            self.sources.setdefault(task, set()).update(sources)
        self.wrote_files |= other.wrote_files
        self.warnings |= other.warnings
        self.contested |= other.contested


def execute(plan: Plan, workplaces: Workplaces, executor: Executor, listen: Listener,
            before: Outcome | None = None,
            finished: Callable[[str, Outcome], None] = lambda task, outcome: None) -> Outcome:
    """Do what `plan` says.

    Arguments:
        plan: What to do.
        workplaces: The tasks of the plan, by name.
        executor: Where units are run.
        listen: Told every event.
        before: What came of earlier plans of the same run.
        finished: Told each task for which everything was done and nothing failed, and what came of it all so far.

    Returns:
        What came of it. A failure of the user's code is no exception here.

    Raises:
        StorageError: If results cannot be stored any more. What was finished before is kept.
    """
    return _Execution(plan, workplaces, executor, listen, before, finished).run()


class _Execution:
    def __init__(self, plan: Plan, workplaces: Workplaces, executor: Executor, listen: Listener,
                 before: Outcome | None, finished: Callable[[str, Outcome], None]):
        self.plan = plan
        self.workplaces = workplaces
        self.executor = executor
        self.listen = listen
        before = before or Outcome()
        self.outcome = Outcome(warnings=set(before.warnings))
        self.apart = before.contested
        self.logs = _Logs(workplaces)
        self.claims = dict(plan.claims)
        self.written: dict[Path, _Written] = {}
        self.units = self._cut() if executor.workers > 1 else plan.units
        self.finished = finished
        self.outstanding = Counter(task for unit in self.units for task in unit.tasks)
        """By task, how many units are not done."""

    def run(self) -> Outcome:
        for place in self.workplaces.values():
            place.forget()
            place.view.store.clear_passing()
        try:
            for transfer in self.plan.transfers:
                if not self.executor.stopped:
                    self._take(transfer)
            self.logs.flush()
            for task in sorted(self.outcome.touched - self.outstanding.keys()):
                self.finished(task, self.outcome)
            if self.units and not self.executor.stopped:
                self.executor.run(self.units, self.workplaces, self._understand)
        finally:
            self.logs.flush()
            for task in {node.tasks[0] for unit in self.units if unit.passes for node in unit.nodes}:
                self.workplaces[task].view.store.clear_passing()
        return self.outcome

    def _cut(self) -> Sequence[Unit]:
        """Return the units of the plan, cut into pieces if there are few; those of contested tasks one by one."""
        plenty = len(self.plan.units) >= _PLENTY * self.executor.workers

        def whole(unit: Unit) -> bool:  # hooks see what was computed, wherever it is kept
            return plenty or bool(unit.tasks & self.apart) or any(self.workplaces[task].hooked for task in unit.tasks)

        units = cut(self.plan.units, whole)
        if not self.apart:
            return units
        return list(_one_by_one(units, lambda unit: bool(unit.tasks & self.apart)))

    def _understand(self, message: Message) -> None:
        if isinstance(message, Made):
            self._store(message)
        elif isinstance(message, Happened):
            self._tell(message.event)
        elif isinstance(message, Lost):
            self._forget_lost(message)
        elif isinstance(message, UnitDone):
            self._count_off(self.units[message.unit])
        elif isinstance(message, GaveUp):
            raise message.error
        self.logs.flush_if_due()

    def _count_off(self, unit: Unit) -> None:
        """Take down that a unit is done, and hand on the tasks that it was the last one for."""
        if unit.opaque is not None:
            self.outcome.touched.add(unit.opaque)
            self.outcome.wrote_files = True  # nobody has looked
        self.outstanding.subtract(unit.tasks)
        done = [task for task in unit.tasks if not self.outstanding[task]]
        if done:
            self.logs.flush()
            broken = self.outcome.broken
            for task in done:
                if task not in broken:
                    self.finished(task, self.outcome)

    def _tell(self, event: Event) -> None:
        outcome = self.outcome
        if isinstance(event, Warned):
            if event.message in outcome.warnings:
                return
            outcome.warnings.add(event.message)
        elif isinstance(event, StageFailed):
            outcome.failures.append(event)
            outcome.touched.update(event.tasks)
        elif isinstance(event, StageFinished):
            outcome.computed[event.task] += 1
            outcome.executed += 1
            outcome.seconds[event.task] = outcome.seconds.get(event.task, 0.0) + event.seconds
            outcome.touched.add(event.task)
        self.listen(event)

    def _take(self, transfer: Transfer) -> None:
        """Have a task take over a record, with its blobs and files."""
        place, record = self.workplaces[transfer.task], transfer.record
        store = place.view.store
        self.outcome.touched.add(transfer.task)
        self.outcome.wrote_files |= bool(record.outputs)
        if record.outputs and not self._claim(record, place):
            return
        try:
            if record.outputs or place.earlier_outputs:
                wanted = {locate_output(place.view, output) for output in record.outputs}
                Asides(place, record.stage, record.input_id).move({path for path in wanted if path is not None})
            for restore in transfer.restore:
                put_in_place(restore, store)
            if transfer.source == place.view.path:
                return
            source = Store(transfer.source)
            record = _stripped(record, place, transfer.source_name)
            record = store.take(record, source)
        except DamagedError as error:  # it seemed good when this was planned; planning anew will find another way
            self._tell(Warned(task=transfer.task, message=f"not taken over from {transfer.source_name}: {error}"))
            return
        self.logs.append(transfer.task, record)
        self.outcome.taken[transfer.task] += 1
        self.outcome.sources.setdefault(transfer.task, set()).add(transfer.source_name)
        self.listen(StageTaken(task=transfer.task, stage=record.stage, input_id=record.input_id,
                               source=transfer.source_name, seconds=record.seconds))

    def _store(self, made: Made) -> None:
        """Have a record in the logs of all tasks that it is valid for."""
        place, record = self.workplaces[made.task], made.record
        self.outcome.wrote_files |= bool(record.outputs)
        if record.outputs and self._is_contested(made):
            return
        stripped = _stripped(record, place)
        if not (made.recomputed and _has_values(place, stripped)) and self._claim(record, place):
            self.logs.append(made.task, stripped)
        for task in made.shared:
            other = self.workplaces[task]
            self.outcome.computed[task] += 1
            self.outcome.touched.add(task)
            if self._claim(record, other):
                taken = other.view.store.take(_stripped(record, other, place.view.name), place.view.store)
                self.logs.append(task, taken)

    def _claim(self, record: Record, place: Workplace) -> bool:
        """Tell whether the files of a record are its own; if not, that is a failure of the task."""
        task = place.view.name
        for output in record.outputs:
            path = locate_output(place.view, output)
            if path is not None:
                claim = Claim(task, record.stage, record.input_id, output.hash)
                error = conflict(path, claim, self.claims.get(path))
                if error:
                    self._tell(StageFailed(task=task, stage=record.stage, input_id=record.input_id, tasks=(task,),
                                           error=error, traceback="", output=""))
                    return False
                self.claims[path] = claim
                place.view.store.unsynced.add(path)
        return True

    def _is_contested(self, made: Made) -> bool:
        """Tell whether another unit wrote a file of this record at the same time, so that its content is chance.

        Neither of the two results counts then.
        """
        contested = False
        for task in (made.task, *made.shared):
            view = self.workplaces[task].view
            for path in filter(None, (locate_output(view, output) for output in made.record.outputs)):
                other = self.written.get(path)
                if other is not None and other.made is not made and made.record.started < other.made.ended:
                    contested = True
                    self._void(other)
                    self.outcome.contested |= {task, other.task}
                    self.outcome.touched |= {task, other.task}
                self.written[path] = _Written(task, made)
        return contested

    def _void(self, written: _Written) -> None:
        """See to it that planning anew takes none of the files of a record for good."""
        self.logs.flush()
        record = written.made.record
        outputs = tuple(output._replace(hash=ABSENT) for output in record.outputs)
        for task in (written.made.task, *written.made.shared):
            place = self.workplaces[task]
            place.view.store.append([replace(_stripped(record, place), outputs=outputs)])
            place.view.store.revoke()  # it may have been completed in the meantime

    def _forget_lost(self, lost: Lost) -> None:
        """See to it that planning anew does not count on a damaged value."""
        self.outcome.touched.update(lost.tasks)
        if not Store(lost.store).holds(lost.record, [lost.field]):
            return  # the value is out of the way
        store = next((place.view.store for place in self.workplaces.values() if place.view.path == lost.store), None)
        if store is None:
            self._tell(StageFailed(task=lost.tasks[0], stage=lost.record.stage, input_id=lost.record.input_id,
                                   tasks=lost.tasks, error=f"damaged: {lost.error}", traceback="", output=""))
        else:
            self.logs.flush()
            store.append([replace(lost.record, fields={**lost.record.fields, lost.field: None})])


def _one_by_one(units: Iterable[Unit], chosen: Callable[[Unit], bool]) -> Iterator[Unit]:
    """Yield units, each of the `chosen` ones behind the one before it."""
    before: int | None = None
    for position, unit in enumerate(units):
        if not chosen(unit):
            yield unit
            continue
        yield unit if before is None else replace(unit, after=tuple(dict.fromkeys((*unit.after, before))))
        before = position


def _stripped(record: Record, place: Workplace, origin: str = "") -> Record:
    """Return `record` with the values that the task keeps, and no others."""
    kept = place.view.stage[record.stage].kept
    if all(value is None or field in kept for field, value in record.fields.items()):
        return record.taken_from(origin) if origin else record
    fields = {field: value if field in kept else None for field, value in record.fields.items()}
    return replace(record, fields=fields, origin=origin)


def _has_values(place: Workplace, record: Record) -> bool:
    """Tell whether the task has the record already, with all values that it keeps."""
    known = place.view.store.records.by_id(record.id)
    return known is not None and place.view.store.holds(known, place.view.stage[record.stage].kept)


@dataclass(frozen=True, slots=True)
class _Written:
    """Who has written a file."""

    task: str
    made: Made


class _Logs:
    """Records on their way to the logs."""

    def __init__(self, workplaces: Workplaces):
        self._workplaces = workplaces
        self._pending: dict[str, list[Record]] = {}
        self._flushed = time.monotonic()

    def append(self, task: str, record: Record) -> None:
        self._pending.setdefault(task, []).append(record)

    def flush_if_due(self) -> None:
        if time.monotonic() - self._flushed > _LATEST:
            self.flush()

    def flush(self) -> None:
        pending, self._pending = self._pending, {}
        for task, records in pending.items():
            self._workplaces[task].view.store.append(records)
        self._flushed = time.monotonic()
