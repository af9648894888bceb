"""What cannot be done in a plan, because something that it reads is going to be another and is not part of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from repype_like.plan.plan import Waiting
from repype_like.plan.units import Wish
from repype_like.typing import InputID

__all__ = ["without_waiting"]


def without_waiting(wishes: Sequence[Wish],
                    running: Mapping[str, frozenset[str]]) -> tuple[list[Wish], list[Waiting]]:
    """Return the wishes that can be fulfilled, and what the others wait for.

    Arguments:
        wishes: What each task needs, for each input in the order of the stages.
        running: By task, the names of all records that would have to be made, whether the plan is about them or not.
    """
    made: set[tuple[str, str]] = set()
    lacking: dict[int, Waiting] = {}
    by_rank = sorted(range(len(wishes)), key=lambda index: wishes[index].rank)  # what is read comes before
    for index in by_rank:
        wish = wishes[index]
        if wish.step.runs:
            missing = tuple(dict.fromkeys(
                (task, input_id) for task, input_id, name in _read(wish)
                if name in running.get(task, ()) and (task, name) not in made))
            if missing:
                lacking[index] = Waiting(wish.view.name, wish.step.stage, wish.input_id, missing)
            else:
                made.add((wish.view.name, wish.step.name))
    return [wish for index, wish in enumerate(wishes) if index not in lacking], list(lacking.values())


def _read(wish: Wish) -> Iterator[tuple[str, InputID, str]]:
    own, gathered = wish.view.name, {gather.field for gather in wish.step.gathers}
    for field, name in wish.step.reads.items():
        if field not in gathered:
            yield own, wish.input_id, name
    for gather in wish.step.gathers:
        for input_id, name in gather.members:
            yield gather.task or own, input_id, name

