"""Which objects the value of an expression may be, be a part of, or hold: as far as the expression tells."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from repype_like.fingerprint.uses import PART, RESULT, SAME, WITHIN, Import
from repype_like.typing import NamedTuple, Union

__all__ = ["Path", "Source", "part_of", "sources_of", "within"]

Path = tuple[Union[str, Import], tuple[str, ...]]
"""A name or an import, and the attributes that follow."""


class Source(NamedTuple):
    """How a value relates to an object: ``SAME``, ``PART``, ``WITHIN`` or ``RESULT``."""

    relation: int
    root: str | Import
    attributes: tuple[str, ...]


def part_of(source: Source) -> Source:
    """Return how a part of a value (an item, an attribute) relates to the object."""
    relation = {SAME: PART, WITHIN: SAME}.get(source.relation, source.relation)
    return source._replace(relation=relation)


def within(source: Source) -> Source:
    """Return how what holds a value relates to the object."""
    return source._replace(relation=RESULT if source.relation == RESULT else WITHIN)


def sources_of(node: ast.AST | None, path_of: Callable[[ast.AST], Path | None]) -> Iterator[Source]:
    """Yield the objects that the value of `node` may be, be part of, or hold.

    ``a`` and ``(a if x else b)`` are the same, ``a.b[0]`` and ``a.get(0)`` a part, ``[a]`` and ``Box(a)`` hold it; what
    is computed, such as ``a + b``, is new.
    """
    path = path_of(node) if node is not None else None
    if path is not None:
        yield Source(SAME, *path)
    elif isinstance(node, (ast.Attribute, ast.Subscript)):
        yield from map(part_of, sources_of(node.value, path_of))
    elif isinstance(node, ast.Call):
        yield from _of_call(node, path_of)
    elif isinstance(node, (ast.Starred, ast.Await, ast.NamedExpr)):
        yield from sources_of(node.value, path_of)
    elif isinstance(node, ast.IfExp):
        yield from sources_of(node.body, path_of)
        yield from sources_of(node.orelse, path_of)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from sources_of(value, path_of)
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict)):
        for item in node.values if isinstance(node, ast.Dict) else node.elts:
            yield from map(within, sources_of(item, path_of))


def _of_call(node: ast.Call, path_of: Callable[[ast.AST], Path | None]) -> Iterator[Source]:
    path = path_of(node.func)
    if path is not None:
        yield Source(RESULT, *path)
        if path[1]:
            yield Source(PART, path[0], path[1][:-1])
    elif isinstance(node.func, ast.Attribute):
        yield from map(part_of, sources_of(node.func.value, path_of))
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        yield from map(within, sources_of(argument, path_of))
