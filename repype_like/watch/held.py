"""What failed and is not tried again, until something changes that it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from repype_like.events import StageFailed
from repype_like.plan import Files, Node, Plan, TaskView, Unit, task_key

__all__ = ["Held", "affected", "still_held", "without"]


@dataclass(frozen=True)
class Held:
    """A failure, and what it depended on."""

    failure: StageFailed
    key: str
    """What decided about the task as a whole when it failed: see :func:`repype_like.plan.task_key`."""
    node: str = ""
    """The name of what would be tried again; empty as long as that was not looked up, or if there is no such name."""
    met: Mapping[str, str] | None = None
    """The content of each file that the stage had met; None if that is not known."""


def still_held(held: Iterable[Held], plan: Plan, views: Mapping[str, TaskView], files: Files) -> list[Held]:
    """Return the failures that would only be repeated, each with the name of what would be tried again.

    Arguments:
        held: The failures so far.
        plan: What is to be done now.
        views: The tasks of the plan, by name.
        files: The contents of files.
    """
    nodes = [node for unit in plan.units for node in unit.nodes]
    names = {node.name for node in nodes}
    pending = {task.task for task in plan.tasks if task.pending}
    keys: dict[str, str] = {}
    found = []
    for item in held:
        task = item.failure.task
        if task not in pending or not _met_the_same(item, files):
            continue
        if item.node:
            if item.node in names:
                found.append(item)
            continue
        if task not in keys:
            keys[task] = task_key(views[task])
        if keys[task] == item.key:
            node = _node_of(item.failure, nodes)
            if node is not None or not item.failure.stage:
                found.append(replace(item, node=node.name if node is not None else ""))
    return found


def _met_the_same(item: Held, files: Files) -> bool:
    return item.met is None or all(files.content(Path(path)) == content for path, content in item.met.items())


def _node_of(failure: StageFailed, nodes: Iterable[Node]) -> Node | None:
    return next((node for node in nodes if node.stage == failure.stage and node.input_id == failure.input_id
                 and type(node.input_id) is type(failure.input_id) and failure.task in node.tasks), None)


def affected(held: Iterable[Held], plan: Plan) -> set[str]:
    """Return the tasks that something is left undone for."""
    kept = list(held)
    names = _dropped_names({item.node for item in kept if item.node}, plan)
    whole = {item.failure.task for item in kept if not item.node}
    return whole | {task for unit in plan.units for node in unit.nodes if node.name in names for task in node.tasks}


def without(held: Iterable[Held], plan: Plan) -> Plan:
    """Return `plan` without what failed before, and without what depends on that."""
    kept = list(held)
    if not kept:
        return plan
    names = _dropped_names({item.node for item in kept if item.node}, plan)
    whole = {item.failure.task for item in kept if not item.node}
    units = [_cut(unit, names, whole) for unit in plan.units]
    positions: dict[int, int] = {}
    for position, unit in enumerate(units):
        if unit is not None:
            positions[position] = len(positions)
    left = tuple(unit._replace(after=tuple(positions[before] for before in unit.after if before in positions))
                 for unit in units if unit is not None)
    return plan._replace(units=left)


def _cut(unit: Unit, names: set[str], whole: set[str]) -> Unit | None:
    if unit.opaque is not None:
        return None if unit.opaque in whole else unit
    nodes = tuple(node for node in unit.nodes if node.name not in names and not whole.issuperset(node.tasks))
    if len(nodes) == len(unit.nodes):
        return unit
    return unit._replace(nodes=nodes) if nodes else None


def _dropped_names(names: set[str], plan: Plan) -> set[str]:
    """Return the names, and those of all nodes that depend on them."""
    found, nodes = set(names), [node for unit in plan.units for node in unit.nodes]
    while True:
        more = {node.name for node in nodes if any(read in found for *_, read in node.read_by(""))} - found
        if not more:
            return found
        found |= more
