"""Runs one task in this process, and stores what was computed for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from repype_like import events
from repype_like import status as _status
from repype_like.benchmark import Benchmark
from repype_like.config import Config, to_plain
from repype_like.errors import RepypeError
from repype_like.execute import SerialExecutor, Tracker, Workplace, execute, settle
from repype_like.pipeline import Pipeline, StageError
from repype_like.plan import Catalogue, Files, Request, StageView, make_plan, plan_input, pre_key, record_id
from repype_like.store import Observation, Record
from repype_like.task import inspection
from repype_like.task.data import InputData, TaskData
from repype_like.typing import TYPE_CHECKING, Any, InputID, PipelineData

if TYPE_CHECKING:
    from repype_like.status import Status
    from repype_like.task.task import Task

__all__ = ["run_task", "store_data"]

_Observed = dict[InputID, tuple[Observation, ...]]


def run_task(task: Task, config: Config, pipeline: Pipeline, pickup: bool, strip_marginals: bool,
             status: Status | None) -> TaskData:
    """Bring `task` up to date and return its results; see :meth:`repype_like.task.Task.run`."""
    place = inspection.workplace_of(task, pipeline, config)
    place = replace(place, view=replace(place.view, opaque=False, verdict=None))
    found = task.find_pickup_task(pipeline, config) if pickup else {"task": None, "first_diverging_stage": None}
    first = found["first_diverging_stage"]
    _status.update(status, info="start", task=str(place.view.path), first_stage=first.id if first is not None else None,
                   pickup=str(found["task"].directory) if found["task"] is not None else None)
    if type(pipeline).process is not Pipeline.process:
        data, times = _process_whole(task, place, pipeline, config, strip_marginals, status)
    else:
        data, times = _process_stages(task, place, pipeline, _request(task, found, pickup), strip_marginals, status)
    _status.update(status, info="storing", intermediate=True)
    task.store(pipeline, data, config, times)
    _status.update(status, info="completed", task=str(place.view.path))
    return data


def _request(task: Task, found: Mapping[str, Any], pickup: bool) -> Request:
    """Return what is asked of planning: what an overriding ``find_pickup_task`` says, or nothing in particular."""
    from repype_like.task.task import Task as Base  # at call time: the module of the class imports this one

    if not pickup:
        return Request(force=True, pick_up=False)
    if type(task).find_pickup_task is Base.find_pickup_task:
        return Request()
    if found["task"] is None:
        return Request(force=True, pick_up=False)
    first = found["first_diverging_stage"]
    return Request(first=first.id if first is not None else None)


def _process_stages(task: Task, place: Workplace, pipeline: Pipeline, request: Request, strip_marginals: bool,
                    status: Status | None) -> tuple[dict[InputID, Any], Benchmark[float]]:
    """Run what has to be run, stage by stage, and return all fields that are kept."""
    view = place.view
    if not strip_marginals:
        kept = pipeline.persistent_fields
        view = replace(view, stages=tuple(replace(stage, kept=stage.outputs & kept) for stage in view.stages))
    place = replace(place, view=view)

    def neighbours() -> list[Any]:
        return inspection.views_of(other for other in inspection.neighbours(task) if other is not task)

    plan = make_plan([view], neighbours, request)
    failures = execute(plan, {view.name: place}, SerialExecutor(), _reporter(status)).failures
    if failures:
        stage = pipeline.stage(failures[0].stage)
        message = f"{failures[0].error}\n{failures[0].traceback}"
        raise StageError(stage) from RepypeError(message) if stage is not None else RepypeError(message)
    data: dict[InputID, Any] = {}
    times = Benchmark[float](task.times_filepath)
    for input_id, records in _records(place).items():
        fields = {name: value for record in records for name, value in record.fields.items() if value is not None}
        chunk: Any = InputData(view.store, fields, input_id)
        data[input_id] = task.strip_marginals(pipeline, chunk) if strip_marginals and _strips(task) else chunk
        for record in records:
            times[record.stage, input_id] = record.seconds
    return data, times


def _strips(task: Task) -> bool:
    from repype_like.task.task import Task as Base

    return type(task).strip_marginals is not Base.strip_marginals


def _records(place: Workplace) -> dict[InputID, list[Record]]:
    """Return the valid records of a task that is up to date, by input."""
    catalogue, files = Catalogue(lambda: ()), Files()
    return {input_id: [step.record for step in plan_input(place.view, input_id, catalogue, files, lambda stage: False, False)
                       if step.record is not None] for input_id in place.view.input_ids}


def _process_whole(task: Task, place: Workplace, pipeline: Pipeline, config: Config, strip_marginals: bool,
                   status: Status | None) -> tuple[dict[InputID, PipelineData], Benchmark[float]]:
    """Run a pipeline that processes an input as a whole, by a method of its own, for all inputs."""
    data: dict[InputID, PipelineData] = {}
    times = Benchmark[float](task.times_filepath)
    observed: _Observed = {}
    for step, input_id in enumerate(task.input_ids):
        _status.update(status, info="process", task=str(place.view.path), input_id=input_id, step=step,
                       step_count=len(task.input_ids))
        with place.activate(), _observing(place, pipeline, observed, input_id):
            adapted = pipeline.configure(config, input_id)
            chunk, _, seconds = pipeline.process(input_id=input_id, config=adapted, status=_status.derive(status))
        data[input_id] = task.strip_marginals(pipeline, chunk) if strip_marginals else chunk
        for stage, duration in seconds.items():
            times[stage, input_id] = duration
    store_data(task, pipeline, data, config, times, observed)
    return data, times


@contextmanager
def _observing(place: Workplace, pipeline: Pipeline, observed: _Observed, input_id: InputID) -> Iterator[None]:
    tracker = Tracker(place.roots, place.tree, lambda path: None)
    pipeline.on_resolve = tracker.meet
    try:
        with tracker.active():
            yield
    finally:
        pipeline.on_resolve = None
    observed[input_id] = tracker.findings(Files())[0]


def store_data(task: Task, pipeline: Pipeline, data: TaskData, config: Config, times: Benchmark[float],
               observed: Mapping[InputID, tuple[Observation, ...]] | None = None) -> None:
    """Make records of `data` for the stages that have no valid ones, and complete the task."""
    place = inspection.workplace_of(task, pipeline, config)
    view = replace(place.view, opaque=False, verdict=None)
    place = replace(place, view=view)
    plan = make_plan([view], lambda: (), Request(pick_up=False))
    if plan.units:
        view.store.append(record for input_id in view.input_ids
                          for record in _records_of(place, input_id, data[input_id], times, (observed or {}).get(input_id, ())))
    settle(place, {"stored_by": "Task.store"}, Files())


def _records_of(place: Workplace, input_id: InputID, fields: Mapping[str, Any], times: Benchmark[float],
                observations: tuple[Observation, ...]) -> Iterator[Record]:
    view = place.view
    config = view.configure(input_id, None)
    names: dict[str, str] = {}
    for stage in view.stages:
        section = config.get(stage.id) or {}
        if not stage.is_enabled(section):
            continue
        effective = stage.effective_config(section)
        reads = {field: names[field] for field in stage.inputs if field in names}
        key = pre_key(stage, effective, input_id, reads, view.packages)
        record = Record(
            id=record_id(key, observations), pre_key=key, stage=stage.id, input_id=input_id,
            fingerprint=stage.fingerprint, config=to_plain(effective), reads=reads, observations=observations, outputs=(),
            fields=_encoded(place, stage, fields), started=time.time(),
            seconds=times[stage.id, input_id] if (stage.id, input_id) in times else 0.0, peak_memory=0, origin="",
            note={"final": to_plain(section)})
        names.update(dict.fromkeys(stage.outputs, record.id))
        yield record


def _encoded(place: Workplace, stage: StageView, fields: Mapping[str, Any]) -> dict[str, Any]:
    formats = getattr(place.pipeline.stage(stage.id), "formats", {})
    return {field: place.view.store.encode(fields[field], formats.get(field))
            if field in stage.kept and field in fields else None for field in sorted(stage.outputs)}


def _reporter(status: Status | None) -> Callable[[events.Event], None]:
    """Return a listener that reports events through the status that the caller of ``Task.run`` has given."""

    def report(event: events.Event) -> None:
        if isinstance(event, events.StageStarted):
            _status.update(status, info="start-stage", stage=event.stage, input_id=event.input_id, intermediate=True)
        elif isinstance(event, events.Message):
            if status is not None:
                (status.intermediate if event.intermediate else status.write)(event.content)
        elif isinstance(event, events.Progress):
            _status.update(status, info="progress", details=event.details, step=event.step, max_steps=event.total,
                           progress=event.step / event.total if event.total else None, intermediate=True)

    return report
