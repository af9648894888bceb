"""Makes records of data that the user's own code computed, or had ready, for a task."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from repype_like.benchmark import Benchmark
from repype_like.config import Config, to_plain
from repype_like.errors import NotStorableError, UsageError
from repype_like.execute.mentions import mentioned_place
from repype_like.execute.settle import settle
from repype_like.execute.workplace import Workplace
from repype_like.pipeline import Pipeline
from repype_like.plan import PLACE, Catalogue, Files, StageView, TaskView, plan_input, pre_key, record_id
from repype_like.store import FieldValue, Observation, OutputFile, Record, Store
from repype_like.task import inspection
from repype_like.task.data import InputData, TaskData
from repype_like.typing import TYPE_CHECKING, Any, InputID, Plain

if TYPE_CHECKING:
    from repype_like.task.task import Task

__all__ = ["Findings", "store_data"]

Findings = Mapping[InputID, tuple[tuple[Observation, ...], tuple[OutputFile, ...]]]
"""The files that were met and made while an input was processed as a whole."""


def store_data(task: Task, pipeline: Pipeline, data: TaskData, config: Config, times: Benchmark[float],
               findings: Findings | None = None, note: Mapping[str, Plain] | None = None) -> None:
    """Make records of `data`, unless it is what is stored already, and complete the task.

    Arguments:
        task: The task.
        pipeline: Its pipeline.
        data: The fields of every input.
        config: The hyperparameters that they were computed with.
        times: The durations of the stages, in seconds.
        findings: The files that were met, if the data was computed just now; None if the valid records know better.
        note: What the digest says of where the results are from. Inputs that there is no data for are left out.
    """
    place = inspection.workplace_of(task, pipeline, config)
    view = replace(place.view, opaque=False, verdict=None)
    origin: dict[str, Any] = {"stored_by": "Task.store"} if note is None else dict(note)
    if place.view.opaque:
        fields = frozenset[str]().union(*(frozenset(chunk) for chunk in data.values()))
        origin["fields"] = sorted(fields)
        view = replace(view, stages=tuple(inspection.keeping(stage, fields, task, pipeline) for stage in view.stages))
    place = replace(place, view=view)
    if view.has_aggregates and not all(_is_stored(chunk, view.store) for chunk in data.values()):
        raise UsageError(f"{task.path}: data from elsewhere cannot be stored where there are aggregates; run the task")
    view.store.append(record for input_id in view.input_ids
                      if input_id in data and not _is_stored(data[input_id], view.store)
                      for record in _records_of(place, input_id, data[input_id], times, findings))
    settle(place, origin, Files())


def _is_stored(chunk: Any, store: Store) -> bool:
    return isinstance(chunk, InputData) and chunk.is_as_stored_in(store)


def _records_of(place: Workplace, input_id: InputID, fields: Mapping[str, Any], times: Benchmark[float],
                findings: Findings | None) -> Iterator[Record]:
    """Yield a record for each stage: the valid one with these values, or a new one if there is none.

    Findings count for each stage, since it is not known which one met a file.
    """
    view = place.view
    valid = {} if findings is not None else _valid_records(view, input_id)
    observations, outputs = (findings or {}).get(input_id, ((), ()))
    config = view.configure(input_id, None)
    names: dict[str, str] = {}
    enabled = [stage for stage in view.stages if stage.is_enabled(config.get(stage.id) or {})]
    for stage in enabled:
        last = stage is enabled[-1]
        values = _encoded(place, stage, input_id, fields, with_surplus=last)
        record = valid.get(stage.id)
        if record is None:
            effective = stage.effective_config(config.get(stage.id) or {})
            reads = {field: names[field] for field in stage.sources if field in names}
            found = mentioned_place([fields[name] for name in stage.outputs if name in fields], view.path, view.tree)
            key = pre_key(stage, effective, input_id, reads, view.packages)
            record = Record(
                id=record_id(key, observations, found), pre_key=key, stage=stage.id, input_id=input_id,
                fingerprint=stage.fingerprint, config=to_plain(effective), reads=reads, observations=observations,
                outputs=outputs if last else (), started=time.time(), seconds=_seconds(times, stage.id, input_id),
                note={"final": to_plain(config.get(stage.id) or {}), **({PLACE: list(found)} if found else {})})
        names.update(dict.fromkeys(stage.results, record.name))
        yield replace(record, fields=values)


def _valid_records(view: TaskView, input_id: InputID) -> dict[str, Record]:
    steps = plan_input(view, input_id, Catalogue(lambda: ()), Files(), lambda stage: False, False)
    return {step.stage: step.record for step in steps if step.record is not None}


def _encoded(place: Workplace, stage: StageView, input_id: InputID, fields: Mapping[str, Any],
             with_surplus: bool) -> dict[str, Any]:
    """Return the values of the outputs of a stage, ready to be stored.

    Fields that are outputs of no stage, such as those that a pipeline of the user's own adds, go with the last stage.
    """
    formats = getattr(place.pipeline.stage(stage.id), "formats", {})

    def encode(field: str) -> FieldValue:
        try:
            return place.view.store.encode(fields[field], formats.get(field))
        except NotStorableError as error:
            raise NotStorableError(f'the field "{field}" of the stage "{stage.id}" for the input {input_id!r} cannot '
                                   f"be stored: {error}") from None

    encoded = {field: encode(field) if field in stage.kept and field in fields else None
               for field in sorted(stage.outputs)}
    if with_surplus:
        surplus = fields.keys() - place.pipeline.fields
        encoded.update((field, encode(field)) for field in sorted(surplus))
    return encoded


def _seconds(times: Benchmark[float], stage: str, input_id: InputID) -> float:
    """Return how long a stage has taken, as far as the times tell: whoever stores data may have written anything."""
    seconds = float(times[stage, input_id]) if (stage, input_id) in times else 0.0
    return seconds if math.isfinite(seconds) else 0.0
