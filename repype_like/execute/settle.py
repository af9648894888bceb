"""Completes a task: when every stage has a valid record for every input, the digest is written, last of all.

Whether that is so is found out by planning anew: a task is complete if the plan has nothing left to do for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from repype_like.benchmark import Benchmark
from repype_like.config import to_plain
from repype_like.execute.asides import put_away
from repype_like.execute.workplace import Workplace
from repype_like.plan import (
    PLACE,
    Action,
    Catalogue,
    Files,
    Request,
    TaskView,
    locate_output,
    plan_input,
    plan_task,
    task_key,
)
from repype_like.store import ACCEPTED, Digest, Observation, OutputFile, Record
from repype_like.store.failures import explained
from repype_like.typing import Any, InputID, Plain

__all__ = ["settle"]


def settle(place: Workplace, provenance: Mapping[str, Plain], files: Files) -> bool:
    """Write the digest of a task if it is complete, with everything that belongs to it.

    Arguments:
        place: The task.
        provenance: What the digest says of where and how the task was completed.
        files: The contents of files.

    Returns:
        Whether the task is complete.
    """
    view = place.view
    catalogue = Catalogue(lambda: ())
    left, steps = plan_task(view, catalogue, files, Request(pick_up=False))
    if not steps and view.verdict is None and view.store.has_grown:  # the same results were computed once more
        steps = [(input_id, step) for input_id in view.input_ids
                 for step in plan_input(view, input_id, catalogue, files, lambda stage: False, False)]
    records = [(input_id, step.record) for input_id, step in steps if step.record is not None]
    if len(records) < len(steps) or any(step.action is not Action.KEEP or step.restore for _, step in steps):
        return False
    if steps or left.pending or left.refresh or view.store.digest is None:
        view.store.append(_without_surplus(view, (record for _, record in records)))
        in_force = {record.id for _, record in records}
        put_away(place, lambda record: record.id in in_force)
        with explained("write", view.path / "times.csv"):
            _times(place, records).save()
            _write_final_configs(place, records)
        view.store.commit(_digest(view, records, provenance, files))
    return True


def _without_surplus(view: TaskView, records: Iterable[Record]) -> Iterator[Record]:
    """Yield the records that hold values which are not kept (any more), without those."""
    for record in records:
        kept = view.stage[record.stage].kept
        if any(value is not None and field not in kept for field, value in record.fields.items()):
            yield replace(record, fields={field: value if field in kept else None
                                          for field, value in record.fields.items()})


def _digest(view: TaskView, records: Sequence[tuple[InputID, Record]],
            provenance: Mapping[str, Plain], files: Files) -> Digest:
    made: dict[str, list[tuple[InputID, str]]] = {stage.id: [] for stage in view.stages}
    for input_id, record in records:
        made[record.stage].append((input_id, record.id))
    before = view.store.digest if not view.store.damage else None
    return Digest(
        spec=to_plain(view.spec), stages=tuple(stage.id for stage in view.stages),
        fingerprints={stage.id: {"hash": stage.fingerprint, "parts": dict(stage.parts)} for stage in view.stages},
        config={stage.id: to_plain(view.config.get(stage.id) or {}) for stage in view.stages},
        inputs=list(view.input_ids), records=made, key=task_key(view),
        observations=_observations(view, (record for _, record in records), files),
        outputs=_outputs(view, (record for _, record in records), files),
        provenance={**provenance, **_versions(view), ACCEPTED: _accepted(records)}, completed=time.time(),
        places=_places(records),
        previous=sorted({record for pairs in before.records.values() for _, record in pairs}) if before else [])


def _versions(view: TaskView) -> dict[str, Plain]:
    """Return the versions of what the code reaches, and of what counts."""
    reached = {name: version for stage in view.stages for name, version in stage.distributions.items()}
    return {"distributions": dict(sorted(reached.items())), "packages": dict(sorted(view.packages.items()))}


def _accepted(records: Iterable[tuple[InputID, Record]]) -> dict[str, Plain]:
    """Return by stage what records note that the user vouched for."""
    found: dict[str, Any] = {}
    for _, record in records:
        if ACCEPTED in record.note:
            told = {key: record.note[ACCEPTED][key] for key in ("changes", "by", "time")}
            found.setdefault(record.stage, {**told, "inputs": 0})["inputs"] += 1
    return found


def _places(records: Iterable[tuple[InputID, Record]]) -> list[list[str]]:
    """Return the places that values mention."""
    found = {tuple(record.note[PLACE]) for _, record in records if PLACE in record.note}
    return [list(place) for place in sorted(found)]


def _observations(view: TaskView, records: Iterable[Record], files: Files) -> list[tuple[Observation, Any]]:
    seen: dict[Observation, Any] = {}
    for record in records:
        for item in record.observations:
            path = view.locate(item.scope, item.input_id, item.path)
            seen[item] = files.stamp(path, item.hash) if path is not None else None
    return list(seen.items())


def _outputs(view: TaskView, records: Iterable[Record], files: Files) -> list[tuple[OutputFile, Any]]:
    outputs = []
    for record in records:
        for item in record.outputs:
            path = locate_output(view, item)
            outputs.append((item, files.stamp(path, item.hash) if path is not None else None))
    return outputs


def _times(place: Workplace, records: Sequence[tuple[InputID, Record]]) -> Benchmark[float]:
    times = Benchmark[float](place.view.path / "times.csv")
    times.retain((stage.id for stage in place.view.stages), place.view.input_ids)
    for input_id, record in records:
        times[record.stage, input_id] = record.seconds
    return times


def _write_final_configs(place: Workplace, records: Sequence[tuple[InputID, Record]]) -> None:
    """Write the configuration that was in force for each input, if there is a scope ``config`` to write it to."""
    if "config" not in place.pipeline.scopes:
        return
    import yaml  # needed only here

    final: dict[InputID, dict[str, Any]] = {}
    for input_id, record in records:
        config = final.setdefault(input_id, dict(to_plain(place.view.configure(input_id, None))))
        config[record.stage] = record.note.get("final", {})
    for input_id, config in final.items():
        path = place.pipeline.resolve("config", input_id)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
