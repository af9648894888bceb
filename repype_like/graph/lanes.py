"""The layout that all drawings share: boxes one above the other, and beside them a lane for each line.

A box has a row for its title, for each remark, for each thing that it reads, and for each that it makes. The line of a
thing leaves the box where it is made, runs along its lane, and enters every box that reads it. So a drawing is as wide
as its widest box and the things that are under way at the same time, however many boxes there are. Short lines get the
inner lanes, where they cross the fewest others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from repype_like.graph.graph import Graph, Node, Port
from repype_like.width import wrap

__all__ = ["Line", "Row", "lines_of", "rows_of"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the drawing; `border` rows lie above the first box, between two, and below the last one."""

    kind: Literal["border", "title", "remark", "read", "made"]
    node: Node
    text: str = ""
    port: Port | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The line of a thing: the row where it is made, those where it is read, and its lane (0 is next to the boxes)."""

    name: str
    maker: int
    readers: tuple[int, ...]
    lane: int

    @property
    def first(self) -> int:
        """The uppermost row."""
        return min(self.maker, *self.readers)

    @property
    def last(self) -> int:
        """The lowest row."""
        return max(self.maker, *self.readers)


def rows_of(graph: Graph, width: int) -> list[Row]:
    """Return the rows of a drawing; remarks are broken to `width` columns."""
    rows = []
    for node in graph.nodes:
        rows += [Row("border", node), Row("title", node, node.title)]
        rows += [Row("remark", node, text) for remark in node.remarks for text in wrap(remark, width)]
        rows += [Row("read", node, port.name, port) for port in node.reads]
        rows += [Row("made", node, port.name, port) for port in node.makes]
    return [*rows, Row("border", graph.nodes[-1])] if rows else []


def lines_of(rows: Sequence[Row]) -> list[Line]:
    """Return the lines between rows; what nobody reads, or nobody makes, has none."""
    makers = {row.text: position for position, row in enumerate(rows) if row.kind == "made"}
    readers: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        if row.kind == "read" and row.text in makers:
            readers.setdefault(row.text, []).append(position)
    wanted = [Line(name, makers[name], tuple(found), 0) for name, found in readers.items()]
    return list(_with_lanes(sorted(wanted, key=lambda line: (line.last - line.first, line.first))))


def _with_lanes(lines: Sequence[Line]) -> Iterator[Line]:
    lanes: list[list[Line]] = []
    for line in lines:
        lane = next((number for number, others in enumerate(lanes) if all(
            line.last < other.first or other.last < line.first for other in others)), len(lanes))
        lanes[lane:lane + 1] = [[*(lanes[lane] if lane < len(lanes) else []), line]]
        yield Line(line.name, line.maker, line.readers, lane)
