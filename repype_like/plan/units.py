"""From the steps of all tasks to units of work: each distinct computation once, for all who want it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from repype_like.plan.plan import Node, Skip, Stored, Unit
from repype_like.plan.steps import Action, Step
from repype_like.plan.view import TaskView
from repype_like.store import ACCEPTED
from repype_like.typing import InputID, NamedTuple, Plain

__all__ = ["Wish", "make_units"]

_NONE: Mapping[tuple[str, str], Stored] = {}


class Wish(NamedTuple):
    """A task needs a step for an input."""

    view: TaskView
    input_id: InputID
    step: Step


def make_units(wishes: Sequence[Wish]) -> list[Unit]:
    """Return units of work that fulfil all wishes, each distinct computation once.

    A unit is everything that hangs together: the nodes of one input, over all tasks that share some of them. Values go
    from node to node in memory.

    Arguments:
        wishes: What each task needs, for each input in the order of the stages.
    """
    by_input: dict[tuple[int, type, InputID], list[Wish]] = {}
    for wish in wishes:
        by_input.setdefault((wish.view.codebase, type(wish.input_id), wish.input_id), []).append(wish)
    return [_unit(group, codebase) for (codebase, _, _), together in by_input.items() for group in _connected(together)]


def _connected(wishes: Sequence[Wish]) -> list[list[Wish]]:
    """Split the wishes for one input into groups of tasks that have a computation in common, directly or indirectly."""
    leader: dict[TaskView, TaskView] = {}

    def find(view: TaskView) -> TaskView:
        while leader[view] is not view:
            leader[view] = view = leader[leader[view]]
        return view

    first: dict[str, TaskView] = {}
    for wish in wishes:
        leader.setdefault(wish.view, wish.view)
        if wish.step.runs:
            leader[find(wish.view)] = find(first.setdefault(wish.step.name, wish.view))
    groups: dict[TaskView, list[Wish]] = {}
    for wish in wishes:  # those that do not run included: others read their records
        groups.setdefault(find(wish.view), []).append(wish)
    return [group for group in groups.values() if any(
        wish.step.runs or wish.step.stage in wish.view.skip_hooks for wish in group)]


def _unit(wishes: Sequence[Wish], codebase: int) -> Unit:
    """Return the unit of wishes for one input. Their order makes every node stand behind those it reads."""
    wanted: dict[str, list[Wish]] = {}
    for wish in wishes:
        if wish.step.runs:
            wanted.setdefault(wish.step.name, []).append(wish)
    nodes = [Node(name, twins[0].step.stage, twins[0].input_id, tuple(twin.view.name for twin in twins),
                  tuple(twins[0].step.reads.items()), twins[0].step.action is Action.RECOMPUTE,
                  _accepted(twins[0].step))
             for name, twins in wanted.items()]
    return Unit(tuple(nodes), _stored(wishes), tuple(_skips(wishes)), codebase)


def _accepted(step: Step) -> tuple[str, Plain] | None:
    record = step.record if step.action is Action.RECOMPUTE else None
    return (record.id, record.note[ACCEPTED]) if record is not None and ACCEPTED in record.note else None


def _stored(wishes: Sequence[Wish]) -> Mapping[tuple[str, str], Stored]:
    """Return the values that are read from stores. Which store has which field may differ from task to task."""
    if not any(wish.step.runs and wish.step.reads for wish in wishes):
        return _NONE
    sources = {(wish.view, wish.step.name): Stored(wish.step.record, wish.step.source.path) for wish in wishes
               if not wish.step.runs and wish.step.record is not None and wish.step.source is not None}
    stored = {}
    for wish in wishes:
        if wish.step.runs:
            for field, name in wish.step.reads.items():
                source = sources.get((wish.view, name))
                if source is not None:
                    stored[name, field] = source
    return stored


def _skips(wishes: Sequence[Wish]) -> Iterator[Skip]:
    known: dict[TaskView, list[Stored]] = {}
    for wish in wishes:
        step = wish.step
        if wish.view.skip_hooks and not step.runs and step.record is not None and step.source is not None:
            known.setdefault(wish.view, []).append(Stored(step.record, step.source.path))
            if step.stage in wish.view.skip_hooks:
                yield Skip(wish.view.name, wish.step.stage, wish.input_id, tuple(known[wish.view]))
