"""The names that syntax trees use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from repype_like.fingerprint.holding import Path, Source, part_of, sources_of, within
from repype_like.fingerprint.lookups import packages_of, path_of
from repype_like.fingerprint.scope import Scope, composed, origins, touched
from repype_like.fingerprint.syntax_text import SyntaxText
from repype_like.fingerprint.uses import (
    ALL,
    CALL,
    CHANGE,
    CHANGE_ATTRIBUTE,
    DERIVED,
    DYNAMIC,
    HOLDING,
    IMPORT,
    OWN_MODULE,
    PASS,
    PURE_METHODS,
    READ,
    Import,
    ParameterChange,
    Use,
    chain_of,
    changed_path,
)

__all__ = ["NameUses"]

_HARMLESS = frozenset({READ, DYNAMIC, IMPORT})
_ITEM = "[]"  # stands for an item among attributes


class NameUses(SyntaxText):
    """Writes syntax trees, and resolves the names in them as far as the code itself tells.

    What remains are the uses of global names and of imports.

    Arguments:
        aliases: The names by which the module knows functions that look names up, where these are not their own.
    """

    def __init__(self, aliases: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.aliases = aliases or {}
        self.uses: set[Use] = set()
        self.notes: list[tuple[int, str]] = []
        """What cannot be seen: line and words."""
        self.parameter_changes: set[ParameterChange] = set()
        self.passes_parameters = False
        """Whether a function passes parameters of it on."""
        self.own_reads: set[str] = set()
        """The attributes of their first parameter that methods read."""
        self.stars: list[Import] = []
        self.module = Scope()
        self._scopes = [self.module]
        self._functions: list[str] = []
        self._eager = True
        self._packages: set[Path] = set()  # those that are listed
        self._computed_modules: list[int] = []  # the lines in which nothing tells of which package a module is

    def close(self) -> None:
        """Move the uses of the outermost scope to :attr:`uses`."""
        if self._computed_modules and not self._packages:
            self.notes.extend((line, "a module is looked up by a computed name") for line in self._computed_modules)
        elif self._computed_modules:
            for root, attributes in self._packages:
                self._use_path((root, attributes), READ)
        self.uses.update(self.module.uses)
        self.module.uses.clear()

    def _bind(self, name: str) -> None:
        scope = self._scopes[-1]
        if name in scope.declared:
            scope.uses.append((name, (), CHANGE, self._eager, 0))
        scope.bound.add(name)

    def _use(self, root: str, attributes: tuple[str, ...], kind: int, line: int = 0) -> None:
        self._scopes[-1].uses.append((root, attributes, kind, self._eager, line))

    def _use_path(self, path: Path, kind: int, line: int = 0) -> None:
        root, attributes = path
        if isinstance(root, str) and root != OWN_MODULE:
            self._use(root, attributes, kind, line)
        else:
            self.uses.add((root, attributes, kind, self._eager, line))

    def _path(self, node: ast.AST | None) -> Path | None:
        return path_of(node, self.aliases)

    def _sources(self, node: ast.AST | None) -> Iterator[Source]:
        return sources_of(node, self._path)

    # --- names and attributes ----------------------------------------------------------------------------------------

    def _name(self, node: ast.Name) -> None:
        self.out.append(f"n{node.id};")
        if isinstance(node.ctx, ast.Load):
            self._scopes[-1].uses.append((node.id, (), READ, self._eager, 0))
            if node.id in ("__path__", "__file__"):
                self._packages.add((Import(1, "", ALL), ()))
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
            if chain[-1] == "__path__":
                self._packages.add((chain[0], (*chain[1:-1], ALL)))
            return
        path = self._path(node)
        if path is not None:
            self.out.append(ast.unparse(node))
            self._use_path(path, kind)
        elif isinstance(node, ast.Attribute):
            self.out.append(f"@{node.attr};")
            self.visit(node.value)
            self._use("", (node.attr,), kind)
            if kind == CHANGE_ATTRIBUTE or (kind == CALL and node.attr not in PURE_METHODS):
                self._touch(self._sources(node.value), (node.attr,), kind)
        elif isinstance(node, ast.Starred):
            self.out.append("*")
            self._chain(node.value, kind)
        else:
            self.visit(node)
            if kind in (CHANGE, PASS):
                self._touch(self._sources(node), (), kind)

    def _touch(self, sources: Iterable[Source], attributes: tuple[str, ...], kind: int) -> None:
        for root, before, found in touched(sources, attributes, kind):
            self._use_path((root, before), found, DERIVED)

    def _subscript(self, node: ast.Subscript) -> None:
        is_read = isinstance(node.ctx, ast.Load)
        if self._path(node) is not None:
            self._chain(node, READ if is_read else CHANGE_ATTRIBUTE)
            return
        self.out.append("[")
        if chain_of(node.value) == ("sys", "modules"):
            self._computed_module(node.slice)
        self._chain(node.value, READ if is_read else CHANGE)
        self.visit(node.slice)
        self.out.append("]")

    def _binder(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name:
            self._bind(name)
        self._generic(node)

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        self._generic(node)
        if len(self._scopes) > 1:
            self._scopes[-1].declared.update(node.names)

    # --- what names hold ---------------------------------------------------------------------------------------------

    def _assign(self, node: ast.Assign) -> None:
        self._generic(node)
        for target in node.targets:
            self._hold(target, node.value)

    def _hold(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                for one, other in zip(target.elts, value.elts, strict=True):
                    self._hold(one, other)
            else:
                self._hold_sources(target, map(part_of, self._sources(value)))
        else:
            self._hold_sources(target, self._sources(value))

    def _hold_sources(self, target: ast.AST, sources: Iterable[Source]) -> None:
        """Note what the names that `target` binds stand for."""
        found = list(sources)
        scope = self._scopes[-1]
        if not found:
            return
        if not scope.is_function and not scope.is_comprehension:
            self._hold_outside(found)
            return
        for node in (target,) if isinstance(target, ast.Name) else ast.walk(target):
            if isinstance(node, ast.Name):
                is_itself = isinstance(node.ctx, ast.Store)
                scope.held.setdefault(node.id, []).extend(found if is_itself else map(within, found))

    def _hold_outside(self, sources: Iterable[Source]) -> None:
        for relation, root, attributes in sources:
            self._use_path((root, attributes), relation, DERIVED)

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

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self._hold_sources(node.target, map(part_of, self._sources(node.iter)))
        self._generic(node)

    def _with_item(self, node: ast.withitem) -> None:
        self._generic(node)
        if node.optional_vars is not None:
            self._hold_sources(node.optional_vars, self._sources(node.context_expr))

    def _give(self, node: ast.Return | ast.Yield | ast.YieldFrom) -> None:
        self._generic(node)
        self._hold_outside(self._sources(node.value))

    # --- imports -----------------------------------------------------------------------------------------------------

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

    # --- modules -----------------------------------------------------------------------------------------------------

    def _computed_module(self, name: ast.expr) -> None:
        packages = list(packages_of(name))
        for path in packages:
            self._use_path(path, READ)
        if not packages:
            self._computed_modules.append(name.lineno)

    # --- scopes ------------------------------------------------------------------------------------------------------

    def _close(self, scope: Scope) -> None:
        """Resolve the uses of a scope as far as it binds their names, and hand the others on."""
        for use in set(scope.uses):
            self._resolve(scope, use)

    def _resolve(self, scope: Scope, use: Use) -> None:
        root, attributes, kind, eager, line = use
        if root not in scope.bound or root in scope.declared:
            if root or attributes:
                self._outer().append(use)
        elif root in scope.imports:
            self.uses.update((target, attributes, kind, eager, line) for target in scope.imports[str(root)])
        else:
            self._local(scope, use)

    def _outer(self) -> list[Use]:
        level = len(self._scopes) - 1
        while self._scopes[level].is_class:
            level -= 1  # the names of a class body are not seen by its methods
        return self._scopes[level].uses

    def _local(self, scope: Scope, use: Use) -> None:
        """Note what is done with a local variable: where its value comes from is reached anyway."""
        root, attributes, kind, eager, line = use
        if root in scope.held and kind not in _HARMLESS and (kind != CALL or not attributes
                                                             or attributes[-1] not in PURE_METHODS):
            self._hand_on(scope, use)
        changed = changed_path(attributes, kind)
        if root in scope.parameters and self._functions:
            self.passes_parameters = self.passes_parameters or kind == PASS
            if changed is not None:
                self.parameter_changes.add(ParameterChange(
                    self._functions[-1], root == scope.first, (*changed, "")[0],
                    not changed and kind == CHANGE_ATTRIBUTE))
        if line == DERIVED:
            return
        if attributes:
            self._scopes[-1].uses.append(("", attributes, kind, eager, 0))
        if root == scope.first:
            self.own_reads.update(attributes[:1])
        elif kind == DYNAMIC:
            self.notes.append((line, "an attribute is looked up by a computed name"))

    def _hand_on(self, scope: Scope, use: Use) -> None:
        """Have what is done with a local variable done with what its value comes from."""
        root, attributes, kind, eager, _ = use
        sources = scope.origins.get(root)
        if sources is None:
            sources = scope.origins[root] = set(origins(scope, str(root)))
        if kind in HOLDING:
            for source in sources:
                relation = composed(kind, source.relation)
                self._resolve(scope, (source.root, source.attributes + attributes, relation, eager, DERIVED))
        else:
            for origin, before, found in touched(sources, attributes, kind):
                self._resolve(scope, (origin, before, found, eager, DERIVED))

    handlers = {  # noqa: RUF012  annotated where it is declared
        **SyntaxText.handlers,
        ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript,
        ast.AugAssign: _augmented, ast.NamedExpr: _walrus, ast.Global: _global, ast.Nonlocal: _global,
        ast.Import: _import, ast.ImportFrom: _import_from, ast.ExceptHandler: _binder, ast.MatchAs: _binder,
        ast.MatchStar: _binder, ast.MatchMapping: _binder, ast.Assign: _assign, ast.For: _loop, ast.AsyncFor: _loop,
        ast.withitem: _with_item, ast.Return: _give, ast.Yield: _give, ast.YieldFrom: _give,
    }
