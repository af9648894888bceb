"""The names that syntax trees use."""

from __future__ import annotations

import ast

from repype_like.fingerprint.syntax_text import SyntaxText
from repype_like.fingerprint.uses import (
    CALL,
    CHANGE,
    CHANGE_ATTRIBUTE,
    DYNAMIC,
    IMPORT,
    OWN_MODULE,
    PASS,
    READ,
    Import,
    ParameterChange,
    Use,
    chain_of,
    changed_path,
)

__all__ = ["NameUses", "Scope"]


class Scope:
    """The names of a function, a class body, a comprehension or a module."""

    __slots__ = ("bound", "declared", "first", "imports", "is_class", "is_comprehension", "parameters", "uses")

    def __init__(self, is_class: bool = False, is_comprehension: bool = False):
        self.is_class = is_class
        self.is_comprehension = is_comprehension
        self.bound: set[str] = set()
        self.declared: set[str] = set()  # global or nonlocal
        self.imports: dict[str, list[Import]] = {}
        self.parameters: frozenset[str] = frozenset()
        self.first = ""  # the first parameter, if it is a method
        self.uses: list[Use] = []


class NameUses(SyntaxText):
    """Writes syntax trees, and resolves the names in them as far as the code itself tells.

    What remains are the uses of global names and of imports.
    """

    def __init__(self) -> None:
        super().__init__()
        self.uses: set[Use] = set()
        self.notes: list[tuple[int, str]] = []
        """What cannot be seen: line and words."""
        self.parameter_changes: set[ParameterChange] = set()
        self.own_reads: set[str] = set()
        """The attributes of their first parameter that methods read."""
        self.stars: list[Import] = []
        self.module = Scope()
        self._scopes = [self.module]
        self._functions: list[str] = []
        self._eager = True

    def close(self) -> None:
        """Move the uses of the outermost scope to :attr:`uses`."""
        self.uses.update(self.module.uses)
        self.module.uses.clear()

    def _bind(self, name: str) -> None:
        scope = self._scopes[-1]
        if name in scope.declared:
            scope.uses.append((name, (), CHANGE, self._eager, 0))
        scope.bound.add(name)

    def _use(self, root: str, attributes: tuple[str, ...], kind: int, line: int = 0) -> None:
        self._scopes[-1].uses.append((root, attributes, kind, self._eager, line))

    def _name(self, node: ast.Name) -> None:
        self.out.append(f"n{node.id};")
        if isinstance(node.ctx, ast.Load):
            self._scopes[-1].uses.append((node.id, (), READ, self._eager, 0))
        else:
            self._bind(node.id)

    def _attribute(self, node: ast.Attribute) -> None:
        self._chain(node, READ if isinstance(node.ctx, ast.Load) else CHANGE_ATTRIBUTE)

    def _chain(self, node: ast.expr, kind: int, line: int = 0) -> None:
        """Take in an expression with which something in particular is done."""
        chain = chain_of(node)
        if chain is not None:
            self.out.append(f".{'.'.join(chain)};")
            self._use(chain[0], chain[1:], kind, line)
        elif isinstance(node, ast.Attribute):
            self.out.append(f"@{node.attr};")
            self.visit(node.value)
            self._use("", (node.attr,), kind)
        elif isinstance(node, ast.Starred):
            self.out.append("*")
            self._chain(node.value, kind)
        else:
            self.visit(node)

    def _subscript(self, node: ast.Subscript) -> None:
        self.out.append("[")
        if chain_of(node.value) == ("sys", "modules"):
            self._module_lookup(node.slice)
        self._chain(node.value, READ if isinstance(node.ctx, ast.Load) else CHANGE)
        self.visit(node.slice)
        self.out.append("]")

    def _augmented(self, node: ast.AugAssign) -> None:
        chain = chain_of(node.target.value if isinstance(node.target, ast.Subscript) else node.target)
        if chain is not None:
            self._use(chain[0], chain[1:], READ)
        self._generic(node)

    def _walrus(self, node: ast.NamedExpr) -> None:
        self.out.append(f":{node.target.id}=")
        self.visit(node.value)
        scope = next(scope for scope in reversed(self._scopes) if not scope.is_comprehension)
        if node.target.id in scope.declared:
            scope.uses.append((node.target.id, (), CHANGE, self._eager, 0))
        scope.bound.add(node.target.id)

    def _binder(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name:
            self._bind(name)
        self._generic(node)

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        self._generic(node)
        if len(self._scopes) > 1:
            self._scopes[-1].declared.update(node.names)

    def _import(self, node: ast.Import) -> None:
        self._generic(node)
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self._imported(alias.asname or top, Import(0, alias.name if alias.asname else top))

    def _import_from(self, node: ast.ImportFrom) -> None:
        self._generic(node)
        for alias in node.names:
            target = Import(node.level, node.module or "", alias.name)
            if alias.name == "*":
                self.stars.append(target)
            else:
                self._imported(alias.asname or alias.name, target)

    def _imported(self, name: str, target: Import) -> None:
        scope = self._scopes[-1]
        scope.imports.setdefault(name, []).append(target)
        self._bind(name)
        if scope.is_class or name in scope.declared:
            self.uses.add((target, (), READ, self._eager, 0))  # reached as an attribute, by ways that are not followed
        elif len(self._scopes) > 1:
            scope.uses.append((name, (), IMPORT, self._eager, 0))

    def _call(self, node: ast.Call) -> None:
        self.out.append("(")
        self._chain(node.func, CALL)
        special = self._special_calls.get(_called(node.func))
        for argument in node.args:
            self._chain(argument, PASS)
        for keyword in node.keywords:
            self.out.append(f"{keyword.arg or '**'}=")
            self._chain(keyword.value, PASS)
        self.out.append(")")
        if special is not None:
            special(self, node)

    def _getattr(self, node: ast.Call) -> None:
        if len(node.args) < 2:
            return
        chain = chain_of(node.args[0])
        name = node.args[1]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            if chain is not None:
                self._use(chain[0], (*chain[1:], name.value), READ)
        elif chain is not None:
            self._use(chain[0], chain[1:], DYNAMIC, node.lineno)
        elif _called(getattr(node.args[0], "func", None)) not in ("super", "type"):
            self.notes.append((node.lineno, "an attribute is looked up by a computed name"))

    def _evaluate(self, node: ast.Call) -> None:
        self.notes.append((node.lineno, f"code is made at run time by {_called(node.func)}()"))

    def _import_by_name(self, node: ast.Call) -> None:
        self._module_lookup(node.args[0] if node.args else node)

    def _module_lookup(self, name: ast.expr) -> None:
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            level = len(name.value) - len(name.value.lstrip("."))
            self.uses.add((Import(level, name.value[level:]), (), READ, self._eager, 0))
        elif isinstance(name, ast.Name) and name.id == "__name__":
            self.uses.add((OWN_MODULE, (), READ, self._eager, 0))
        else:
            self.notes.append((name.lineno, "a module is looked up by a computed name"))

    def _namespace(self, node: ast.Call) -> None:
        if not node.args:
            self.uses.add((OWN_MODULE, (), READ, self._eager, 0))

    def _close(self, scope: Scope) -> None:
        """Resolve the uses of a scope as far as it binds their names, and hand the others on."""
        level = len(self._scopes) - 1
        while self._scopes[level].is_class:
            level -= 1  # the names of a class body are not seen by its methods
        outer = self._scopes[level].uses
        for use in scope.uses:
            root, attributes, kind, eager, line = use
            if root not in scope.bound or root in scope.declared:
                if root or attributes:
                    outer.append(use)
            elif root in scope.imports:
                self.uses.update((target, attributes, kind, eager, line) for target in scope.imports[str(root)])
            else:
                self._local(scope, use)

    def _local(self, scope: Scope, use: Use) -> None:
        """Note what is done with a local variable: where its value comes from is reached anyway."""
        root, attributes, kind, eager, line = use
        changed = changed_path(attributes, kind)
        if root in scope.parameters and changed is not None and self._functions:
            self.parameter_changes.add(ParameterChange(self._functions[-1], root == scope.first, (*changed, "")[0],
                                                       not changed and kind == CHANGE_ATTRIBUTE))
        if attributes:
            self._scopes[-1].uses.append(("", attributes, kind, eager, 0))
        if root == scope.first:
            self.own_reads.update(attributes[:1])
        elif kind == DYNAMIC:
            self.notes.append((line, "an attribute is looked up by a computed name"))

    _special_calls = {  # noqa: RUF012  by the name of what is called
        "getattr": _getattr, "eval": _evaluate, "exec": _evaluate, "import_module": _import_by_name,
        "__import__": _import_by_name, "globals": _namespace, "vars": _namespace,
    }
    handlers = {  # noqa: RUF012  annotated where it is declared
        **SyntaxText.handlers,
        ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript, ast.Call: _call,
        ast.AugAssign: _augmented, ast.NamedExpr: _walrus, ast.Global: _global, ast.Nonlocal: _global,
        ast.Import: _import, ast.ImportFrom: _import_from, ast.ExceptHandler: _binder, ast.MatchAs: _binder,
        ast.MatchStar: _binder, ast.MatchMapping: _binder,
    }


def _called(function: ast.expr | None) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) and function.attr == "import_module" else ""
