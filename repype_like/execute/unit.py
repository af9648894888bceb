"""One unit of work: its nodes, one after the other, in the process that this is called in.

For each node:

    the tasks that want it are grouped by the records that they really read
    the first task of a group computes
    the other tasks of the group share the record if they see the same files, and the rest compute in turn
    what was made is reported at once, so that it is never lost
    if it fails, what depends on it is not tried, and everything else goes on
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from repype_like import events
from repype_like.execute.asides import place_outputs
from repype_like.execute.computation import Computation, Computed, Known
from repype_like.execute.failure import describe, user_traceback
from repype_like.execute.gathered import gathered_fields
from repype_like.execute.hooks import call_hooks, has_hooks
from repype_like.execute.messages import GaveUp, Happened, Lost, Made, Message, Passed, Printed
from repype_like.execute.schedule import Given, can_read
from repype_like.execute.surroundings import Surroundings
from repype_like.execute.tracking import SpoiledInputError
from repype_like.execute.values import LostValueError, Slot, StoredSlot
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.hashing import ABSENT
from repype_like.plan import Files, Gather, Node, Unit, is_at_home
from repype_like.stage import OutputMismatch, Stage
from repype_like.status import Status
from repype_like.store import CheckoutFolder, NotStorableError, Record, StorageError, Store
from repype_like.typing import cast

__all__ = ["Watcher", "run_unit", "with_worker"]


_NOTHING: frozenset[str] = frozenset()
_UNREAD: Mapping[str, int] = {}


class Watcher:
    """Told what is being done in a unit; this one does not care."""

    def begins(self, node: int) -> None:
        """Take down that the node at this position begins."""

    def has_made(self, node: int) -> None:
        """Take down that the node at this position is done; what is left is to tell others."""

    def output(self) -> str:
        """Return what the stage has printed, if that is captured."""
        return ""


def run_unit(unit: Unit, workplaces: Workplaces, emit: Callable[[Message], None], surroundings: Surroundings,
             files: Files, given: Given | None = None, watcher: Watcher = Watcher()) -> bool:  # noqa: B008  stateless
    """Run all nodes of `unit`.

    Arguments:
        unit: What to do.
        workplaces: The tasks.
        emit: Told everything that happens, and every record at once.
        surroundings: What every stage finds, whatever the one before did to it.
        files: The contents of files that are known already.
        given: What units before this one have made, and this one reads.
        watcher: Told what is being done.

    Returns:
        Whether all of it succeeded.
    """
    return _UnitRun(unit, workplaces, emit, surroundings, files, given or {}, watcher).run()


class _UnitRun:
    def __init__(self, unit: Unit, workplaces: Workplaces, emit: Callable[[Message], None], surroundings: Surroundings,
                 files: Files, given: Given, watcher: Watcher):
        self.unit = unit
        self.workplaces = workplaces
        self.emit = emit
        self.surroundings = surroundings
        self.watcher = watcher
        self.files = files
        self.given = given
        self.readers = _count_readers(unit)
        self.home = workplaces[unit.opaque or (unit.nodes[0].tasks[0] if unit.nodes else unit.skips[0].task)]
        """One of the tasks; those of a unit share their modules."""
        self.holding = CheckoutFolder(self.home.view.store.passing)
        """What goes when the unit is done."""
        self.known: dict[str, Known] = {}
        self.failed: set[tuple[str, str]] = set()
        """By task and name, the nodes that failed or depend on one that did."""
        self.hooked = False
        """Whether anybody wants to know what happens to the stages."""
        self.skip_hooked: list[str] = []
        """The tasks that want to know which stages do not run."""
        for node in unit.nodes:
            for task in node.tasks:
                if task not in self.known:
                    self._take_in(task, workplaces[task])

    def _take_in(self, task: str, place: Workplace) -> None:
        self.known[task] = {}
        if place.hooked:
            self.hooked = True
        if place.view.skip_hooks:
            self.skip_hooked.append(task)

    def run(self) -> bool:
        if self.unit.opaque is not None:
            return self._run_whole(self.home)
        with self.holding:
            for skip in self.unit.skips:
                place = self.workplaces[skip.task]
                slots = {field: StoredSlot(stored.record, field, Store(stored.store)) for stored in skip.known
                         for field, value in stored.record.fields.items() if value is not None}
                call_hooks(place, _stage(place, skip.stage), "skip", skip.input_id, slots, self._happened)
            try:
                for position, node in enumerate(self.unit.nodes):
                    self._run_node(position, node)
                if self.skip_hooked:
                    self._skip_disabled()
            except StorageError as error:
                self.emit(GaveUp(error))
                return False
        return not self.failed

    def _skip_disabled(self) -> None:
        """Tell the hooks of the stages that are turned off, wherever others ran."""
        for task, input_id in dict.fromkeys((task, node.input_id) for node in self.unit.nodes for task in node.tasks
                                            if task in self.skip_hooked):
            place = self.workplaces[task]
            sections = place.view.configure(input_id, None)
            for stage in place.view.stages:
                if stage.id in place.view.skip_hooks and not stage.is_enabled(sections.get(stage.id) or {}):
                    known = {field: slot for field, (_, slot) in self.known[task].items()}
                    call_hooks(place, _stage(place, stage.id), "skip", input_id, known, self._happened)

    def _run_whole(self, place: Workplace) -> bool:
        """Run a task by its own ``run``."""
        status = Status(report=lambda content, intermediate: self._happened(events.Message(
            task=place.view.name, stage="", input_id="", content=content, intermediate=intermediate)))
        try:
            with place.activate():
                place.run_whole(status)
        except BaseException as error:  # whatever user code raises costs this task and nothing else
            if isinstance(error, KeyboardInterrupt):
                raise
            stage = getattr(error, "stage", None)
            self._happened(events.StageFailed(
                task=place.view.name, stage=stage.id if isinstance(stage, Stage) else "", input_id="",
                tasks=(place.view.name,), error=describe(error), traceback=user_traceback(error),
                output=self.watcher.output()))
            return False
        finally:
            self.surroundings.restore()
        return True

    def _run_node(self, position: int, node: Node) -> None:
        fields = node.fields
        if not fields:  # so nothing is given out
            self._run_for(position, node, node.tasks, self.holding)
            return
        for group in self._by_records_read(node, fields, self._able(node)):
            with CheckoutFolder(self.workplaces[group[0]].view.store.passing) as checkouts:
                self._run_for(position, node, group, checkouts)

    def _able(self, node: Node) -> Sequence[str]:
        """Return the tasks that have all that a node reads, and take down that it has failed for the others."""
        able = [task for task in node.tasks if all(
            self._has(task, field, name) for field, name in node.reads) and all(
            self._has_gathered(gather, task) for gather in node.gathers)]
        for task in node.tasks:
            if task not in able:
                self.failed.add((task, node.name))
        return able

    def _run_for(self, position: int, node: Node, group: tuple[str, ...], checkouts: CheckoutFolder) -> None:
        """Run a node for tasks that read the same records."""
        while group:
            self.watcher.begins(position)
            computed = self._compute(node, self.workplaces[group[0]], group, checkouts)
            if computed is None:
                break
            self.watcher.has_made(position)
            first, *rest = group
            others = tuple([task for task in rest if self._sees_the_same(task, computed.record)]) if rest else ()
            self._tell(node, computed, first, others)
            group = tuple([task for task in rest if task not in others]) if rest else ()

    def _has(self, task: str, field: str, name: str) -> bool:
        """Tell whether a task has a field that one of its nodes reads."""
        if (task, name) in self.failed:
            return False
        return field in self.known[task] or can_read(self.unit, self.given, task, field, name)

    def _has_gathered(self, gather: Gather, task: str) -> bool:
        """Tell whether all the records that an aggregate reads are there."""
        owner = gather.task or task
        return all(can_read(self.unit, self.given, owner, gather.field, name) for _, name in gather.members)

    def _compute(self, node: Node, place: Workplace, group: tuple[str, ...],
                 checkouts: CheckoutFolder) -> Computed | None:
        """Have the first task of a group compute; return None if that fails."""
        kept = place.view.stage[node.stage].kept
        if len(group) > 1:
            kept = kept.union(*[self.workplaces[task].view.stage[node.stage].kept for task in group])

        computation = Computation(node, place, group, self.known[group[0]], kept,
                                  self.unit.passes.get(node.name, _NOTHING), self.readers.get(node.name, _UNREAD),
                                  self.hooked, self.emit, self.files, checkouts, self.holding)
        gpus = place.limits(node.stage).gpus
        if gpus:
            self.surroundings.provide(gpus)
        try:
            return computation.run()
        except (StorageError, KeyboardInterrupt):
            raise
        except LostValueError as error:
            self._report_loss(error, group)
        except BaseException as error:  # noqa: BLE001  whatever user code raises costs this node and nothing else
            self._report_failure(node, place, group, error, computation.met)
        finally:
            self.surroundings.restore()
        self.failed.update((task, node.name) for task in group)
        return None

    def _tell(self, node: Node, computed: Computed, task: str, others: tuple[str, ...]) -> None:
        """Report what was made, and call the hooks of the tasks that have it now.

        Arguments:
            node: What was run.
            computed: What came of it.
            task: The task that has computed.
            others: Those that share it.
        """
        record, slots = computed.record, computed.slots
        sharing = (task, *others)
        if slots:
            known = {field: (record.name, slot) for field, slot in slots.items()}
            for name in sharing:
                self.known[name].update(known)
        self.emit(Made(record, task, time.time(), others, node.recomputes))
        printed = self.watcher.output()
        if printed:
            self.emit(Printed(task, sharing, node.stage, node.input_id, printed))
        if computed.passed:
            self.emit(Passed(node.name, sharing, computed.passed))
        place = self.workplaces[task]
        if record.outputs:
            for name in others:
                place_outputs(record, place, self.workplaces[name])
        if self.hooked:
            self._call_end_hooks(node, place, slots)
        for name in others:
            other = self.workplaces[name]
            if node.stage in other.view.skip_hooks:
                call_hooks(other, _stage(other, node.stage), "skip", node.input_id, slots, self._happened)

    def _call_end_hooks(self, node: Node, place: Workplace, slots: Mapping[str, Slot]) -> None:
        stage = _stage(place, node.stage)
        if has_hooks(stage, "end"):
            consumed = {field for other in place.pipeline.stages for field in other.consumes}
            seen = {field: slot for field, (_, slot) in self.known[place.view.name].items()
                    if field in slots or field not in consumed}
            call_hooks(place, stage, "end", node.input_id, seen, self._happened)

    def _by_records_read(self, node: Node, fields: Iterable[str], tasks: Iterable[str]) -> list[tuple[str, ...]]:
        """Return the tasks in groups that read the same records; by plan that is one group."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for task in tasks:
            known = self.known[task]
            for field, name in node.reads:
                if field not in known:
                    given = self.given.get((task, name))
                    stored = self.unit.stored[name, field] if given is None else given[field]
                    known[field] = (stored.record.name, StoredSlot(stored.record, field, Store(stored.store)))
            if node.gathers:
                known.update(gathered_fields(node, task, self.unit, self.given))
            groups.setdefault(tuple([known[field][0] for field in fields]), []).append(task)
        return list(map(tuple, groups.values()))

    def _sees_the_same(self, task: str, record: Record) -> bool:
        """Tell whether a record is valid for another task: what was observed is there what it is here."""
        view = self.workplaces[task].view
        if not is_at_home(view, record):
            return False
        for seen in record.observations:
            path = view.locate(seen.scope, seen.input_id, seen.path)
            if (self.files.content(path) if path is not None else ABSENT) != seen.hash:
                return False
        return True

    def _report_failure(self, node: Node, place: Workplace, tasks: tuple[str, ...], error: BaseException,
                        met: tuple[str, ...]) -> None:
        explained = isinstance(error, (OutputMismatch, NotStorableError, SpoiledInputError))  # no code to look at
        self._happened(events.StageFailed(
            task=place.view.name, stage=node.stage, input_id=node.input_id, tasks=tasks,
            error=str(error) if explained else describe(error), traceback="" if explained else user_traceback(error),
            output=self.watcher.output(), kind="unfit" if explained else "exception", met=met))

    def _report_loss(self, error: LostValueError, tasks: tuple[str, ...]) -> None:
        slot = error.slot
        self._happened(events.Warned(task=tasks[0], message=f'damaged: {error}; the stage "{slot.record.stage}" runs '
                                     f"again for input {slot.record.input_id!r}"))
        self.emit(Lost(slot.record, slot.field, slot.store.directory, tasks, str(error)))

    def _happened(self, event: events.Event) -> None:
        self.emit(Happened(event))


def _stage(place: Workplace, stage_id: str) -> Stage:
    return cast(Stage, place.pipeline.stage(stage_id))


def _count_readers(unit: Unit) -> Mapping[str, Mapping[str, int]]:
    """Return by node how often its fields are read, at most: groups of tasks may split."""
    readers: dict[str, dict[str, int]] = {}
    for node in unit.nodes:
        for field, name in node.reads:
            found = readers.setdefault(name, {})
            found[field] = found.get(field, 0) + len(node.tasks)
    return readers


def with_worker(event: events.Event, worker: int) -> events.Event:
    """Return `event`, which has just arrived from a worker, with its number if it tells that."""
    if isinstance(event, events.StageStarted):
        event.worker = worker
    return event
