"""Scopes: the names that a function, a class body or a module binds, and what comes of what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repype_like.fingerprint.holding import Source
from repype_like.fingerprint.uses import (
    CALL,
    CHANGE,
    CHANGE_ATTRIBUTE,
    CHANGE_RESULT,
    PART,
    PASS,
    RESULT,
    SAME,
    WITHIN,
    Import,
    Use,
)
from repype_like.typing import Any

__all__ = ["Scope", "composed", "origins", "touched"]

_ITEM = "[]"  # stands for an item among attributes


class Scope:
    """The names of a function, a class body, a comprehension or a module."""

    __slots__ = ("bound", "declared", "first", "held", "imports", "is_class", "is_comprehension", "is_function",
                 "origins", "parameters", "uses")

    def __init__(self, is_class: bool = False, is_comprehension: bool = False, is_function: bool = False):
        self.is_class = is_class
        self.is_comprehension = is_comprehension
        self.is_function = is_function
        self.bound: set[str] = set()
        self.declared: set[str] = set()  # global or nonlocal
        self.imports: dict[str, list[Import]] = {}
        self.parameters: frozenset[str] = frozenset()
        self.first = ""  # the first parameter, if it is a method
        self.held: dict[str, list[Source]] = {}  # by local name, what its value is, is part of, or holds
        self.origins: dict[str | Import, set[Source]] = {}  # the same, through other local names, once they are known
        self.uses: list[Use] = []


def touched(sources: Iterable[Source], attributes: tuple[str, ...], kind: int) -> Iterator[tuple[Any, ...]]:
    """Yield what is done to objects if something is done to a value: root, attributes and kind."""
    depth = len(attributes) - (kind in (CALL, CHANGE_ATTRIBUTE))
    for relation, root, before in sources:
        if relation == SAME:
            yield root, before + attributes, kind
        elif relation == PART:
            yield root, (*before, _ITEM, *attributes), kind
        elif relation == WITHIN and (depth > 0 or kind == PASS):
            yield root, before, CHANGE if kind != PASS else PASS
        elif relation == RESULT and kind != PASS:
            yield root, before, CHANGE_RESULT


def origins(scope: Scope, name: str) -> Iterator[Source]:
    """Yield what the value of a local variable comes from, through other local variables, but those themselves."""
    seen = set()
    pending = [Source(SAME, name, ())]
    while pending:
        relation, root, attributes = pending.pop()
        if root not in scope.held or root in scope.declared or (root in scope.parameters and root != name):
            yield Source(relation, root, attributes)
            continue
        if (relation, root) in seen:
            continue
        seen.add((relation, root))
        pending.extend(Source(composed(relation, inner), origin, before + attributes if inner == SAME else before)
                       for inner, origin, before in scope.held[str(root)])


def composed(outer: int, inner: int) -> int:
    """Return how what relates to something relates to what that comes from."""
    if outer in (SAME, inner):
        return inner
    if inner == SAME:
        return outer
    return {(PART, WITHIN): SAME, (WITHIN, PART): WITHIN}.get((outer, inner), RESULT)
