"""The words in which a normalized piece of code says what it does with names."""

from __future__ import annotations

import ast

from repype_like.typing import NamedTuple, Union

__all__ = ["ALL", "BASE", "CALL", "CHANGE", "CHANGE_ATTRIBUTE", "CHANGE_RESULT", "DERIVED", "DYNAMIC", "FIELDS",
           "HOLDING", "IMPORT", "OWN_MODULE", "PART", "PASS", "PURE_METHODS", "READ", "RESULT", "SAME", "STEERING",
           "WITHIN", "WRITING_METHODS", "Import", "ParameterChange", "Use", "chain_of", "changed_path", "only_writes"]

READ, CALL, CHANGE, CHANGE_ATTRIBUTE, PASS, BASE, DYNAMIC, IMPORT = range(8)
# What is done with a name: it is read, called, changed in place (an item of it is set), an attribute of it is set (the
# last one of the chain), passed to a call, a class is derived from it, an attribute with a computed name is read, it is
# imported within a function (whether or not it is used there).

SAME, PART, WITHIN, RESULT, CHANGE_RESULT = range(8, 13)
# What comes of it: what the code binds, or returns, may be the same object, a part of it, hold it, or be what a call of
# it returns; and what a call of it returns is changed in place.
HOLDING = frozenset({SAME, PART, WITHIN, RESULT})

OWN_MODULE = "<module>"
"""As the root of a use: the module that the code is in."""
ALL = "**"
"""As an attribute of a package: every module in it, because one of them is imported by a computed name."""

STEERING = frozenset({"inputs", "outputs", "consumes", "enabled_by_default", "version", "fingerprint", "default_config",
                      "ignore_config", "formats", "timeout", "resources", "retries", "metadata", "cache",
                      "deterministic", "optional_inputs", "extra_dependencies", "over", "tasks"})
"""Attributes of a stage that do not count by the code of its class: they steer its execution, or count by value."""

FIELDS = frozenset({"inputs", "outputs", "consumes"})
"""Those of them that count by value."""

PURE_METHODS = frozenset({
    "get", "keys", "values", "items", "copy", "index", "count", "join", "split", "rsplit", "partition", "rpartition",
    "strip", "lstrip", "rstrip", "format", "lower", "upper", "title", "replace", "startswith", "endswith", "encode",
    "decode", "isdisjoint", "issubset", "issuperset", "union", "intersection", "difference", "symmetric_difference",
    "sum", "mean", "min", "max", "std", "var", "astype", "reshape", "tolist", "item", "any", "all", "match",
    "fullmatch", "search", "findall", "finditer", "sub", "with_suffix", "with_name", "joinpath", "resolve",
    "absolute", "exists", "is_file", "is_dir", "read_text", "read_bytes", "relative_to", "as_posix", "info", "debug",
    "warning", "warn", "error", "exception", "critical", "getLogger", "basicConfig", "setLevel", "addHandler",
    "filterwarnings", "simplefilter"
})
"""Methods that, going by their names, leave their object as it is."""

WRITING_METHODS = frozenset({"append", "appendleft", "add", "extend", "insert", "update", "register"})
"""Methods that, going by their names, put something into their object and tell nothing of what is in it."""


class Import(NamedTuple):
    """What an import statement binds a name to: a module, or a `name` in it."""

    level: int
    module: str
    name: str = ""


Use = tuple[Union[str, Import], tuple[str, ...], int, bool, int]
"""A global name or an import ("" for what no name leads to), the attributes that follow, what is done with it, whether
it happens when the statement itself is executed (and not when a function that it defines is called), and the line where
that matters, or :data:`DERIVED`."""

DERIVED = -1
"""As the line of a use: it is told for what it changes alone. What it reaches is told by another use."""


class ParameterChange(NamedTuple):
    """That a function changes what a parameter of it refers to."""

    function: str
    is_first: bool
    """Whether it is the first parameter of a method."""
    attribute: str
    """Which attribute of it is changed in place; "" for the object itself."""
    only_sets: bool
    """Whether an attribute of the object is set and no more."""


def chain_of(node: ast.AST) -> tuple[str, ...] | None:
    """Return ``("a", "b", "c")`` for ``a.b.c``, and None for other expressions."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    names.append(node.id)
    return tuple(reversed(names))


def changed_path(attributes: tuple[str, ...], kind: int) -> tuple[str, ...] | None:
    """Return which attribute of an object a use may change, () for the object itself, None if it changes nothing."""
    if kind == CHANGE:
        return attributes
    if kind == CHANGE_ATTRIBUTE or (kind == CALL and attributes and attributes[-1] not in PURE_METHODS):
        return attributes[:-1]
    return None


def only_writes(use: Use) -> bool:
    """Tell whether a use puts something into an object without looking at what is in it."""
    _, attributes, kind, _, _ = use
    return kind in (CHANGE, CHANGE_ATTRIBUTE) or (kind == CALL and attributes[-1:] != () and
                                                  attributes[-1] in WRITING_METHODS)
