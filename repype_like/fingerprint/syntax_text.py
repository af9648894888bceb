"""Syntax trees as text that says what the code does."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

from repype_like.typing import Any, ClassVar

__all__ = ["SyntaxText"]

_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_FIELDS: dict[type, tuple[str, ...]] = {}


class SyntaxText:
    """Writes syntax trees as text, which is the same on all supported versions of Python.

    It leaves out what does not matter: docstrings, comments, positions, ``pass``, what only type checkers see.
    """

    def __init__(self) -> None:
        self.out: list[str] = []
        self.docs: list[str] = []
        """The docstrings, which are not part of the text."""

    @property
    def text(self) -> str:
        """The normalized text of what was visited."""
        return "".join(self.out)

    def visit(self, node: ast.AST) -> None:
        """Take in a node and what is below it."""
        handler = self.handlers.get(node.__class__)
        if handler is not None:
            handler(self, node)
        else:
            self._generic(node)

    def _generic(self, node: ast.AST) -> None:
        out = self.out
        cls = node.__class__
        fields = _FIELDS.get(cls)
        if fields is None:
            fields = _FIELDS[cls] = tuple(field for field in cls._fields if field not in _LEFT_OUT)
        out.append(cls.__name__ + "(")
        for field in fields:
            value = getattr(node, field, None)
            if value is None or value == []:
                continue  # also a field that this version of Python has and others have not
            out.append(field)
            if isinstance(value, ast.AST):
                self.visit(value)
            elif isinstance(value, list):
                if isinstance(value[0], ast.stmt):
                    self.block(value)
                else:
                    self._each(value)
            else:
                out.append(f"={value};")
        out.append(")")

    def _each(self, nodes: Iterable[ast.AST | str | None]) -> None:
        self.out.append("[")
        for node in nodes:
            if node is None:
                self.out.append("~")
            elif isinstance(node, str):
                self.out.append(node + ",")
            else:
                self.visit(node)
        self.out.append("]")

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Take in a list of statements, but those that do nothing."""
        self.out.append("[")
        if any(isinstance(statement, (ast.Import, ast.ImportFrom)) for statement in statements):
            statements = list(_imports_in_order(statements))
        for statement in statements:
            self.statement(statement)
        self.out.append("]")

    def statement(self, statement: ast.stmt) -> None:
        """Take in a statement unless it does nothing."""
        cls = statement.__class__
        if cls is ast.Pass:
            return
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            self.docs.append(str(statement.value.value))
            return
        if isinstance(statement, ast.Return) and getattr(statement.value, "value", statement) is None:
            statement = ast.Return()  # None is what it returns anyway
        elif isinstance(statement, ast.Delete):
            statement = ast.Delete(targets=list(_flat(statement.targets)))  # del (a, b) is del a, b
        if isinstance(statement, ast.If) and _only_for_type_checkers(statement.test):
            for other in statement.orelse:
                self.statement(other)
            return
        self.visit(statement)

    def _constant(self, node: ast.Constant) -> None:
        self.out.append(_constant_text(node.value))

    def _joined(self, node: ast.JoinedStr) -> None:
        """Take in an f-string: how its constant parts are cut depends on the version of Python."""
        self.out.append("f(")
        text = ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += str(part.value)
                continue
            if text:
                self.out.append(_constant_text(text))
                text = ""
            self.visit(part)
        if text:
            self.out.append(_constant_text(text))
        self.out.append(")")

    def _binary(self, node: ast.BinOp) -> None:
        """Take in a chain of operations without going deeper for each of its terms."""
        rest = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            rest.append(first)
            first = first.left
        self.out.append("(" * len(rest))
        self.visit(first)
        for operation in reversed(rest):
            self.out.append(operation.op.__class__.__name__)
            self.visit(operation.right)
            self.out.append(")")

    handlers: ClassVar[dict[type, Callable[[Any, Any], None]]] = {  # noqa: RUF012  ruff does not follow the import
        ast.Constant: _constant, ast.JoinedStr: _joined, ast.BinOp: _binary,
    }
    """The methods that take in nodes of certain types."""


def _flat(targets: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        if isinstance(target, (ast.Tuple, ast.List)):
            yield from _flat(target.elts)
        else:
            yield target


def _imports_in_order(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, but the imports that follow each other one by one, in the order of the alphabet."""
    run: list[tuple[str, ast.stmt]] = []
    for statement in statements:
        if isinstance(statement, ast.Import):
            run += [(f"{alias.asname or alias.name}, {alias.name}", ast.Import(names=[alias]))
                    for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            run += [(f"{alias.asname or alias.name}, {statement.level} {statement.module} {alias.name}", ast.ImportFrom(
                module=statement.module, names=[alias], level=statement.level)) for alias in statement.names]
        else:
            yield from _sorted_imports(run)
            run = []
            yield statement
    yield from _sorted_imports(run)


def _sorted_imports(run: list[tuple[str, ast.stmt]]) -> list[ast.stmt]:
    names = [key.partition(", ")[0] for key, _ in run]
    if len(set(names)) == len(names):  # otherwise the last one wins
        run = sorted(run, key=lambda item: item[0])
    return [statement for _, statement in run]


def _only_for_type_checkers(test: ast.expr) -> bool:
    return isinstance(test, (ast.Name, ast.Attribute)) and "TYPE_CHECKING" in (getattr(test, "id", ""),
                                                                             getattr(test, "attr", ""))


def _constant_text(value: Any) -> str:
    if isinstance(value, str):
        return f"s{len(value)}:{value}"
    if isinstance(value, bytes):
        return f"b{value.hex()};"
    if type(value) is int:
        return f"i{value:x};"
    return f"c{value!r};"
