"""The same graph as text, SVG and DOT."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from textwrap import dedent

from hypothesis import given, settings
from hypothesis import strategies as st

from repype_like.graph import Graph, Node, Port, Style, as_dot, as_html, as_svg, as_text, table_html
from repype_like.graph.lanes import lines_of, rows_of
from repype_like.width import width_of

DIAMOND = Graph("diamond", (
    Node("load", (), (Port("image"), Port("size")), "done", "2/2"),
    Node("blur", (Port("image"),), (Port("smooth", "not kept"),), "todo", "0/2", ("sigma 1 -> 2",)),
    Node("edges", (Port("image"),), (Port("lines"),), "off"),
    Node("join", (Port("smooth"), Port("lines")), (Port("labels"),), "failed", "1/2")))

_NAMES = st.text('ab画\x1b"\\<&|─{', min_size=1, max_size=6)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    made: list[str] = []
    nodes = []
    for number in range(draw(st.integers(0, 7))):
        read = draw(st.lists(st.sampled_from(made), max_size=3, unique=True)) if made else []
        makes = tuple(Port(f"{number}{name}", draw(st.sampled_from(["", "not kept"])))
                      for name in draw(st.lists(_NAMES, max_size=3, unique=True)))
        made += [port.name for port in makes]
        nodes.append(Node(draw(_NAMES), tuple(map(Port, read)), makes, draw(st.sampled_from(["done", "todo", "off"])),
                          draw(st.sampled_from(["", "3/5"])), tuple(draw(st.lists(_NAMES, max_size=2)))))
    return Graph(draw(_NAMES), tuple(nodes))


def test_text() -> None:
    assert "\n".join(as_text(DIAMOND)) == dedent("""\
        ┌───────────────────┐
        │ ✓ load        2/2 │
        │             image ├─┐
        │              size │ │
        ├───────────────────┤ │
        │ ● blur        0/2 │ │
        │ sigma 1 -> 2      │ │
        │             image ◄─┤
        │ smooth (not kept) ├─┼─┐
        ├───────────────────┤ │ │
        │ ○ edges           │ │ │
        │             image ◄─┘ │
        │             lines ├─┐ │
        ├───────────────────┤ │ │
        │ ✗ join        1/2 │ │ │
        │            smooth ◄─┼─┘
        │             lines ◄─┘
        │            labels │
        └───────────────────┘""")


def test_ascii() -> None:
    text = "\n".join(as_text(DIAMOND, Style(unicode=False)))
    assert text.isascii()
    assert "| * blur        0/2 |" in text
    assert "| smooth (not kept) +-|-+" in text


def test_nothing() -> None:
    assert as_text(Graph("none", ())) == []
    ET.fromstring(as_svg(Graph("none", ())))


@settings(max_examples=60)
@given(graphs(), st.integers(60, 100))
def test_text_fits_and_every_line_can_be_followed(graph: Graph, width: int) -> None:
    text = as_text(graph, Style(width))
    assert all(width_of(line) <= width for line in text)
    rows = rows_of(graph, width)
    lines = lines_of(rows)
    assert sum(len(line.readers) for line in lines) == len(list(graph.edges()))
    for position, one in enumerate(lines):
        for other in lines[position + 1:]:
            assert one.lane != other.lane or one.last < other.first or other.last < one.first


@settings(max_examples=60)
@given(graphs())
def test_svg_and_dot_are_sound_whatever_the_names(graph: Graph) -> None:
    root = ET.fromstring(as_svg(graph))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall("{*}path")) >= len({port.name for _, _, port in graph.edges()})
    dot = as_dot(graph)
    assert dot.count(" [label=") >= len(graph.nodes)
    without = re.sub(r'"(?:[^"\\]|\\.)*"', "", dot)  # nothing is left over outside of strings
    assert '"' not in without
    assert "\x1b" not in dot


def test_html_escapes() -> None:
    evil = "<script>alert(1)</script>"
    assert evil not in as_html(Graph(evil, (Node(evil, (), (Port(evil),), remarks=(evil,)),)))
    assert evil not in table_html(evil, [evil], [[evil, None]], evil)
