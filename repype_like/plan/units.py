"""From the steps of all tasks to units of work: each distinct computation once, for all who want it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

from repype_like.plan.gathering import CONFIGS, Gather
from repype_like.plan.keys import DRAW
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

    @property
    def rank(self) -> int:
        """That of the stage, see :attr:`TaskView.ranks`."""
        return self.view.ranks.get(self.step.stage, 0)


Found = Callable[[Gather], Mapping[str, Stored]]
"""Gives, for what is gathered from another task, where the records are that are there, by name."""


def make_units(wishes: Sequence[Wish], found: Found = lambda gather: {}) -> list[Unit]:
    """Return units of work that fulfil all wishes, each distinct computation once.

    A unit is everything that hangs together: the nodes of one input, over all tasks that share some of them. Values go
    from node to node in memory. What goes to or from an aggregate goes from unit to unit: each stands behind those that
    it reads, and every edge between them leads from a lower rank to a higher one.

    Arguments:
        wishes: What each task needs, for each input in the order of the stages.
        found: Knows the records of other tasks that aggregates read.
    """
    by_input: dict[tuple[int, int, type, InputID], list[Wish]] = {}
    linked = any(wish.view.has_aggregates for wish in wishes)
    for wish in wishes:
        rank = wish.rank if linked else 0
        by_input.setdefault((rank, wish.view.codebase, type(wish.input_id), wish.input_id), []).append(wish)
    known = {(wish.view.name, wish.step.name): Stored(wish.step.record, wish.step.source.path)
             for wish in wishes if wish.step.record is not None and wish.step.source is not None} if linked else {}
    units = [_unit(group, key[1]) for key, together in sorted(by_input.items(), key=lambda item: item[0][0])
             for group in _connected(together)]
    return _linked(units, known, found) if linked else units


def _linked(units: Sequence[Unit], known: Mapping[tuple[str, str], Stored], found: Found) -> list[Unit]:
    """Return units in an order in which each stands behind those that it reads, and with what it reads from stores.

    Arguments:
        units: The units, by themselves.
        known: By task and name, the records of the tasks of the plan.
        found: See :func:`make_units`.
    """
    home = {(task, node.name): position for position, unit in enumerate(units)
            for node in unit.nodes for task in node.tasks}
    after: dict[int, set[int]] = {position: set() for position in range(len(units))}
    passes: dict[tuple[int, str], set[str]] = {}
    stored: dict[int, dict[tuple[str, str], Stored]] = {}
    for position, unit in enumerate(units):
        own = {node.name for node in unit.nodes}
        for node in unit.nodes:
            elsewhere = {(gather.task, name): where for gather in node.gathers if gather.task
                         for name, where in found(gather).items()}
            for task in node.tasks:
                for owner, field, name in node.read_by(task):
                    source = home.get((owner, name), position)
                    if source != position:
                        after[position].add(source)
                        passes.setdefault((source, name), set()).add(field)
                    elif name not in own and (name, field) not in unit.stored:
                        where = known.get((owner, name)) or elsewhere.get((owner, name))
                        if where is not None:
                            stored.setdefault(position, {})[name, field] = where
    _keep_apart(units, after)
    order = list(TopologicalSorter({position: sorted(before) for position, before in after.items()}).static_order())
    place = {position: index for index, position in enumerate(order)}
    return [units[position]._replace(
        after=tuple(sorted(place[earlier] for earlier in after[position])),
        stored={**units[position].stored, **stored.get(position, {})},
        passes={node.name: frozenset(passes[position, node.name]) for node in units[position].nodes
                if (position, node.name) in passes}) for position in order]


def _keep_apart(units: Sequence[Unit], after: Mapping[int, set[int]]) -> None:
    """See to it that stages of one task and input never run at the same time: each unit is behind the one before."""
    last: dict[tuple[str, type, InputID], int] = {}
    for position, unit in enumerate(units):  # by rank
        for node in unit.nodes:
            for task in node.tasks:
                key = task, type(node.input_id), node.input_id
                if last.get(key, position) != position:
                    after[position].add(last[key])
                last[key] = position


def _connected(wishes: list[Wish]) -> list[list[Wish]]:
    """Split the wishes for one input into groups of tasks that have a computation in common, directly or indirectly."""
    if wishes[0].view is wishes[-1].view:  # they are in the order of the tasks, so there is but one
        return [wishes] if wishes[0].step.runs or _does_something(wishes) else []
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
    return list(filter(_does_something, groups.values()))


def _does_something(wishes: Iterable[Wish]) -> bool:
    """Tell whether anything runs, or somebody wants to know that it does not."""
    return any(wish.step.runs or wish.step.stage in wish.view.skip_hooks for wish in wishes)


def _unit(wishes: Sequence[Wish], codebase: int) -> Unit:
    """Return the unit of wishes for one input. Their order makes every node stand behind those it reads."""
    wanted: dict[str, list[Wish]] = {}
    for wish in wishes:
        step = wish.step
        if step.runs:
            wanted.setdefault(step.name, []).append(wish)
    nodes = tuple([_node(name, twins) for name, twins in wanted.items()])
    if len(nodes) == len(wishes):  # all of them run, so nothing is read from stores or skipped
        return Unit(nodes, _NONE, (), codebase)
    return Unit(nodes, _stored(wishes), tuple(_skips(wishes)), codebase)


def _node(name: str, twins: Sequence[Wish]) -> Node:
    view, input_id, step = twins[0]
    tasks = (view.name,) if len(twins) == 1 else tuple([twin.view.name for twin in twins])
    recomputes = step.action is Action.RECOMPUTE
    reads = _reads(step) if step.reads else ()
    return Node(name, step.stage, input_id, tasks, reads, recomputes, _accepted(step) if recomputes else None,
                step.gathers, step.configs, _draw(twins))


def _reads(step: Step) -> tuple[tuple[str, str], ...]:
    """Return what a step reads one by one, and not gathered."""
    if not step.gathers:
        return tuple(step.reads.items())
    gathered = {gather.field for gather in step.gathers}
    return tuple((field, read) for field, read in step.reads.items()
                 if field not in gathered and (field != CONFIGS or step.configs is None))


def _draw(twins: Iterable[Wish]) -> str | None:
    for _, _, step in twins:
        if step.forced:
            return ""
        if step.action is Action.RECOMPUTE and step.record is not None and DRAW in step.record.note:
            return str(step.record.note[DRAW])
    return None


def _accepted(step: Step) -> tuple[str, Plain] | None:
    record = step.record
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
