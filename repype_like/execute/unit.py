"""One unit of work: its nodes, one after the other, in the process that this is called in.

For each node:

    the tasks that want it are grouped by the records that they really read
    the first task of a group computes: hooks, process, check, encode
    the other tasks of the group share the record if they see the same files, and the rest compute in turn
    what was made is reported at once, so that it is never lost
    if it fails, what depends on it is not tried, and everything else goes on
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from repype_like import events
from repype_like.config import Config, to_plain
from repype_like.execute.failure import describe, user_traceback
from repype_like.execute.messages import Happened, Made, Message
from repype_like.execute.tracking import SpoiledInputError, Tracker
from repype_like.execute.values import Fields, Slot
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.plan import Files, Node, Stored, Unit, pre_key, record_id
from repype_like.stage import OutputMismatch, Stage
from repype_like.status import Status
from repype_like.store import FieldValue, NotStorableError, Record, Store
from repype_like.typing import Any, InputID, Plain, cast

__all__ = ["run_unit"]

_Known = dict[str, tuple[str, Slot]]
"""For one task: by field, the id of the record that it is part of, and its value."""


def run_unit(unit: Unit, workplaces: Workplaces, emit: Callable[[Message], None],
             captured: Callable[[], str] = lambda: "") -> bool:
    """Run all nodes of `unit`.

    Arguments:
        unit: What to do.
        workplaces: The tasks.
        emit: Told everything that happens, and every record at once.
        captured: Gives what the running stage has printed so far.

    Returns:
        Whether all of it succeeded.
    """
    return _UnitRun(unit, workplaces, emit, captured).run()


class _UnitRun:
    def __init__(self, unit: Unit, workplaces: Workplaces, emit: Callable[[Message], None],
                 captured: Callable[[], str]):
        self.unit = unit
        self.workplaces = workplaces
        self.emit = emit
        self.captured = captured
        self.files = Files()
        self.readers = _count_readers(unit)
        self.known: dict[str, _Known] = {task: {} for node in unit.nodes for task in node.tasks}
        self.failed: dict[str, set[str]] = {task: set() for task in self.known}
        """By task, the nodes that failed or depend on one that did."""

    def run(self) -> bool:
        if self.unit.opaque is not None:
            return self._run_whole(self.workplaces[self.unit.opaque])
        some_task = self.unit.nodes[0].tasks[0] if self.unit.nodes else self.unit.skips[0].task
        with self.workplaces[some_task].activate():  # once for all: the tasks of a unit share their modules
            return self._run_nodes()

    def _run_nodes(self) -> bool:
        for skip in self.unit.skips:
            slots = {field: Slot(stored=(Store(stored.store), value)) for stored in skip.known
                     for field, value in stored.record.fields.items() if value is not None}
            self._skip(self.workplaces[skip.task], skip.stage, skip.input_id, slots)
        for node in self.unit.nodes:
            self._run_node(node)
        return not any(self.failed.values())

    def _run_whole(self, place: Workplace) -> bool:
        """Run a task by its own ``run``."""
        status = Status(report=lambda content, intermediate: self._happened(events.Message(
            task=place.view.name, stage="", input_id="", content=content, intermediate=intermediate)))
        try:
            with place.activate():
                place.run_whole(status)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            stage = getattr(error, "stage", None)
            self._happened(events.StageFailed(
                task=place.view.name, stage=stage.id if isinstance(stage, Stage) else "", input_id="",
                tasks=(place.view.name,), error=describe(error), traceback=user_traceback(error), output=self.captured()))
            return False
        return True

    def _run_node(self, node: Node) -> None:
        able = []
        for task in node.tasks:
            if any(name in self.failed[task] for _, name in node.reads):
                self.failed[task].add(node.name)
            else:
                able.append(task)
        groups = self._by_records_read(node, able)
        for group in groups:
            while group:
                computing = self.workplaces[group[0]]
                try:
                    record, slots = self._compute(node, computing, tuple(group), alone=len(groups) == 1)
                except BaseException as error:  # whatever user code raises costs this node and nothing else
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    self._report_failure(node, computing, tuple(group), error)
                    break
                sharing = [task for task in group if task == group[0] or self._sees_the_same(task, record)]
                for task in sharing:
                    self.known[task].update((field, (record.id, slot)) for field, slot in slots.items())
                    if task != group[0] and node.stage in self.workplaces[task].view.skip_hooks:
                        self._skip(self.workplaces[task], node.stage, node.input_id, slots)
                self.emit(Made(record, group[0], tuple(task for task in sharing if task != group[0])))
                self._call_hooks(computing, node, "end", self._fields(computing, group[0], slots))
                group = [task for task in group if task not in sharing]

    def _by_records_read(self, node: Node, tasks: Iterable[str]) -> list[list[str]]:
        groups: dict[tuple[str, ...], list[str]] = {}
        for task in tasks:
            for field, name in node.reads:
                if field not in self.known[task] and name in self.unit.stored:
                    self.known[task][field] = (name, self._stored_slot(name, field))
            groups.setdefault(tuple(self.known[task][field][0] for field, _ in node.reads), []).append(task)
        return list(groups.values())

    def _stored_slot(self, name: str, field: str) -> Slot:
        stored: Stored = self.unit.stored[name]
        value = stored.record.fields[field]
        assert value is not None, f"planned to read {field} from a record without it"
        return Slot(stored=(Store(stored.store), value), readers=self.readers.get((name, field), 0))

    def _compute(self, node: Node, place: Workplace, tasks: tuple[str, ...],
                 alone: bool) -> tuple[Record, dict[str, Slot]]:
        view, task = place.view, place.view.name
        stage = cast(Stage, place.pipeline.stage(node.stage))
        self._happened(events.StageStarted(task=task, stage=node.stage, input_id=node.input_id, tasks=tasks, worker=0))
        tracker = Tracker((*place.roots, place.tree), place.tree, _asides(place, node))
        place.pipeline.on_resolve = tracker.meet
        started = time.time()
        try:
            with _restored_surroundings():
                with tracker.active():
                    section = Config(dict(view.configure(node.input_id, node.stage))).section(node.stage).copy()
                effective = view.stage[node.stage].effective_config(section.entries)
                stage.fill_in(section)
                reads = {field: self.known[task][field][0] for field, _ in node.reads}
                key = pre_key(view.stage[node.stage], effective, node.input_id, reads, view.packages)
                place.pipeline.on_resolve = None
                self._call_hooks(place, node, "start", self._fields(place, task, {}))
                place.pipeline.on_resolve = tracker.meet
                outputs, seconds = self._process(stage, place, node, section, tracker, alone)
            observations, files = tracker.findings(self.files)
        finally:
            place.pipeline.on_resolve = None
        for path in tracker.unasked:
            self._happened(events.Warned(task=task, message=f'the stage "{node.stage}" reads {path} without asking the '
                                         "pipeline for it (pipeline.resolve or pipeline.track); its content counts"))
        kept = frozenset[str]().union(*(self.workplaces[name].view.stage[node.stage].kept for name in tasks))
        fields = {field: self._encode(view.store, field, outputs[field], stage) if field in kept else None
                  for field in sorted(outputs)}
        record = Record(
            id=record_id(key, observations), pre_key=key, stage=node.stage, input_id=node.input_id,
            fingerprint=view.stage[node.stage].fingerprint, config=to_plain(effective), reads=reads, observations=observations,
            outputs=files, fields=fields, started=started, seconds=seconds, peak_memory=0, origin="",
            note={"final": to_plain(section.final()), **({"packages": dict(view.packages)} if view.packages else {})})
        slots = {field: Slot(outputs[field], None if value is None else (view.store, value),
                             self.readers.get((node.name, field), 0)) for field, value in fields.items()}
        self._happened(events.StageFinished(task=task, stage=node.stage, input_id=node.input_id, tasks=tasks,
                                            seconds=seconds))
        return record, slots

    def _process(self, stage: Stage, place: Workplace, node: Node, section: Config, tracker: Tracker,
                 alone: bool) -> tuple[dict[str, Any], float]:
        """Have the stage compute, and return its outputs and how many seconds it took."""
        slots = {field: self.known[place.view.name][field][1] for field in stage.inputs if field != "input_id"}
        inputs = {field: slot.read() if alone else slot.peek() for field, slot in slots.items()}
        if "input_id" in stage.inputs:
            inputs["input_id"] = node.input_id
        status = Status(report=lambda content, intermediate: self._reported(place, node, content, intermediate))
        with tracker.active():
            started = time.perf_counter()
            if type(stage).run is not Stage.run:
                data = dict(inputs)
                stage.run(pipeline=place.pipeline, input_id=node.input_id, data=data, config=section, status=status)
                outputs: Any = {field: data[field] for field in stage.outputs if field in data}
            else:
                outputs = stage.process(pipeline=place.pipeline, config=section, status=status, **inputs)
            seconds = time.perf_counter() - started
        return stage.check_outputs(outputs), seconds

    def _encode(self, store: Store, field: str, value: Any, stage: Stage) -> FieldValue:
        try:
            return store.encode(value, stage.formats.get(field))
        except NotStorableError as error:
            raise NotStorableError(f'the field "{field}" of the stage "{stage.id}" cannot be stored: {error}') from None

    def _sees_the_same(self, task: str, record: Record) -> bool:
        """Tell whether a record is valid for another task: what was observed is there what it is here."""
        view = self.workplaces[task].view
        for seen in record.observations:
            path = view.locate(seen.scope, seen.input_id, seen.path)
            if (self.files.content(path) if path is not None else "absent") != seen.hash:
                return False
        return True

    def _fields(self, place: Workplace, task: str, slots: Mapping[str, Slot]) -> Fields:
        """Return the fields of a task that hooks may look at."""
        found: dict[str, Slot] = {field: slot for field, (_, slot) in self.known[task].items()}
        consumed = {field for stage in place.pipeline.stages for field in stage.consumes} if slots else set()
        found.update(slots)
        return Fields({field: slot.peek for field, slot in found.items() if field in slots or field not in consumed})

    def _call_hooks(self, place: Workplace, node: Node, event: str, data: Fields) -> None:
        stage = cast(Stage, place.pipeline.stage(node.stage))
        if type(stage).run is Stage.run:  # an overriding run calls them itself
            self._call(place, stage, event, node.input_id, data)

    def _skip(self, place: Workplace, stage: str, input_id: InputID, slots: Mapping[str, Slot]) -> None:
        data = Fields({field: slot.peek for field, slot in slots.items()})
        self._call(place, cast(Stage, place.pipeline.stage(stage)), "skip", input_id, data)

    def _call(self, place: Workplace, stage: Stage, event: Any, input_id: InputID, data: Fields) -> None:
        if not stage.event_callbacks.get(event):
            return
        data["input_id"] = input_id
        config = Config(dict(place.view.configure(input_id, stage.id))).section(stage.id).copy()
        try:
            stage.callback(event, pipeline=place.pipeline, input_id=input_id, data=data, config=config,
                           status=Status(report=lambda content, intermediate: None))
        except Exception as error:  # a hook watches, it does not decide: the result stands
            self._happened(events.Warned(task=place.view.name, message=f'the hook on_{stage.id.replace("-", "_")}_{event} '
                                         f"failed for input {input_id!r}: {describe(error)}\n{user_traceback(error)}"))

    def _report_failure(self, node: Node, place: Workplace, tasks: tuple[str, ...], error: BaseException) -> None:
        for task in tasks:
            self.failed[task].add(node.name)
        explained = isinstance(error, (OutputMismatch, NotStorableError, SpoiledInputError))  # no code to look at
        self._happened(events.StageFailed(
            task=place.view.name, stage=node.stage, input_id=node.input_id, tasks=tasks,
            error=str(error) if explained else describe(error), traceback="" if explained else user_traceback(error),
            output=self.captured()))

    def _reported(self, place: Workplace, node: Node, content: Plain, intermediate: bool) -> None:
        around: dict[str, Any] = dict(task=place.view.name, stage=node.stage, input_id=node.input_id)
        if isinstance(content, dict) and content.get("info") == "progress":
            self._happened(events.Progress(step=content["step"], total=content["max_steps"],
                                           details=content["details"], **around))
        else:
            self._happened(events.Message(content=content, intermediate=intermediate, **around))

    def _happened(self, event: events.Event) -> None:
        self.emit(Happened(event))


def _count_readers(unit: Unit) -> dict[tuple[str, str], int]:
    """Return how many nodes read a field of a node or stored record. Groups may split, so it is a lower bound."""
    readers: dict[tuple[str, str], int] = {}
    for node in unit.nodes:
        for field, name in node.reads:
            readers[name, field] = readers.get((name, field), 0) + 1
    return readers


def _asides(place: Workplace, node: Node) -> Callable[[Path], None]:
    """Return what puts files aside that this stage wrote for this input before."""
    ours = place.earlier_outputs.get((node.stage, node.input_id), {})

    def put_aside(path: Path) -> None:
        for file, content in ours.items():
            if file == path or file.is_relative_to(path):
                place.view.store.stash(file, content)

    return put_aside


class _restored_surroundings:  # noqa: N801  reads as a function
    """Gives every stage the working directory and the environment that the run was started with."""

    def __enter__(self) -> None:
        self.directory = Path.cwd()
        self.environment = dict(os.environ)

    def __exit__(self, *_: object) -> None:
        if Path.cwd() != self.directory:
            os.chdir(self.directory)
        if os.environ != self.environment:
            os.environ.clear()
            os.environ.update(self.environment)


def with_worker(event: events.Event, worker: int) -> events.Event:
    """Return `event`, with the number of the worker if it tells that."""
    return dataclasses.replace(event, worker=worker) if isinstance(event, events.StageStarted) else event
