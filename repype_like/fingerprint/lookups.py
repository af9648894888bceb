"""Names and modules that code looks up by other means than by writing them down: ``getattr(m, "f")`` and the like."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from repype_like.fingerprint.holding import Path
from repype_like.fingerprint.uses import ALL, OWN_MODULE, Import, chain_of

__all__ = ["LOOKUPS", "called", "literal", "module_of", "packages_of", "path_of"]

LOOKUPS = frozenset({"getattr", "hasattr", "setattr", "delattr", "eval", "exec", "import_module", "__import__",
                     "globals", "vars"})
"""The functions that look names up."""


def called(function: ast.AST | None, aliases: Mapping[str, str]) -> str:
    """Return the name of what is called, if it may be one of :data:`LOOKUPS`; `aliases` are other names of these."""
    if isinstance(function, ast.Name):
        return aliases.get(function.id, function.id)
    return function.attr if isinstance(function, ast.Attribute) and function.attr == "import_module" else ""


def literal(node: ast.AST | None) -> str | None:
    """Return the text of a constant, None for everything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def module_of(name: str) -> Import:
    """Return the module that a text names."""
    level = len(name) - len(name.lstrip("."))
    return Import(level, name[level:])


def path_of(node: ast.AST | None, aliases: Mapping[str, str]) -> Path | None:
    """Return where the value of an expression is found, if the expression is one of those that tell.

    ``a.b``, ``getattr(a, "b")``, ``a.__dict__["b"]``, ``vars(a)["b"]``, ``import_module("a").b``,
    ``sys.modules["a"].b``, ``globals()["b"]``.
    """
    if isinstance(node, ast.Name):
        return node.id, ()
    if isinstance(node, ast.Attribute):
        return _extended(path_of(node.value, aliases), node.attr)
    if isinstance(node, ast.Subscript):
        return _path_of_item(node, aliases)
    if isinstance(node, ast.Call):
        return _path_of_call(node, aliases)
    return None


def _extended(path: Path | None, name: str) -> Path | None:
    return (path[0], (*path[1], name)) if path is not None else None


def _path_of_item(node: ast.Subscript, aliases: Mapping[str, str]) -> Path | None:
    name = literal(node.slice)
    if chain_of(node.value) == ("sys", "modules"):
        if isinstance(node.slice, ast.Name) and node.slice.id == "__name__":
            return OWN_MODULE, ()
        return (module_of(name), ()) if name is not None else None
    path = path_of(node.value, aliases) if name is not None else None
    if path is not None and name is not None and path[1][-1:] == ("__dict__",):
        return path[0], (*path[1][:-1], name)
    return None


def _path_of_call(node: ast.Call, aliases: Mapping[str, str]) -> Path | None:
    function = called(node.func, aliases)
    first = node.args[0] if node.args else None
    if function in ("import_module", "__import__"):
        name = literal(first)
        return (module_of(name), ()) if name is not None else None
    if function in ("globals", "vars") and not node.args:
        return OWN_MODULE, ("__dict__",)
    if function == "vars":
        return _extended(path_of(first, aliases), "__dict__")
    if function == "getattr" and len(node.args) == 2:
        name = literal(node.args[1])
        return _extended(path_of(first, aliases), name) if name is not None else None
    return None


def packages_of(node: ast.AST) -> Iterator[Path]:
    """Yield the packages one of whose modules a computed name may stand for, such as ``f"plugins.{name}"``."""
    first = node
    while True:
        if isinstance(first, ast.JoinedStr) and first.values:
            first = first.values[0]
        elif isinstance(first, ast.BinOp):
            first = first.left
        elif isinstance(first, ast.Call) and isinstance(first.func, ast.Attribute) and first.func.attr == "format":
            first = first.func.value
        elif isinstance(first, ast.FormattedValue):
            first = first.value
        else:
            break
    text = literal(first)
    chain = chain_of(first)
    if text is not None:
        package = text.rpartition(".")[0]
        if package or text.startswith("."):
            yield Import(*module_of(text if text.strip(".") == "" else package)[:2], ALL), ()
    elif chain is not None and chain[-1] in ("__name__", "__package__"):
        yield (chain[0], (*chain[1:-1], ALL)) if len(chain) > 1 else (Import(1, "", ALL), ())
