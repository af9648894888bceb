"""Where in the project a piece of code stands, for people to look at."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from repype_like.errors import Location
from repype_like.fingerprint.codebase import Codebase
from repype_like.fingerprint.sources import Source

__all__ = ["place_of"]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def place_of(codebase: Codebase, piece: str) -> Location | None:
    """Return the file of a piece of code, and the line that it begins in if that can be found.

    Arguments:
        codebase: The project.
        piece: What a fingerprint calls it: ``module:name``, ``module:Class.method`` or ``module``.
    """
    module, _, name = piece.partition(":")
    with codebase.activate():
        place = codebase.locate(module)
    if not place.file:
        return None
    if place.kind != "source":
        return Location(Path(place.file))
    try:
        lines = _lines(codebase.sources.read(place.file))
    except (OSError, SyntaxError, ValueError, RecursionError):
        lines = {}
    return Location(Path(place.file), lines.get(name) or lines.get(name.partition(".")[0]) or 0)


@lru_cache(maxsize=64)
def _lines(source: Source) -> dict[str, int]:
    """Return the line in which each name of a module, and each member of a class, is bound first."""
    lines: dict[str, int] = {}
    for name, line in _bindings(source.parse().body):
        lines.setdefault(name, line)
    return lines


def _bindings(body: Iterable[ast.stmt]) -> Iterator[tuple[str, int]]:
    for statement in body:
        if isinstance(statement, _DEFINITIONS):
            yield statement.name, statement.lineno
        if isinstance(statement, ast.ClassDef):
            yield from ((f"{statement.name}.{name}", line) for name, line in _bindings(statement.body))
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                yield alias.asname or alias.name.partition(".")[0], statement.lineno
        elif not isinstance(statement, _DEFINITIONS):
            yield from _assigned(statement)


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, int]]:
    """Yield what a statement binds that is no definition itself; what is in its blocks included."""
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            yield from _bindings([node])
        elif isinstance(node, ast.ExceptHandler):
            yield from _bindings(node.body)
        else:
            yield from ((inner.id, inner.lineno) for inner in ast.walk(node)
                        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store))
