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
from repype_like.execute.values import LostValueError, StoredSlot
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.hashing import ABSENT
from repype_like.plan import Files, Gather, Node, Unit, is_at_home
from repype_like.stage import OutputMismatch, Stage
from repype_like.status import Status
from repype_like.store import CheckoutFolder, NotStorableError, Record, StorageError, Store
from repype_like.typing import cast

__all__ = ["Watcher", "run_unit", "with_worker"]


_NOTHING: frozenset[str] = frozenset()


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
        self.known: dict[str, Known] = {task: {} for node in unit.nodes for task in node.tasks}
        self.hooked = any(workplaces[task].hooked for task in self.known)
        self.skip_hooked = [task for task in self.known if workplaces[task].view.skip_hooks]
        self.failed: dict[str, set[str]] = {task: set() for task in self.known}
        """By task, the nodes that failed or depend on one that did."""

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
        return not any(self.failed.values())

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
        for group in self._by_records_read(node, self._able(node)):
            if not node.fields:  # so nothing is given out
                self._run_for(position, node, group, self.holding)
                continue
            with CheckoutFolder(self.workplaces[group[0]].view.store.passing) as checkouts:
                self._run_for(position, node, group, checkouts)

    def _able(self, node: Node) -> Sequence[str]:
        """Return the tasks that have all that a node reads, and take down that it has failed for the others."""
        if not node.reads and not node.gathers:
            return node.tasks
        able = [task for task in node.tasks if all(
            self._has(task, field, name) for field, name in node.reads) and all(
            self._has_gathered(gather, task) for gather in node.gathers)]
        for task in node.tasks:
            if task not in able:
                self.failed[task].add(node.name)
        return able

    def _run_for(self, position: int, node: Node, group: list[str], checkouts: CheckoutFolder) -> None:
        """Run a node for tasks that read the same records."""
        while group:
            self.watcher.begins(position)
            computed = self._compute(node, self.workplaces[group[0]], tuple(group), checkouts)
            if computed is None:
                break
            self.watcher.has_made(position)
            sharing = [task for task in group if task == group[0] or self._sees_the_same(task, computed.record)]
            self._tell(node, computed, sharing)
            group = [task for task in group if task not in sharing]

    def _has(self, task: str, field: str, name: str) -> bool:
        """Tell whether a task has a field that one of its nodes reads."""
        if name in self.failed[task]:
            return False
        return field in self.known[task] or can_read(self.unit, self.given, task, field, name)

    def _has_gathered(self, gather: Gather, task: str) -> bool:
        """Tell whether all the records that an aggregate reads are there."""
        owner = gather.task or task
        return all(can_read(self.unit, self.given, owner, gather.field, name) for _, name in gather.members)

    def _compute(self, node: Node, place: Workplace, group: tuple[str, ...],
                 checkouts: CheckoutFolder) -> Computed | None:
        """Have the first task of a group compute; return None if that fails."""
        kept = _NOTHING.union(*[self.workplaces[task].view.stage[node.stage].kept for task in group])

        def readers(field: str) -> int:
            return self.readers.get((node.name, field), 0) + int(self.hooked)

        computation = Computation(node, place, group, self.known[group[0]], kept,
                                  self.unit.passes.get(node.name, _NOTHING), readers, self.emit, self.files,
                                  checkouts, self.holding)
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
        for task in group:
            self.failed[task].add(node.name)
        return None

    def _tell(self, node: Node, computed: Computed, sharing: list[str]) -> None:
        """Report what was made, and call the hooks of the tasks that have it now; the first one computed it."""
        record, slots = computed.record, computed.slots
        for task in sharing:
            self.known[task].update((field, (record.name, slot)) for field, slot in slots.items())
        self.emit(Made(record, sharing[0], time.time(), tuple(sharing[1:]), node.recomputes))
        printed = self.watcher.output()
        if printed:
            self.emit(Printed(sharing[0], tuple(sharing), node.stage, node.input_id, printed))
        if computed.passed:
            self.emit(Passed(node.name, tuple(sharing), computed.passed))
        place = self.workplaces[sharing[0]]
        if record.outputs:
            for task in sharing[1:]:
                place_outputs(record, place, self.workplaces[task])
        stage = _stage(place, node.stage)
        if self.hooked and has_hooks(stage, "end"):
            consumed = {field for other in place.pipeline.stages for field in other.consumes}
            seen = {field: slot for field, (_, slot) in self.known[sharing[0]].items()
                    if field in slots or field not in consumed}
            call_hooks(place, stage, "end", node.input_id, seen, self._happened)
        for task in sharing[1:]:
            if node.stage in self.workplaces[task].view.skip_hooks:
                other = self.workplaces[task]
                call_hooks(other, _stage(other, node.stage), "skip", node.input_id, slots, self._happened)

    def _by_records_read(self, node: Node, tasks: Iterable[str]) -> list[list[str]]:
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
            groups.setdefault(tuple(known[field][0] for field in node.fields), []).append(task)
        return list(groups.values())

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


def _count_readers(unit: Unit) -> Mapping[tuple[str, str], int]:
    """Return how often the fields of a node are read, at most: groups of tasks may split."""
    readers: dict[tuple[str, str], int] = {}
    for node in unit.nodes:
        for field, name in node.reads:
            readers[name, field] = readers.get((name, field), 0) + len(node.tasks)
    return readers


def with_worker(event: events.Event, worker: int) -> events.Event:
    """Return `event`, which has just arrived from a worker, with its number if it tells that."""
    if isinstance(event, events.StageStarted):
        event.worker = worker
    return event
