"""What notebooks show: tables, and drawings in place. Every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from repype_like.graph.graph import Graph
from repype_like.graph.svg import as_svg

__all__ = ["as_html", "table_html"]


def as_html(graph: Graph, heading: str = "") -> str:
    """Return a drawing that can stand in an HTML page, and that scrolls where it is too wide."""
    above = f"<div><strong>{escape(heading)}</strong></div>" if heading else ""
    return f'{above}<div style="overflow-x:auto">{as_svg(graph)}</div>'


def table_html(heading: str, columns: Sequence[str], rows: Iterable[Sequence[object]], remark: str = "") -> str:
    """Return a table for an HTML page.

    Arguments:
        heading: What it is about.
        columns: The names of the columns; none for a table without a head.
        rows: The cells, of any type: their texts are shown, what is None is left empty.
        remark: What is to be said below it.
    """
    head = "".join(f'<th style="text-align:left">{escape(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(f'<td style="text-align:left">{"" if cell is None else escape(str(cell))}</td>'
                                    for cell in row) + "</tr>" for row in rows)
    parts = [f"<div><strong>{escape(heading)}</strong></div>" if heading else "", "<table>",
             f"<thead><tr>{head}</tr></thead>" if columns else "", f"<tbody>{body}</tbody></table>",
             f"<div><small>{escape(remark)}</small></div>" if remark else ""]
    return "".join(parts)
