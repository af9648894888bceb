"""What is to be drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Graph", "Node", "Port", "State"]

State = Literal["done", "todo", "failed", "off", "unknown"]
"""``off``: takes no part. ``unknown``: nothing is said about it."""


@dataclass(frozen=True, slots=True)
class Port:
    """Something that a node reads or makes. What has the same name is the same thing."""

    name: str
    note: str = ""
    """In a word, what is special about it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A box."""

    title: str
    reads: tuple[Port, ...] = ()
    makes: tuple[Port, ...] = ()
    state: State = "unknown"
    count: str = ""
    """How much of it is done: ``3/5``."""
    remarks: tuple[str, ...] = ()
    """What else is to be said, such as why it is not done; a line each."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes in an order in which things are made before they are read."""

    title: str
    nodes: tuple[Node, ...]

    def edges(self) -> Iterator[tuple[int, int, Port]]:
        """Yield the positions of two nodes, and what the second one reads that the first one makes."""
        makers = {port.name: (position, port) for position, node in enumerate(self.nodes) for port in node.makes}
        for position, node in enumerate(self.nodes):
            for port in node.reads:
                if port.name in makers:
                    yield makers[port.name][0], position, makers[port.name][1]
