"""One task and one input, stage by stage: what is kept, what is taken over, what runs.

This is the heart of planning. The promise: a stage is kept or taken over only if a record exists under its pre-key
whose observations hold for this very task; a stage runs if there is none, or if a stage that it reads from runs; and
values that were not kept are computed again only for a stage that must run.

Example: after an edit of the third of four stages, the first two are kept. If the third reads a marginal field of the
second, the second is *recomputed*: its record stays what it is, only its values are needed once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from repype_like.plan.catalogue import Catalogue
from repype_like.plan.files import Files
from repype_like.plan.keys import is_planned, planned, pre_key
from repype_like.plan.reasons import Reason, Situation, first_reason, locate_output
from repype_like.plan.view import StageView, TaskView
from repype_like.store import Record
from repype_like.typing import Any, InputID

__all__ = ["Action", "Restore", "Step", "plan_input"]


class Action(Enum):
    """What happens to a stage."""

    KEEP = "keep"
    """Its record in this task is valid."""
    TAKE = "take"
    """A valid record of another task is taken over."""
    RECOMPUTE = "recompute"
    """Its record is valid, but values that were not kept are needed."""
    COMPUTE = "compute"
    """It has no valid record."""


@dataclass(frozen=True)
class Restore:
    """A file that a stage made is put where it belongs: copied from `source`, or from the stored content `hash`."""

    target: Path
    hash: str
    mode: int
    source: Path | None


@dataclass(frozen=True)
class Step:
    """What happens to one stage of one task for one input."""

    stage: str
    action: Action
    key: str
    """The pre-key; it contains planned names if a stage before it runs."""
    reads: Mapping[str, str]
    """For each field it reads, the record id of the producer, or its planned name."""
    record: Record | None = None
    """The valid record."""
    source: TaskView | None = None
    """The task whose store the record and its values are taken from."""
    restore: tuple[Restore, ...] = ()
    reason: Reason | None = None

    @property
    def name(self) -> str:
        """The record id, or the planned name of the record that the step will make."""
        return self.record.id if self.record is not None and self.action is not Action.COMPUTE else planned(self.key)


def plan_input(view: TaskView, input_id: InputID, catalogue: Catalogue, files: Files,
               forced: Callable[[str], bool], pick_up: bool, damage: str = "") -> list[Step]:
    """Return the steps for one input of a task, in the order of the stages; disabled stages have none.

    Arguments:
        view: The task.
        input_id: The input.
        catalogue: Where records are found.
        files: The contents of files.
        forced: Tells whether a stage is to run whatever is stored.
        pick_up: Whether other tasks are searched.
        damage: What is wrong with the digest of the task.
    """
    config = view.configure(input_id, None)
    names: dict[str, str] = {}
    steps = []
    for stage in view.stages:
        section = config.get(stage.id) or {}
        if not stage.is_enabled(section):
            continue
        step = _step(view, stage, input_id, stage.effective_config(section), names, catalogue, files, forced, pick_up,
                     damage)
        names.update(dict.fromkeys(stage.outputs, step.name))
        steps.append(step)
    return _with_values(view, steps, catalogue, pick_up)


def _step(view: TaskView, stage: StageView, input_id: InputID, config: Mapping[str, Any], names: Mapping[str, str],
          catalogue: Catalogue, files: Files, forced: Callable[[str], bool], pick_up: bool, damage: str) -> Step:
    reads = {field: names[field] for field in stage.inputs if field in names}
    key = pre_key(stage, config, input_id, reads, view.packages)
    must_run = forced(stage.id)
    before = catalogue.completed_record(view, stage.id, input_id)

    def reason() -> Reason:
        return first_reason(Situation(view, stage, input_id, config, catalogue.digest(view), before, damage, must_run,
                                      files))

    if not must_run and not any(map(is_planned, reads.values())):
        for source, record in catalogue.candidates(view, key, pick_up):
            if _holds(view, record, files):
                restore = _restores(view, source, record, files)
                if restore is not None:
                    action = Action.KEEP if source is view else Action.TAKE
                    current = before is not None and before.id == record.id and not restore
                    return Step(stage.id, action, key, reads, record, source, restore, None if current else reason())
    return Step(stage.id, Action.COMPUTE, key, reads, reason=reason())


def _holds(view: TaskView, record: Record, files: Files) -> bool:
    """Tell whether what the record observed is what this task sees."""
    for seen in record.observations:
        path = view.locate(seen.scope, seen.input_id, seen.path)
        if (files.content(path) if path is not None else "absent") != seen.hash:
            return False
    return True


def _restores(view: TaskView, source: TaskView, record: Record, files: Files) -> tuple[Restore, ...] | None:
    """Return what has to be put in place for the record to be valid here, or None if that cannot be had."""
    restores = []
    for output in record.outputs:
        target = locate_output(view, output)
        if target is None:
            return None
        if files.content(target) == output.hash:
            continue
        origin = locate_output(source, output) if source is not view else None
        if origin is not None and files.content(origin) == output.hash:
            restores.append(Restore(target, output.hash, output.mode, origin))
        elif source.store.has_blob(output.hash):
            restores.append(Restore(target, output.hash, output.mode, None))
        else:
            return None
    return tuple(restores)


def _with_values(view: TaskView, steps: list[Step], catalogue: Catalogue, pick_up: bool) -> list[Step]:
    """Turn steps whose values are needed, but not stored, into recomputations; from the last stage to the first."""
    needed: set[str] = set()
    result = []
    for step in reversed(steps):
        stage = view.stage[step.stage]
        if step.record is not None:
            fields = stage.outputs & (needed | stage.kept)
            if fields:
                step = _with_source(view, step, fields, stage.kept, catalogue, pick_up)
        if step.action in (Action.COMPUTE, Action.RECOMPUTE):
            needed |= stage.inputs
        result.append(step)
    return result[::-1]


def _with_source(view: TaskView, step: Step, fields: frozenset[str], kept: frozenset[str], catalogue: Catalogue,
                 pick_up: bool) -> Step:
    record, source = step.record, step.source
    assert record is not None and source is not None
    if source.store.holds(record, fields):
        return step
    for other, twin in catalogue.candidates(view, step.key, pick_up):
        if twin.id == record.id and other.store.holds(twin, fields):
            action = Action.TAKE if kept and other is not view else step.action
            return replace(step, action=action, record=twin, source=other)
    lost = any(record.fields.get(field) is not None for field in fields & kept)
    reason = Reason("damaged", "incomplete", f'damaged: values of "{step.stage}" are gone') if lost else step.reason
    return replace(step, action=Action.RECOMPUTE, reason=reason)


def steps_until(steps: list[Step], view: TaskView, last: str | None) -> list[Step]:
    """Return the steps up to the stage `last`, and all if that is None."""
    order = [stage.id for stage in view.stages]
    end = order.index(last) + 1 if last in order else len(order)
    return [step for step in steps if order.index(step.stage) < end]

