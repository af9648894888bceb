"""Draws what depends on what: boxes with named ports, and a line from where a thing is made to where it is read.

Knows nothing of stages and tasks. A :class:`Graph` is a value; what makes one of a pipeline or a task lies with these.
"""

from repype_like.graph.dot import as_dot
from repype_like.graph.graph import Graph, Node, Port, State
from repype_like.graph.html import as_html, table_html
from repype_like.graph.stages import OtherTasks, Progress, graph_of_stages
from repype_like.graph.svg import as_svg
from repype_like.graph.text import PLAIN, Style, as_text

__all__ = ["PLAIN", "Graph", "Node", "OtherTasks", "Port", "Progress", "State", "Style", "as_dot", "as_html", "as_svg",
           "as_text", "graph_of_stages", "table_html"]
