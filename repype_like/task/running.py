"""Runs one task in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from repype_like import events
from repype_like import status as _status
from repype_like.benchmark import Benchmark
from repype_like.config import Config
from repype_like.errors import RepypeError, UsageError
from repype_like.execute.failure import note_scopes
from repype_like.execute.run import execute
from repype_like.execute.serial import SerialExecutor
from repype_like.execute.tracking import Tracker
from repype_like.execute.workplace import Workplace
from repype_like.pipeline import Pipeline, StageError
from repype_like.plan import Files, Request, TaskView, all_steps, make_plan
from repype_like.store import Observation, OutputFile, Record
from repype_like.task import inspection
from repype_like.task.data import InputData, TaskData, Turn
from repype_like.task.storing import Findings, store_data
from repype_like.typing import TYPE_CHECKING, Any, InputID, PipelineData

if TYPE_CHECKING:
    from repype_like.status import Status
    from repype_like.task.task import Task

__all__ = ["run_task"]


def run_task(task: Task, config: Config, pipeline: Pipeline, pickup: bool, strip_marginals: bool,
             status: Status | None) -> TaskData:
    """Bring `task` up to date and return its results; see :meth:`repype_like.task.Task.run`."""
    place = inspection.workplace_of(task, pipeline, config)
    place = replace(place, view=replace(place.view, opaque=False, verdict=None))
    found = task.find_pickup_task(pipeline, config) if pickup else {"task": None, "first_diverging_stage": None}
    first = found["first_diverging_stage"]
    place.view.store.begin()
    _status.update(status, info="start", task=str(place.view.path), first_stage=first.id if first is not None else None,
                   pickup=str(found["task"].directory) if found["task"] is not None else None)
    if type(pipeline).process is not Pipeline.process or task.overrides("strip_marginals"):
        data, times = _process_whole(task, place, pipeline, config, strip_marginals, status)
    else:
        request = _request(task, found, pickup)
        data, times = _process_stages(task, place, pipeline, request, strip_marginals, status)
    _status.update(status, info="storing", intermediate=True)
    task.store(pipeline, data, config, times)
    place.view.store.sync()
    _status.update(status, info="completed", task=str(place.view.path))
    return data


def _request(task: Task, found: Mapping[str, Any], pickup: bool) -> Request:
    """Return what is asked of planning: what overriding methods say, or nothing in particular."""
    if not pickup:
        return Request(force=True, pick_up=False)
    if not task.overrides("find_pickup_task") and not task.overrides("find_first_diverging_stage"):
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

    def neighbours() -> list[TaskView]:
        return inspection.views_of(other for other in inspection.neighbours(task) if other is not task)

    plan = make_plan([view], neighbours, request)
    if plan.waiting:
        first = plan.waiting[0]
        others = sorted({name for item in plan.waiting for name, _ in item.sources if name != view.name})
        raise UsageError(f'{task.path}: the stage "{first.stage}" reads tasks that are not up to date: '
                         f"{', '.join(others)}; bring them up to date first: repype run {task.path}")
    failures = execute(plan, {view.name: place}, SerialExecutor(), _reporter(status)).failures
    if failures:
        stage = pipeline.stage(failures[0].stage)
        reason = RepypeError(f"{failures[0].error}\n{failures[0].traceback}".rstrip())
        if stage is None:
            raise reason
        raise StageError(stage) from reason
    data: dict[InputID, Any] = {}
    turn = Turn()
    times = Benchmark[float](task.times_filepath)
    for input_id, records in _valid_records(view).items():
        fields = {name: value for record in records for name, value in record.fields.items() if value is not None}
        data[input_id] = InputData(view.store, fields, input_id, task.codebase.activate, turn)
        for record in records:
            times[record.stage, input_id] = record.seconds
    return data, times


def _valid_records(view: TaskView) -> dict[InputID, list[Record]]:
    """Return the records of a task that is up to date, by input."""
    found: dict[InputID, list[Record]] = {input_id: [] for input_id in view.subjects}
    for input_id, step in all_steps(view, Files()):
        if step.record is not None:
            found[input_id].append(step.record)
    return found


def _process_whole(task: Task, place: Workplace, pipeline: Pipeline, config: Config, strip_marginals: bool,
                   status: Status | None) -> tuple[dict[InputID, PipelineData], Benchmark[float]]:
    """Process every input as a whole, from the beginning.

    This is for classes of the user's own that have a say in how fields come about, or which of them are stored: what
    they have left of the results of earlier stages is nothing that later ones could go on from.
    """
    data: dict[InputID, PipelineData] = {}
    times = Benchmark[float](task.times_filepath)
    findings: dict[InputID, tuple[tuple[Observation, ...], tuple[OutputFile, ...]]] = {}
    for step, input_id in enumerate(place.view.input_ids):
        _status.update(status, info="process", task=str(place.view.path), input_id=input_id, step=step,
                       step_count=len(place.view.input_ids))
        tracker = Tracker(pipeline, place.roots, place.tree)
        try:
            with place.activate(), tracker:
                adapted = pipeline.configure(config, input_id)
                chunk, _, seconds = pipeline.process(input_id=input_id, config=adapted, status=_status.derive(status))
        except BaseException as error:
            note_scopes(error, tracker, pipeline.scopes)
            raise
        findings[input_id] = tracker.findings(Files())
        data[input_id] = task.strip_marginals(pipeline, chunk) if strip_marginals else chunk
        for stage, duration in seconds.items():
            times[stage, input_id] = duration
    _store_first(task, pipeline, data, config, times, findings)
    return data, times


def _store_first(task: Task, pipeline: Pipeline, data: TaskData, config: Config, times: Benchmark[float],
                 findings: Findings) -> None:
    """Store the data with the files that were met, which ``Task.store`` is not told."""
    store_data(task, pipeline, task.stripped(pipeline, data), config, times, findings)


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
