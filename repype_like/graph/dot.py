"""A graph in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from repype_like.graph.graph import Graph, Node, State

__all__ = ["as_dot"]

_LOOKS: dict[State, str] = {
    "done": 'color="#1a7f37", fillcolor="#eefaf0"', "todo": 'color="#9a6700", fillcolor="#fff8e0"',
    "failed": 'color="#cf222e", fillcolor="#fff0ee"', "off": 'color="#6e7781", style="rounded,dashed"',
    "unknown": 'color="#57606a"'}


def as_dot(graph: Graph) -> str:
    """Return a graph for ``dot``: a node for each box, an edge for each thing that it reads."""
    return "\n".join([f"digraph {_quoted(graph.title)} {{", *(f"    {line}" for line in _lines(graph)), "}", ""])


def _lines(graph: Graph) -> Iterator[str]:
    yield f"label={_quoted(graph.title)}; labelloc=t; fontname=sans;"
    yield 'node [shape=box, style="rounded,filled", fillcolor=white, fontname=sans];'
    yield "edge [fontname=sans, fontsize=10];"
    for position, node in enumerate(graph.nodes):
        yield f"n{position} [label={_quoted(_label(node))}, {_LOOKS[node.state]}];"
    read = set()
    for maker, reader, port in graph.edges():
        read.add(port.name)
        dashes = ", style=dashed" if port.note else ""
        yield f"n{maker} -> n{reader} [label={_quoted(port.name)}{dashes}];"
    for position, node in enumerate(graph.nodes):
        for number, port in enumerate(port for port in node.makes if port.name not in read):
            yield f'f{position}_{number} [label={_quoted(port.name)}, shape=plaintext, style=""];'
            yield f"n{position} -> f{position}_{number} [arrowhead=none{', style=dashed' if port.note else ''}];"


def _label(node: Node) -> str:
    return "\n".join(filter(None, (" ".join(filter(None, (node.title, node.count))), *node.remarks)))


def _quoted(text: str) -> str:
    """Return `text` as a string of the language, in which a backslash begins an escape and a quote ends it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + "".join(character if character.isprintable() else "\ufffd" for character in escaped) + '"'
