"""Takes down what failed for a task, so that ``repype status`` can say it until it has become another matter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from repype_like.errors import RepypeError
from repype_like.events import StageFailed
from repype_like.execute.workplace import Workplace
from repype_like.plan import Action, Catalogue, Files, all_steps, plan_input, task_key
from repype_like.store import Failed
from repype_like.typing import InputID

__all__ = ["note_failures"]

_MOST = 100
"""How many failures of a task are taken down."""


def note_failures(place: Workplace, failures: Iterable[StageFailed], files: Files) -> None:
    """Take down what failed for a task in this run, and what failed before and would be tried just so again.

    Arguments:
        place: The task.
        failures: What failed for it.
        files: The contents of files.
    """
    view = place.view
    before = [item for item in view.store.failed if item.stage]
    new = [(failure.stage, failure.input_id, failure.error) for failure in failures]
    inputs = dict.fromkeys([item.input_id for item in before] + [input_id for stage, input_id, _ in new if stage])
    keys = {(stage, input_id): key for stage, input_id, key in _tried(place, files, inputs)}
    found = {(item.stage, item.input_id): item for item in before if keys.get((item.stage, item.input_id)) == item.key}
    for stage, input_id, error in new:
        key = keys.get((stage, input_id), "") if stage else task_key(view)
        found[stage, input_id] = Failed(stage, input_id, key, error.partition("\n")[0])
    view.store.note_failed(list(found.values())[:_MOST])


def _tried(place: Workplace, files: Files, inputs: Collection[InputID]) -> Iterator[tuple[str, InputID, str]]:
    """Yield the stages and inputs that there is no result for, with the pre-keys of what they would make."""
    view = place.view
    for input_id in inputs if not view.has_aggregates else [None]:
        try:
            steps = all_steps(view, files) if view.has_aggregates else [(input_id, step) for step in plan_input(
                view, input_id, Catalogue(lambda: ()), files, lambda stage: False, False)]
        except RepypeError:  # a method of the user's own that is needed for planning is what failed
            continue
        yield from ((step.stage, found, step.key) for found, step in steps if step.action is Action.COMPUTE)
