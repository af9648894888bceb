"""Completes a task: when every stage has a valid record for every input, the digest is written, last of all.

Whether that is so is found out by planning anew: a task is complete if the plan has nothing left to do for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

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
    Stamp,
    Step,
    TaskView,
    all_steps,
    is_up_to_date,
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
    before = catalogue.digest(view)
    if before is not None and view.verdict is None and not view.store.has_grown and is_up_to_date(view, before, files):
        if not view.has_sources or not plan_task(view, catalogue, files, Request(pick_up=False))[1]:
            return True
        catalogue = Catalogue(lambda: ())
    completion = _Completion(place)
    for step in _steps(view, catalogue, files):
        if step.record is None or step.action is not Action.KEEP or step.restore:
            return False
        completion.add(step.record)
    completion.write(provenance, files)
    return True


def _steps(view: TaskView, catalogue: Catalogue, files: Files) -> Iterator[Step]:
    """Yield the steps of a task, one input after the other where that can be."""
    if view.has_aggregates:
        yield from (step for _, step in all_steps(view, files, catalogue))
        return
    for input_id in view.input_ids:
        yield from plan_input(view, input_id, catalogue, files, lambda stage: False, pick_up=False, explain=False)


class _Completion:
    """What is to be written of a task all of whose records are valid.

    They are taken in one by one, and only what is written of them is kept: there may be very many.
    """

    def __init__(self, place: Workplace):
        self._place = place
        self._view = place.view
        self._made: dict[str, list[tuple[InputID, str]]] = {stage.id: [] for stage in place.view.stages}
        self._times: Benchmark[float] = Benchmark(place.view.path / "times.csv")
        self._times.retain(self._made, place.view.subjects)
        self._surplus: list[Record] = []
        """Records without the values that are not kept (any more)."""
        self._blobs: dict[str, int] = {}
        self._observations: dict[Observation, None] = {}
        self._outputs: list[OutputFile] = []
        self._accepted: dict[str, Any] = {}
        """By stage, what records note that the user vouched for."""
        self._places: set[tuple[str, ...]] = set()
        """The places that values mention."""
        self._final: dict[InputID, dict[str, Any]] = {}
        inputs = place.view.input_ids
        self._wants_final = bool(inputs) and place.view.locate("config", inputs[0], None) is not None

    def add(self, record: Record) -> None:
        """Take in a record."""
        self._made[record.stage].append((record.input_id, record.id))
        self._times[record.stage, record.input_id] = record.seconds
        kept = self._view.stage[record.stage].kept
        if not kept.issuperset(record.fields):
            fields = {name: value if name in kept else None for name, value in record.fields.items()}
            if fields != record.fields:
                self._surplus.append(replace(record, fields=fields))
        if record.blobs:
            self._blobs.update((name, blob.size) for field, value in record.fields.items()
                               if value is not None and field in kept for name, blob in value.blobs())
        if record.observations:
            self._observations.update(dict.fromkeys(record.observations))
        self._outputs += record.outputs
        if ACCEPTED in record.note:
            told = {key: record.note[ACCEPTED][key] for key in ("changes", "by", "time")}
            self._accepted.setdefault(record.stage, {**told, "inputs": 0})["inputs"] += 1
        if PLACE in record.note:
            self._places.add(tuple(record.note[PLACE]))
        if self._wants_final and record.input_id is not None:
            self._final.setdefault(record.input_id, {})[record.stage] = record.note.get("final", {})

    def write(self, provenance: Mapping[str, Plain], files: Files) -> None:
        """Write the digest, and before it everything that belongs to it."""
        store = self._view.store
        store.append(self._surplus)
        in_force = {record for pairs in self._made.values() for _, record in pairs}
        put_away(self._place, lambda record: record.id in in_force)
        with explained("write", self._times.filepath):
            self._times.save()
            self._write_final_configs()
        store.commit(self._digest(provenance, files), self._blobs)

    def _digest(self, provenance: Mapping[str, Plain], files: Files) -> Digest:
        view = self._view
        before = view.store.digest if not view.store.damage else None
        return Digest(
            spec=to_plain(view.spec), stages=tuple(stage.id for stage in view.stages),
            fingerprints={stage.id: {"hash": stage.fingerprint, "parts": dict(stage.parts)} for stage in view.stages},
            config={stage.id: to_plain(view.config.get(stage.id) or {}) for stage in view.stages},
            inputs=list(view.input_ids), records=self._made, key=task_key(view),
            observations=[(item, _stamp(files, view.locate(item.scope, item.input_id, item.path), item.hash))
                          for item in self._observations],
            outputs=[(item, _stamp(files, locate_output(view, item), item.hash)) for item in self._outputs],
            provenance={**provenance, **_versions(view), ACCEPTED: self._accepted}, completed=time.time(),
            places=[list(place) for place in sorted(self._places)],
            previous=sorted(before.record_ids()) if before is not None else [])

    def _write_final_configs(self) -> None:
        """Write the configuration that was in force for each input, if there is a scope ``config`` to write it to."""
        if not self._wants_final:
            return
        import yaml  # needed only here

        for input_id, sections in self._final.items():
            config = {**to_plain(self._view.configure(input_id, None)), **sections}
            path = self._view.locate("config", input_id, None)
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def _stamp(files: Files, path: Path | None, content: str) -> Stamp | None:
    return files.stamp(path, content) if path is not None else None


def _versions(view: TaskView) -> dict[str, Plain]:
    """Return the versions of what the code reaches, and of what counts."""
    reached = {name: version for stage in view.stages for name, version in stage.distributions.items()}
    return {"distributions": dict(sorted(reached.items())), "packages": dict(sorted(view.packages.items()))}
