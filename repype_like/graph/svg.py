"""A graph as SVG, in the same layout as the text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from html import escape

from repype_like.graph.graph import Graph, State
from repype_like.graph.lanes import Line, Row, lines_of, rows_of
from repype_like.width import cut, width_of

__all__ = ["as_svg"]

_ROW, _COLUMN, _LANE, _MARGIN, _GAP = 20, 7.4, 16, 14, 12
"""Pixels: the height of a row, the width of a character, that of a lane, the margin, and between two boxes."""

_WIDEST = 60
"""Characters."""

_COLORS: dict[State, tuple[str, str]] = {
    "done": ("#1a7f37", "#eefaf0"), "todo": ("#9a6700", "#fff8e0"), "failed": ("#cf222e", "#fff0ee"),
    "off": ("#6e7781", "#f6f8fa"), "unknown": ("#57606a", "#f6f8fa")}
"""By state, the colour of the frame and that of the box."""

_LINES = ("#57606a", "#0969da", "#8250df", "#bf3989", "#0a7d70", "#953800")
"""The colours of lines, in turn, so that they can be followed with the eye."""

_SAID: dict[State, str] = {"done": "up to date", "todo": "would run", "failed": "failed last time",
                           "off": "does not take part", "unknown": ""}


def as_svg(graph: Graph) -> str:
    """Return a graph as an SVG document that needs nothing else."""
    rows = rows_of(graph, _WIDEST)
    lines = lines_of(rows)
    columns = min(max((_columns(row) for row in rows), default=0), _WIDEST)
    drawing = _Drawing(rows, lines, columns * _COLUMN + 24)
    title = cut(graph.title, max(int(drawing.width / _COLUMN) - 4, 20))
    return "\n".join([
        (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{drawing.width:.0f}" '
        f'height="{drawing.height:.0f}" viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="12">'),
        f"<title>{_text(graph.title)}</title>",
        f'<rect width="{drawing.width:.0f}" height="{drawing.height:.0f}" rx="6" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="22" font-weight="bold" fill="#24292f">{_text(title)}</text>',
        *drawing.boxes(), *drawing.paths(), *drawing.texts(), "</svg>", ""])


def _columns(row: Row) -> int:
    text = row.text
    if row.kind == "title":
        text = f"{row.text}  {row.node.count}"
    elif row.port is not None and row.port.note:
        text = f"{row.text} ({row.port.note})"
    return width_of(text)


class _Drawing:
    def __init__(self, rows: Sequence[Row], lines: Sequence[Line], box: float):
        self.rows, self.lines, self.box = rows, lines, box
        self.right = _MARGIN + box
        self.y: list[float] = []
        position = 40.0
        for number, row in enumerate(rows):
            if row.kind == "border":
                position += _GAP if 0 < number < len(rows) - 1 else 0
                self.y.append(position)
                position += 2
            else:
                self.y.append(position + _ROW / 2)
                position += _ROW
        lanes = max((line.lane + 1 for line in lines), default=0)
        self.width = max(self.right + _LANE * (lanes + 0.5) + _MARGIN, 240)
        self.height = position + _MARGIN + 4

    def boxes(self) -> Iterator[str]:
        borders = [number for number, row in enumerate(self.rows) if row.kind == "border"]
        for first, last in itertools.pairwise(borders):
            node = self.rows[first].node
            stroke, fill = _COLORS[node.state]
            top = self.y[first]
            height = self.y[last - 1] + _ROW / 2 + 4 - top
            dashes = ' stroke-dasharray="4 3"' if node.state == "off" else ""
            said = ", ".join(filter(None, (node.title, _SAID[node.state], node.count, *node.remarks)))
            yield (f'<rect x="{_MARGIN}" y="{top:.1f}" width="{self.box:.1f}" height="{height:.1f}" rx="5" '
                   f'fill="{fill}" stroke="{stroke}"{dashes}><title>{_text(said)}</title></rect>')

    def texts(self) -> Iterator[str]:
        columns = int((self.box - 20) / _COLUMN)
        for row, y in zip(self.rows, self.y, strict=True):
            stroke = _COLORS[row.node.state][0]
            at, base = f'x="{_MARGIN + 10}"', f'y="{y + 4:.1f}"'
            end = f'x="{self.right - 10:.1f}" text-anchor="end"'
            if row.kind == "title":
                room = columns - len(row.node.count) - 1
                yield f'<text {at} {base} font-weight="bold" fill="{stroke}">{_text(cut(row.text, room))}</text>'
                if row.node.count:
                    yield f'<text {end} {base} fill="{stroke}">{_text(row.node.count)}</text>'
            elif row.kind == "remark":
                yield f'<text {at} {base} font-size="11" fill="{stroke}">{_text(row.text)}</text>'
            elif row.port is not None:
                note = f" ({row.port.note})" if row.port.note else ""
                style = ' font-style="italic" fill="#6e7781"' if row.port.note else ' fill="#24292f"'
                yield f"<text {end} {base}{style}>{_text(cut(row.text, columns - width_of(note)) + note)}</text>"

    def paths(self) -> Iterator[str]:
        for number, line in enumerate(self.lines):
            color, x = _LINES[number % len(_LINES)], self.right + _LANE * (line.lane + 1)
            start = self.y[line.maker]
            said = _text(f"{line.name}: made by {self.rows[line.maker].node.title}, read by " + ", ".join(
                dict.fromkeys(self.rows[reader].node.title for reader in line.readers)))
            ways = []
            for reader in line.readers:
                end = self.y[reader]
                turn = 6 if end > start else -6
                ways.append(f"M{self.right:.1f} {start:.1f}H{x - 6:.1f}Q{x:.1f} {start:.1f} {x:.1f} {start + turn:.1f}"
                            f"V{end - turn:.1f}Q{x:.1f} {end:.1f} {x - 6:.1f} {end:.1f}H{self.right + 5:.1f}")
            yield (f'<path d="{"".join(ways)}" fill="none" stroke="{color}" stroke-width="1.4"><title>{said}</title>'
                   "</path>")
            for reader in line.readers:
                end = self.y[reader]
                yield (f'<path d="M{self.right:.1f} {end:.1f}l7 -4v8z" fill="{color}"/>')


def _text(text: str) -> str:
    """Return `text` as XML may have it."""
    return escape("".join(character if character.isprintable() else "\ufffd" for character in text))
