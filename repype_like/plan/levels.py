"""One task, for all its inputs: stage by stage where there are aggregates, since these read of every input."""

from __future__ import annotations

from collections.abc import Callable, Collection

from repype_like.plan.catalogue import Catalogue
from repype_like.plan.files import Files
from repype_like.plan.gathering import Gather
from repype_like.plan.sources import Sources
from repype_like.plan.steps import InputPlanning, Step, plan_input
from repype_like.plan.view import StageView, TaskView
from repype_like.typing import InputID

__all__ = ["plan_inputs"]


def plan_inputs(view: TaskView, catalogue: Catalogue, files: Files, forced: Callable[[str], bool], pick_up: bool,
                sources: Sources, damage: str = "", last: str | None = None,
                inputs: Collection[InputID] | None = None) -> list[tuple[InputID, Step]]:
    """Return the steps of a task, for each input in the order of the stages; disabled stages have none.

    Arguments:
        view: The task.
        catalogue: Where records are found.
        files: The contents of files.
        forced: Tells whether a stage is to run whatever is stored.
        pick_up: Whether other tasks are searched.
        sources: What there is of the tasks that aggregates read.
        damage: What is wrong with the digest of the task.
        last: The stage behind which there are to be no steps, if any.
        inputs: The inputs that are asked for; None for all. If there are aggregates, which read the others as well, all
            have steps.
    """
    if view.has_aggregates:
        def begin(input_id: InputID) -> InputPlanning:
            is_meant = inputs is None or input_id is None or input_id in inputs
            return InputPlanning(view, input_id, catalogue, files, lambda stage: is_meant and forced(stage), pick_up,
                                 damage)

        return _Levels(view, sources, begin).steps(last)
    return [(input_id, step) for input_id in view.input_ids if inputs is None or input_id in inputs
            for step in plan_input(view, input_id, catalogue, files, forced, pick_up, damage, last)]


class _Levels:
    def __init__(self, view: TaskView, sources: Sources, begin: Callable[[InputID], InputPlanning]):
        self.view = view
        self.sources = sources
        self.each = {input_id: begin(input_id) for input_id in view.input_ids}
        self.whole = begin(None)

    def steps(self, last: str | None) -> list[tuple[InputID, Step]]:
        for stage in self.view.stages:
            if stage.over == "tasks":
                self.whole.add(stage, gathers=(*self.sources.gathers(self.view, stage), *self._gathers(stage)),
                               configs=self.sources.configs(self.view, stage))
            elif stage.over:
                self.whole.add(stage, gathers=self._gathers(stage))
            else:
                for planning in self.each.values():
                    planning.add(stage, self.whole.names)
        return [(planning.input_id, step) for planning in (*self.each.values(), self.whole)
                for step in planning.finish(last)]

    def _gathers(self, stage: StageView) -> tuple[Gather, ...]:
        """Return what an aggregate over inputs reads: the fields that there are for every input."""
        producers = self.view.producer
        return tuple(Gather(field, "", "", True, tuple(
            (input_id, planning.names[field]) for input_id, planning in self.each.items() if field in planning.names))
            for field in sorted(stage.sources_here) if field in producers and not producers[field].over)
