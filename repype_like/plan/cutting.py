"""Cuts units of work into pieces that several workers can share.

A unit is everything for one input that hangs together. As long as there are plenty of them, each worker does whole
units, and values go from stage to stage in memory. With few, they are cut at branching points: of twenty variants of
the last stage, the stages before it are one piece and each variant is another, so that one input keeps all workers
busy while nothing runs twice. What goes from piece to piece goes through files.

The promises of a unit hold for its pieces: stages of one task and input never run at the same time, since each piece
of a task comes after the one before; and each piece stands behind all those in its `after`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from repype_like.plan.plan import Node, Unit

__all__ = ["cut"]


@dataclass
class _Piece:
    kind: Hashable
    nodes: list[Node] = field(default_factory=list)
    after: set[int] = field(default_factory=set)
    """The positions of pieces of the same unit."""


def cut(units: Sequence[Unit], whole: Callable[[Unit], bool],
        kind: Callable[[Node], Hashable] = lambda node: node.tasks) -> list[Unit]:
    """Return `units` with those cut into pieces that need not stay whole.

    Arguments:
        units: The units; each stands behind those in its `after`.
        whole: Tells whether a unit stays as it is.
        kind: Nodes of the same kind stay together where that is possible. The tasks that want a node are part of it.
    """
    result: list[Unit] = []
    pieces_of: list[tuple[int, ...]] = []
    """By position in `units`, the positions in the result."""
    for unit in units:
        before = tuple(position for earlier in unit.after for position in pieces_of[earlier])
        start = len(result)
        if not unit.nodes or unit.skips or whole(unit):
            result.append(unit if before == unit.after else unit._replace(after=before))
        else:
            result.extend(piece._replace(after=(*before, *(start + position for position in piece.after)))
                          for piece in _pieces_of(unit, kind))
        pieces_of.append(tuple(range(start, len(result))))
    return result


def _pieces_of(unit: Unit, kind: Callable[[Node], Hashable]) -> Iterator[Unit]:
    """Yield the pieces of a unit; their `after` are positions among them."""
    pieces, home = _assign(unit, kind)
    passes = {name: set(fields) for name, fields in unit.passes.items()}
    for node in unit.nodes:
        for name_of_field, name in node.reads:
            if name in home and home[name] != home[node.name]:
                passes.setdefault(name, set()).add(name_of_field)
    for piece in pieces:
        read = {(name, name_of_field) for node in piece.nodes for _, name_of_field, name in node.read_by("")}
        yield unit._replace(
            nodes=tuple(piece.nodes), after=tuple(sorted(piece.after)), skips=(),
            stored={key: value for key, value in unit.stored.items() if key in read},
            passes={node.name: frozenset(passes[node.name]) for node in piece.nodes if node.name in passes})


def _assign(unit: Unit, kind: Callable[[Node], Hashable]) -> tuple[list[_Piece], dict[str, int]]:
    """Return the pieces, and the position of the piece of each node.

    A node joins the last piece of its kind, unless that would have to wait for itself: every edge leads from a piece to
    one with a higher number.
    """
    pieces: list[_Piece] = []
    home: dict[str, int] = {}
    latest: dict[Hashable, int] = {}
    last_of_task: dict[str, int] = {}
    for node in unit.nodes:
        sources = {home[name] for _, name in node.reads if name in home}
        key = (node.tasks, kind(node))
        position = latest.get(key, -1)
        if position < max([0, *sources, *(last_of_task.get(task, 0) for task in node.tasks)]):
            position = latest[key] = len(pieces)
            pieces.append(_Piece(key))
        piece = pieces[position]
        piece.nodes.append(node)
        piece.after |= {source for source in sources if source != position}
        piece.after |= {last_of_task[task] for task in node.tasks if last_of_task.get(task, position) != position}
        home[node.name] = position
        for task in node.tasks:
            last_of_task[task] = position
    return pieces, home
