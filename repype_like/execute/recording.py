"""Puts what was made or taken over into the stores of the tasks; only this process writes logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.events import Event, StageFailed, StageTaken, Warned
from repype_like.execute.asides import Asides, put_in_place
from repype_like.execute.messages import Lost, Made
from repype_like.execute.outcome import Outcome
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.hashing import ABSENT
from repype_like.plan import Claim, Claims, Transfer, conflict, locate_output
from repype_like.store import Record, Store

__all__ = ["Recorder"]

_LATEST = 0.05
"""Seconds after which a record is in the log at the latest."""

_COSTLY = 0.01
"""What took that many seconds is in the log at once: without workers, nobody writes while the next stage runs."""


class Recorder:
    """Puts records into the logs of all tasks that they are for, and sees to it that no two write one file.

    Arguments:
        workplaces: The tasks.
        claims: Whose the output files are that are in place.
        outcome: Where it is counted.
        tell: Told every event.
    """

    def __init__(self, workplaces: Workplaces, claims: Claims, outcome: Outcome, tell: Callable[[Event], None]):
        self._workplaces = workplaces
        self._claims = dict(claims)
        self._outcome = outcome
        self._tell = tell
        self._written: dict[Path, _Written] = {}
        self._latest_source: Store | None = None
        self.logs = _Logs(workplaces)

    def take(self, transfer: Transfer) -> None:
        """Have a task take over a record, with its blobs and files."""
        place, record = self._workplaces[transfer.task], transfer.record
        store = place.view.store
        self._outcome.touched.add(transfer.task)
        self._outcome.wrote_files |= bool(record.outputs)
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
            record = store.take(_stripped(record, place), self._source(transfer.source))
        except DamagedError as error:  # it seemed good when this was planned; planning anew will find another way
            self._tell(Warned(task=transfer.task, message=f"not taken over from {transfer.source_name}: {error}"))
            return
        self.logs.append(transfer.task, record, transfer.source_name)
        self._outcome.taken[transfer.task] += 1
        self._outcome.sources.setdefault(transfer.task, set()).add(transfer.source_name)
        self._tell(StageTaken(task=transfer.task, stage=record.stage, input_id=record.input_id,
                               source=transfer.source_name, seconds=record.seconds))

    def _source(self, directory: Path) -> Store:
        """Return the store of a task that is taken from: one after the other mostly comes from the same."""
        if self._latest_source is None or self._latest_source.directory != directory:
            self._latest_source = Store(directory)
        return self._latest_source

    def store(self, made: Made) -> None:
        """Have a record in the logs of all tasks that it is valid for."""
        place, record = self._workplaces[made.task], made.record
        self._outcome.wrote_files |= bool(record.outputs)
        if record.outputs and self._is_contested(made):
            return
        stripped = _stripped(record, place)
        is_new = not (made.recomputed and _has_values(place, stripped))
        if is_new and (not record.outputs or self._claim(record, place)):
            self.logs.append(made.task, stripped)
        for task in made.shared:
            other = self._workplaces[task]
            self._outcome.computed[task] += 1
            self._outcome.touched.add(task)
            if self._claim(record, other):
                taken = other.view.store.take(_stripped(record, other), place.view.store)
                self.logs.append(task, taken, place.view.name)

    def _claim(self, record: Record, place: Workplace) -> bool:
        """Tell whether the files of a record are its own; if not, that is a failure of the task."""
        task = place.view.name
        for output in record.outputs:
            path = locate_output(place.view, output)
            if path is not None:
                claim = Claim(task, record.stage, record.input_id, output.hash)
                error = conflict(path, claim, self._claims.get(path))
                if error:
                    self._tell(StageFailed(task=task, stage=record.stage, input_id=record.input_id, tasks=(task,),
                                           error=error, traceback="", output="", kind="unfit"))
                    return False
                self._claims[path] = claim
                place.view.store.unsynced.add(str(path))
        return True

    def _is_contested(self, made: Made) -> bool:
        """Tell whether another unit wrote a file of this record at the same time, so that its content is chance.

        Neither of the two results counts then.
        """
        contested = False
        for task in (made.task, *made.shared):
            view = self._workplaces[task].view
            for path in filter(None, (locate_output(view, output) for output in made.record.outputs)):
                other = self._written.get(path)
                if other is not None and other.made is not made and made.record.started < other.made.ended:
                    contested = True
                    self._void(other)
                    self._outcome.contested |= {task, other.task}
                    self._outcome.touched |= {task, other.task}
                self._written[path] = _Written(task, made)
        return contested

    def _void(self, written: _Written) -> None:
        """See to it that planning anew takes none of the files of a record for good."""
        self.logs.flush()
        record = written.made.record
        outputs = tuple(output._replace(hash=ABSENT) for output in record.outputs)
        for task in (written.made.task, *written.made.shared):
            place = self._workplaces[task]
            place.view.store.append([replace(_stripped(record, place), outputs=outputs)])
            place.view.store.revoke()  # it may have been completed in the meantime

    def forget_lost(self, lost: Lost) -> None:
        """See to it that planning anew does not count on a damaged value."""
        self._outcome.touched.update(lost.tasks)
        if not Store(lost.store).holds(lost.record, [lost.field]):
            return  # the value is out of the way
        store = next((place.view.store for place in self._workplaces.values() if place.view.path == lost.store), None)
        if store is None:
            self._tell(StageFailed(task=lost.tasks[0], stage=lost.record.stage, input_id=lost.record.input_id,
                                   tasks=lost.tasks, error=f"damaged: {lost.error}", traceback="", output=""))
        else:
            self.logs.flush()
            store.append([replace(lost.record, fields={**lost.record.fields, lost.field: None})])


def _stripped(record: Record, place: Workplace) -> Record:
    """Return `record` with the values that the task keeps, and no others."""
    kept = place.view.stage[record.stage].kept
    if kept.issuperset(record.fields):
        return record
    fields = {field: value if field in kept else None for field, value in record.fields.items()}
    return replace(record, fields=fields)


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
        self._pending: dict[str, tuple[list[Record], dict[str, str]]] = {}
        """By task, the records, and by their ids, where they were taken from."""
        self._flushed = time.monotonic()

    def append(self, task: str, record: Record, origin: str = "") -> None:
        records, origins = self._pending.setdefault(task, ([], {}))
        records.append(record)
        if origin or origins:
            origins[record.id] = origin

    def flush_if_due(self, seconds: float = 0.0) -> None:
        """Write what is pending if it is due, or if what was made last took so long that it should not be lost."""
        if seconds > _COSTLY or time.monotonic() - self._flushed > _LATEST:
            self.flush()

    def flush(self) -> None:
        pending, self._pending = self._pending, {}
        for task, (records, origins) in pending.items():
            self._workplaces[task].view.store.append(records, origins)
        self._flushed = time.monotonic()
