"""What aggregates over tasks read of these: the names of the records, from their digests or from what is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from repype_like.config import to_plain
from repype_like.plan.catalogue import Catalogue
from repype_like.plan.gathering import CONFIGS, GATHERED, Gather, Members, name_of_configs, told
from repype_like.plan.plan import Stored
from repype_like.plan.steps import Step
from repype_like.plan.view import StageView, TaskView
from repype_like.store import ACCEPTED
from repype_like.typing import InputID, Plain

__all__ = ["Sources"]

Steps = list[tuple[InputID, Step]]


class Sources:
    """Answers what there is of other tasks.

    Arguments:
        catalogue: Where records are found.
        plan: Gives the steps of a task, for all of its inputs; None if it is up to date.
    """

    def __init__(self, catalogue: Catalogue, plan: Callable[[TaskView], Steps | None]):
        self._catalogue = catalogue
        self._plan = plan
        self._members: dict[tuple[TaskView, str], Members] = {}

    def gathers(self, view: TaskView, stage: StageView) -> tuple[Gather, ...]:
        """Return what a stage of a task gathers from others."""
        found = []
        for source in view.sources(stage.id):
            for field in sorted(stage.inputs - {CONFIGS}):
                producer = source.view.producer.get(field)
                if producer is not None:
                    found.append(Gather(field, source.key, source.view.name, not producer.over,
                                        self._names(source.view, producer)))
        return tuple(found)

    def configs(self, view: TaskView, stage: StageView) -> Mapping[str, Plain] | None:
        """Return the configurations of the tasks that a stage reads, if it reads those."""
        if CONFIGS not in stage.inputs:
            return None
        return {source.key: to_plain(dict(source.view.config)) for source in view.sources(stage.id)}

    def are_as_before(self, view: TaskView) -> bool:
        """Tell whether what a completed task reads of others is there, and what it was then."""
        for stage in view.stages:
            if stage.over == "tasks" and stage.is_enabled(view.config.get(stage.id) or {}):
                record = self._catalogue.completed_record(view, stage.id, None)
                if record is None or record.note.get(GATHERED) != told(self.gathers(view, stage)):
                    return False
                configs = self.configs(view, stage)
                if configs is not None and record.reads.get(CONFIGS) != name_of_configs(configs):
                    return False
        return True

    def stored(self, gather: Gather, view: TaskView) -> dict[str, Stored]:
        """Return where the records are that `gather` names and that are there, by name.

        Arguments:
            gather: What is gathered.
            view: The task that it is gathered from.
        """
        steps = self._plan(view)
        producer = view.producer[gather.field].id
        if steps is not None:
            return {step.name: Stored(step.record, step.source.path) for _, step in steps
                    if step.stage == producer and step.record is not None and step.source is not None}
        records = (self._catalogue.completed_record(view, producer, input_id) for input_id, _ in gather.members)
        return {record.name: Stored(record, view.path) for record in records if record is not None}

    def _names(self, view: TaskView, stage: StageView) -> Members:
        key = view, stage.id
        if key not in self._members:
            steps = self._plan(view)
            if steps is None:
                found = self._completed(view, stage)
            else:
                found = tuple((input_id, step.name) for input_id, step in steps if step.stage == stage.id)
            self._members[key] = found
        return self._members[key]

    def _completed(self, view: TaskView, stage: StageView) -> Members:
        """Return the names of the records of a task that is up to date."""
        digest = self._catalogue.digest(view)
        pairs = digest.records.get(stage.id, []) if digest is not None else []
        if digest is None or stage.id not in (digest.provenance.get(ACCEPTED) or {}):
            return tuple(pairs)
        records = [(input_id, view.store.records.by_id(record)) for input_id, record in pairs]
        return tuple((input_id, record.name) for input_id, record in records if record is not None)
