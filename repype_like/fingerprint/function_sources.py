"""The syntax trees of functions, given their code objects."""

from __future__ import annotations

import ast
import copy
import linecache
import types
from collections.abc import Iterator

from repype_like.fingerprint.canonical import canonical_bytes
from repype_like.fingerprint.sources import Source
from repype_like.typing import Any

__all__ = ["FunctionSources", "body_of_stage", "code_content"]


class FunctionSources:
    """Finds functions in files, and in what is known of the cells of notebooks."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[ast.Module, dict[int, list[ast.AST]]]] = {}

    def node_of(self, code: types.CodeType, source: Source | None) -> ast.AST | None:
        """Return the syntax tree of a function, None if there is no source of it.

        Arguments:
            code: The code of the function.
            source: The file that it is in, if that is a module of the project.
        """
        known = self._files.get(code.co_filename)
        if known is None:
            tree = source.parse() if source is not None else _tree_of_lines(code.co_filename)
            known = self._files[code.co_filename] = tree, _functions_by_line(tree)
        tree, by_line = known
        candidates = [node for node in by_line.get(code.co_firstlineno, ())
                      if getattr(node, "name", "<lambda>") == code.co_name]
        if len(candidates) > 1:
            candidates = _with_equal_code(code, candidates, tree)
        return candidates[0] if candidates else None


def _tree_of_lines(file: str) -> ast.Module:
    """Return the syntax tree of what is known of a file that need not exist, such as the cell of a notebook."""
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def _functions_by_line(tree: ast.Module) -> dict[int, list[ast.AST]]:
    """Return the functions of a module by the line that their code objects name: that of the first decorator."""
    by_line: dict[int, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            decorators = getattr(node, "decorator_list", [])
            by_line.setdefault(decorators[0].lineno if decorators else node.lineno, []).append(node)
    return by_line


def _with_equal_code(code: types.CodeType, candidates: list[ast.AST], tree: ast.Module) -> list[ast.AST]:
    """Return those of several functions in one line that compile to `code`: each is compiled as if further down."""
    for number, node in enumerate(candidates, 1):
        _move(node, number * 1_000_000)
    compiled = {found.co_firstlineno: code_content(found)
                for found in _codes_in(compile(tree, code.co_filename, "exec"))}
    lines: list[int] = [node.lineno for node in candidates]  # type: ignore[attr-defined]
    for number, node in enumerate(candidates, 1):
        _move(node, -number * 1_000_000)
    content = code_content(code)
    return [node for node, line in zip(candidates, lines, strict=True) if compiled.get(line) == content]


def _move(node: ast.AST, lines: int) -> None:
    for inner in ast.walk(node):
        if hasattr(inner, "lineno"):
            inner.lineno += lines
            inner.end_lineno += lines  # type: ignore[attr-defined]


def _codes_in(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes_in(constant)


def body_of_stage(node: ast.AST) -> ast.AST:
    """Return the tree of a function that was made a stage, without what counts by value: decorator and defaults."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return node
    calls = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
    names = [call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls]
    below = node.decorator_list[names.index("stage") + 1:] if "stage" in names else node.decorator_list
    bare, arguments = copy.copy(node), copy.copy(node.args)
    arguments.kw_defaults = [None] * len(arguments.kw_defaults)
    bare.decorator_list, bare.args = below, arguments
    return bare


def code_content(code: types.CodeType) -> tuple[Any, ...]:
    """Return what a code object does, without where it stands."""
    constants = tuple(code_content(value) if isinstance(value, types.CodeType) else canonical_bytes(value)
                      for value in code.co_consts)
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
