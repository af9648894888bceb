"""One task and one input, stage by stage: what is kept, what is taken over, what runs.

This is the heart of planning. The promise: a stage is kept or taken over only if a record exists under its pre-key
whose observations hold for this very task; a stage runs if there is none, or if a stage that it reads from runs; and
values that were not kept are computed again only for a stage that must run.

Example: after an edit of the third of four stages, the first two are kept. If the third reads a marginal field of the
second, the second is *recomputed*: its record stays what it is, only its values are needed once more.

A stage may also read a file that an earlier one makes. Where that file is going to be put back in place, its content is
known beforehand. Where it is going to be made anew, the stage is kept for now: if the file turns out to be another, it
runs in the next round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from repype_like.hashing import ABSENT
from repype_like.plan.catalogue import Catalogue
from repype_like.plan.files import Files
from repype_like.plan.gathering import Gather, reads_of, told, with_configs
from repype_like.plan.keys import is_planned, key_for, planned, prepare
from repype_like.plan.places import is_at_home
from repype_like.plan.reasons import (
    Reason,
    Situation,
    kept_now,
    locate_output,
    never_completed,
    reasons,
    values_lost,
)
from repype_like.plan.view import StageView, TaskView
from repype_like.store import Record
from repype_like.typing import Any, InputID, NamedTuple, Plain

__all__ = ["Action", "InputPlanning", "Restore", "Step", "plan_input"]

_NOTHING: Mapping[str, str] = {}


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

    __hash__ = object.__hash__  # members are single; the inherited one hashes their names, over and over


@dataclass(frozen=True)
class Restore:
    """A file that a stage made is put where it belongs: `source`, with the content `hash`, is copied to `target`."""

    target: Path
    hash: str
    mode: int
    source: Path


class Step(NamedTuple):
    """What happens to one stage of one task for one input."""

    stage: str
    action: Action
    key: str
    """The pre-key; it contains planned names if a stage before it runs."""
    name: str
    """The record id, or the planned name of the record that the step will make."""
    reads: Mapping[str, str]
    """For each field it reads, the record id of the producer, or its planned name."""
    record: Record | None = None
    """The valid record."""
    source: TaskView | None = None
    """The task whose store the record and its values are taken from."""
    restore: tuple[Restore, ...] = ()
    reasons: tuple[Reason, ...] = ()
    gathers: tuple[Gather, ...] = ()
    """What an aggregate reads; `reads` has a name for the records of each field together."""
    configs: Mapping[str, Plain] | None = None
    """The configurations of the tasks that it reads, if it reads those."""
    forced: bool = False

    @property
    def runs(self) -> bool:
        """Whether the stage is executed."""
        return self.action is Action.COMPUTE or self.action is Action.RECOMPUTE


def plan_input(view: TaskView, input_id: InputID, catalogue: Catalogue, files: Files,
               forced: Callable[[str], bool], pick_up: bool, damage: str = "", last: str | None = None,
               explain: bool = True) -> list[Step]:
    """Return the steps for one input of a task without aggregates, in the order of the stages; disabled ones have none.

    Arguments:
        view: The task.
        input_id: The input.
        catalogue: Where records are found.
        files: The contents of files.
        forced: Tells whether a stage is to run whatever is stored.
        pick_up: Whether other tasks are searched.
        damage: What is wrong with the digest of the task.
        last: The stage behind which there are to be no steps, if any.
        explain: Whether steps are to have their reasons.
    """
    planning = InputPlanning(view, input_id, catalogue, files, forced, pick_up, damage, explain)
    for stage in view.stages:
        planning.add(stage)
    return planning.finish(last)


@dataclass
class InputPlanning:
    """The planning of one input of a task, or of what there is once for the task, stage by stage in their order.

    The arguments are those of :func:`plan_input`; `input_id` is None for the latter.
    """

    view: TaskView
    input_id: InputID
    catalogue: Catalogue
    files: Files
    forced: Callable[[str], bool]
    pick_up: bool
    damage: str = ""
    explain: bool = True
    coming: dict[Path, str | None] = field(default_factory=dict)
    """Files that will have another content when a later stage runs: by path, the hash; None if that is not known."""

    names: dict[str, str] = field(default_factory=dict)
    """By field, or mark of a stage, the name of the record that it is part of."""
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = self.view.configure(self.input_id, None)

    def add(self, stage: StageView, elsewhere: Mapping[str, str] = _NOTHING, gathers: tuple[Gather, ...] = (),
            configs: Mapping[str, Plain] | None = None) -> None:
        """Plan the next stage.

        Arguments:
            stage: The stage.
            elsewhere: The names of the records of fields that are not for this input.
            gathers: What it reads as an aggregate.
            configs: The configurations that it reads as an aggregate.
        """
        if stage.is_enabled(self.config.get(stage.id) or {}):
            reads = {name: self.names[name] for name in stage.sources_here if name in self.names} if self.names else {}
            if elsewhere:
                reads |= {name: elsewhere[name] for name in stage.sources if name in elsewhere}
            if gathers:
                reads = with_configs(reads | reads_of(gathers), configs)
            step = self._step(stage, self.config, reads, gathers)
            if gathers:
                step = step._replace(gathers=gathers, configs=configs)
            for result in stage.results:
                self.names[result] = step.name
            self.steps.append(step)

    def finish(self, last: str | None) -> list[Step]:
        """Return the steps, up to the stage `last`, if any."""
        return self._with_values(_until(self.steps, self.view, last))

    def _step(self, stage: StageView, config: Mapping[str, Any], reads: dict[str, str],
              gathers: tuple[Gather, ...]) -> Step:
        prepared = prepare(self.view, stage, config)
        key = key_for(prepared.basis, self.input_id, reads)
        before = self.catalogue.completed_record(self.view, stage.id, self.input_id)
        forced = self.forced(stage.id)
        if not forced and not (reads and any(map(is_planned, reads.values()))):
            found = self._valid(key)
            if found is not None:
                source, record, restore = found
                if restore:
                    self.coming.update((item.target, item.hash) for item in restore)
                current = (source is self.view and before is not None and before.name == record.name
                           and not restore)
                why = () if current else self._reasons(stage, prepared.config, key, reads, before, gathers,
                                                         forced=False)
                return Step(stage.id, Action.KEEP if source is self.view else Action.TAKE, key, record.name, reads,
                            record, source, restore, why)
        if before is not None and before.outputs:
            self.coming.update((path, None) for path in self._outputs_of(before))
        why = self._reasons(stage, prepared.config, key, reads, before, gathers, forced=forced)
        return Step(stage.id, Action.COMPUTE, key, planned(key), reads, None, None, (), why, (), None, forced)

    def _reasons(self, stage: StageView, config: Mapping[str, Any], key: str, reads: Mapping[str, str],
                 before: Record | None, gathers: tuple[Gather, ...], *, forced: bool) -> tuple[Reason, ...]:
        if not self.explain:
            return ()
        digest = self.catalogue.digest(self.view)
        if digest is None and not (forced or self.damage or self.view.store.failed):
            return never_completed(self.view)  # what looking at it one by one would come to
        return reasons(Situation(
            self.view, stage, self.input_id, key, config, digest, before,
            self.catalogue.names_record(self.view, stage.id, self.input_id), self.damage, forced, self.files, reads,
            told(gathers)))

    def _valid(self, key: str) -> tuple[TaskView, Record, tuple[Restore, ...]] | None:
        """Return a record that is valid for this task, the task that has it, and what has to be put in place for it."""
        for source, record in self.catalogue.candidates(self.view, key, self.pick_up):
            if is_at_home(self.view, record) and self._sees_the_same(record):
                restore = self._restores(source, record)
                if restore is not None:
                    return source, record, restore
        return None

    def _sees_the_same(self, record: Record) -> bool:
        """Tell whether what the record observed is what this task sees, or may come to see."""
        for seen in record.observations:
            path = self.view.locate(seen.scope, seen.input_id, seen.path)
            content = ABSENT if path is None else self.coming[path] if path in self.coming else self.files.content(path)
            if content is not None and content != seen.hash:
                return False
        return True

    def _restores(self, source: TaskView, record: Record) -> tuple[Restore, ...] | None:
        """Return what has to be put in place for the record to be valid here, or None if that cannot be had."""
        restores = []
        for output in record.outputs:
            target = locate_output(self.view, output)
            if target is None:
                return None
            if self.files.content(target) == output.hash:
                continue
            origin = locate_output(source, output) if source is not self.view else None
            if origin is None or self.files.content(origin) != output.hash:
                if not source.store.has_blob(output.hash):
                    return None
                origin = source.store.stashed(output.hash)
            restores.append(Restore(target, output.hash, output.mode, origin))
        return tuple(restores)

    def _outputs_of(self, record: Record) -> Iterator[Path]:
        for output in record.outputs:
            path = locate_output(self.view, output)
            if path is not None:
                yield path

    def _with_values(self, steps: list[Step]) -> list[Step]:
        """Turn steps whose values are needed, but not stored, into recomputations; from the last to the first."""
        needed: frozenset[str] = frozenset()
        result = []
        for step in reversed(steps):
            stage = self.view.stage[step.stage]
            if step.record is not None:
                fields = stage.outputs & (needed | stage.kept if needed else stage.kept)
                if fields:
                    step = self._with_source(step, fields, stage)  # noqa: PLW2901  the same, with its values
            if step.runs:
                needed |= stage.inputs
            result.append(step)
        result.reverse()
        return result

    def _with_source(self, step: Step, fields: frozenset[str], stage: StageView) -> Step:
        """Return `step` with a source that holds the values of `fields`, or as a recomputation if there is none."""
        record, source = step.record, step.source
        assert record is not None
        assert source is not None
        if source.store.holds(record, fields):
            return step
        reason = values_lost(record, stage.kept) or kept_now(self.view, record, stage.kept)
        why = step.reasons or ((reason,) if reason is not None else ())
        holder = self.catalogue.holder(self.view, step.key, record, fields, self.pick_up)
        if holder is not None:
            other, twin = holder
            if stage.kept and other is not self.view:
                return step._replace(action=Action.TAKE, record=twin, source=other, reasons=why)
            return step._replace(record=twin, source=other)
        return step._replace(action=Action.RECOMPUTE, reasons=why, restore=())


def _until(steps: list[Step], view: TaskView, last: str | None) -> list[Step]:
    """Return the steps up to the stage `last`, and all if that is None."""
    if last is None or last not in view.stage:
        return steps
    order = list(view.stage)
    end = order.index(last)
    return [step for step in steps if order.index(step.stage) <= end]
