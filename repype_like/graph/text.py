"""A graph as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from repype_like.graph.graph import Graph, State
from repype_like.graph.lanes import Line, Row, lines_of, rows_of
from repype_like.width import cut, pad, width_of

__all__ = ["PLAIN", "Style", "as_text"]

_BOXES = {"─": "-", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "┼": "|", "◄": "<", "▸": ">"}
_ASCII = str.maketrans(_BOXES)
_SIGNS: dict[State, tuple[str, str]] = {"done": ("✓", "+"), "todo": ("●", "*"), "failed": ("✗", "x"),
                                        "off": ("○", "o"), "unknown": ("", "")}
_NARROWEST = 24


@dataclass(frozen=True)
class Style:
    """What can be shown."""

    width: int = 80
    """Columns."""
    unicode: bool = True
    """Whether there is more than ASCII."""
    paint: Callable[[str, State], str] = lambda text, state: text
    """Gives a text in the colour of a state."""

    @property
    def ellipsis(self) -> str:
        """What stands for what is left out."""
        return "…" if self.unicode else "..."


PLAIN = Style()


def as_text(graph: Graph, style: Style = PLAIN) -> list[str]:
    """Return a graph as lines of text.

    Boxes get narrower where they would not fit beside the lines; they are wider than `style.width` only if there are
    very many lines.
    """
    lanes = max((line.lane + 1 for line in lines_of(rows_of(graph, style.width))), default=0)
    room = max(style.width - 4 - 2 * lanes, _NARROWEST)
    rows = rows_of(graph, room)
    width = min(max((width_of(_wished(row)) for row in rows), default=0), room)
    lines = lines_of(rows)
    drawn = [_row(rows, lines, position, width, style) for position in range(len(rows))]
    return drawn if style.unicode else [line.translate(_ASCII) for line in drawn]


def _wished(row: Row) -> str:
    """Return a text as wide as the row would like to be."""
    if row.kind == "title":
        return "  ".join(filter(None, (f"  {row.text}", row.node.count)))
    note = f" ({row.port.note})" if row.port is not None and row.port.note else ""
    return f"{row.text}{note}"


def _row(rows: Sequence[Row], lines: Sequence[Line], position: int, width: int, style: Style) -> str:
    row = rows[position]
    strip = "".join(_strip(lines, position)).rstrip()
    if row.kind == "border":
        left, right = ("┌┐" if position == 0 else "└┘" if position == len(rows) - 1 else "├┤")
        return f"{left}{'─' * (width + 2)}{right}{strip}"
    here = any(position == line.maker or position in line.readers for line in lines)
    edge = "│" if not here and row.kind != "read" else "├" if row.kind == "made" else "◄"
    return f"│ {_inside(row, width, style)} {edge}{strip}"


def _inside(row: Row, width: int, style: Style) -> str:
    if row.kind == "title":
        sign = _SIGNS[row.node.state][0 if style.unicode else 1]
        head = f"{sign} " if sign else ""
        count = row.node.count
        name = cut(row.text, width - width_of(head) - (len(count) + 2 if count else 0), style.ellipsis)
        blanks = " " * (width - width_of(head + name) - len(count))
        return style.paint(head + name, row.node.state) + blanks + count
    text = row.text
    if row.kind == "remark":
        return style.paint(pad(cut(text, width, style.ellipsis), width), row.node.state)
    note = f" ({row.port.note})" if row.port is not None and row.port.note else ""
    text = cut(text, width - width_of(note), style.ellipsis) + note
    return pad(text, width, right=True)


def _strip(lines: Sequence[Line], position: int) -> Iterator[str]:
    """Yield what stands right of the boxes in a row, two characters for each lane."""
    active = {line.lane: line for line in lines if line.first <= position <= line.last}
    ending = {lane for lane, line in active.items() if position == line.maker or position in line.readers}
    reach = max(ending, default=-1)
    for lane in range(max(active, default=-1) + 1):
        line = active.get(lane)
        yield "─" if lane <= reach else " "
        if line is None:
            yield "─" if lane < reach else " "
        elif lane in ending:
            yield "┐" if position == line.first else "┘" if position == line.last else "┤"
        else:
            yield "┼" if lane < reach else "│"
