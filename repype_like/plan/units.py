"""From the steps of all tasks to units of work: each distinct computation once, for all who want it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from repype_like.plan.plan import Node, Skip, Stored, Unit
from repype_like.plan.steps import Action, Step
from repype_like.plan.view import TaskView
from repype_like.typing import InputID

__all__ = ["Wish", "make_units"]


@dataclass(frozen=True, slots=True)
class Wish:
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


def _runs(wish: Wish) -> bool:
    return wish.step.action in (Action.COMPUTE, Action.RECOMPUTE)


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
        if _runs(wish):
            leader[find(wish.view)] = find(first.setdefault(wish.step.name, wish.view))
    groups: dict[TaskView, list[Wish]] = {}
    for wish in wishes:  # those that do not run included: others read their records
        groups.setdefault(find(wish.view), []).append(wish)
    return [group for group in groups.values() if any(
        _runs(wish) or wish.step.stage in wish.view.skip_hooks for wish in group)]


def _unit(wishes: Sequence[Wish], codebase: int) -> Unit:
    """Return the unit of wishes for one input. Their order makes every node stand behind those it reads."""
    wanted: dict[str, list[Wish]] = {}
    for wish in wishes:
        if _runs(wish):
            wanted.setdefault(wish.step.name, []).append(wish)
    records = {wish.step.record.id: wish for wish in wishes if wish.step.record is not None}
    nodes = [Node(name, twins[0].step.stage, twins[0].input_id, tuple(twin.view.name for twin in twins),
                  tuple(twins[0].step.reads.items()), twins[0].step.action is Action.RECOMPUTE)
             for name, twins in wanted.items()]
    read = {name for node in nodes for _, name in node.reads}
    stored = {name: Stored(wish.step.record, wish.step.source.path) for name, wish in records.items()
              if name in read and name not in wanted and wish.step.record and wish.step.source}
    return Unit(tuple(nodes), stored, tuple(_skips(wishes)), codebase)


def _skips(wishes: Sequence[Wish]) -> Iterator[Skip]:
    known: dict[TaskView, list[Stored]] = {}
    for wish in wishes:
        if not _runs(wish) and wish.step.record is not None and wish.step.source is not None and wish.view.skip_hooks:
            known.setdefault(wish.view, []).append(Stored(wish.step.record, wish.step.source.path))
            if wish.step.stage in wish.view.skip_hooks:
                yield Skip(wish.view.name, wish.step.stage, wish.input_id, tuple(known[wish.view]))
