"""Carries out a plan.

    what is taken over from other tasks is put in place
    the executor runs the units and says what happens
    every record is appended to the logs of the tasks that want it, at most 50 ms after it was made
    everything that happens is told to the listener

Only this process writes logs; workers write nothing but blobs and the files of the stages.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from repype_like.events import Listener, StageFailed, StageFinished, StageTaken
from repype_like.execute.messages import Happened, Made, Message, UnitDone
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.hashing import hash_path
from repype_like.plan import Plan, Restore, Transfer, Unit, locate_output
from repype_like.store import Record, Store
from repype_like.typing import Protocol

__all__ = ["Executor", "Outcome", "execute"]

_LATEST = 0.05


class Executor(Protocol):
    """Where units are run."""

    def run(self, units: Sequence[Unit], workplaces: Workplaces) -> Iterator[Message]:
        """Run `units` and yield what happens."""
        ...

    def stop(self) -> None:
        """Start no further unit; those that run are finished."""
        ...


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
    seconds: Counter[str] = field(default_factory=Counter)
    sources: dict[str, set[str]] = field(default_factory=dict)

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
        self.seconds += other.seconds
        for task, sources in other.sources.items():
            self.sources.setdefault(task, set()).update(sources)


def execute(plan: Plan, workplaces: Workplaces, executor: Executor, listen: Listener) -> Outcome:
    """Do what `plan` says.

    Arguments:
        plan: What to do.
        workplaces: The tasks of the plan, by name.
        executor: Where units are run.
        listen: Told every event.

    Returns:
        What came of it. A failure of the user's code is no exception here.
    """
    outcome = Outcome()
    logs = _Logs(workplaces)
    for transfer in plan.transfers:
        _take(transfer, workplaces, logs, outcome, listen)
    logs.flush()
    if plan.units:
        for message in executor.run(plan.units, workplaces):
            _take_in(message, plan, workplaces, logs, outcome, listen)
            logs.flush_if_due()
    logs.flush()
    return outcome


def _take_in(message: Message, plan: Plan, workplaces: Workplaces, logs: _Logs, outcome: Outcome,
             listen: Listener) -> None:
    if isinstance(message, Made):
        logs.append(message.task, _stripped(message.record, workplaces[message.task]))
        for task in message.shared:
            _share(message.record, message.task, task, workplaces, logs)
            outcome.computed[task] += 1
            outcome.touched.add(task)
    elif isinstance(message, UnitDone):
        opaque = plan.units[message.unit].opaque
        if opaque is not None:
            outcome.touched.add(opaque)
    elif isinstance(message, Happened):
        listen(message.event)
        if isinstance(message.event, StageFailed):
            outcome.failures.append(message.event)
            outcome.touched.update(message.event.tasks)
        elif isinstance(message.event, StageFinished):
            outcome.computed[message.event.task] += 1
            outcome.executed += 1
            outcome.seconds[message.event.task] += message.event.seconds
            outcome.touched.add(message.event.task)


def _take(transfer: Transfer, workplaces: Workplaces, logs: _Logs, outcome: Outcome, listen: Listener) -> None:
    """Have a task take over a record, with its blobs and files."""
    view = workplaces[transfer.task].view
    for restore in transfer.restore:
        _put_in_place(restore, view.store)
    outcome.touched.add(transfer.task)
    if transfer.source == view.path:
        return
    record = view.store.take(_stripped(transfer.record, workplaces[transfer.task], transfer.source_name),
                             Store(transfer.source))
    logs.append(transfer.task, record)
    outcome.taken[transfer.task] += 1
    outcome.sources.setdefault(transfer.task, set()).add(transfer.source_name)
    listen(StageTaken(task=transfer.task, stage=record.stage, input_id=record.input_id, source=transfer.source_name,
                      seconds=record.seconds))


def _share(record: Record, computed_by: str, task: str, workplaces: Workplaces, logs: _Logs) -> None:
    """Have a task take over a record that was computed for it and another one just now."""
    source, view = workplaces[computed_by].view, workplaces[task].view
    for output in record.outputs:
        target, origin = locate_output(view, output), locate_output(source, output)
        if target is not None and target != origin and hash_path(target) != output.hash:
            _put_in_place(Restore(target, output.hash, output.mode, origin), view.store)
    logs.append(task, view.store.take(_stripped(record, workplaces[task], source.name), source.store))


def _stripped(record: Record, place: Workplace, origin: str = "") -> Record:
    """Return `record` with the values that the task keeps, and no others."""
    kept = place.view.stage[record.stage].kept
    fields = {field: value if field in kept else None for field, value in record.fields.items()}
    return replace(record, fields=fields, origin=origin)


def _put_in_place(restore: Restore, store: Store) -> None:
    restore.target.parent.mkdir(parents=True, exist_ok=True)
    store.restore(restore.hash, restore.target, restore.mode, restore.source)


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
        for task, records in self._pending.items():
            self._workplaces[task].view.store.append(records)
        self._pending.clear()
        self._flushed = time.monotonic()
