"""Syntax trees as text that says what the code does, and the names that it uses: one pass gives both."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from repype_like.fingerprint.name_uses import NameUses, Scope
from repype_like.fingerprint.uses import BASE, CALL, READ, STEERING, Use

__all__ = ["Normalizer"]


class Normalizer(NameUses):
    """Takes in the syntax trees of one top-level statement, or of one function."""

    def __init__(self) -> None:
        super().__init__()
        self.steering: dict[str, tuple[str, frozenset[Use]]] = {}
        """Apart from the rest, text and uses of the ``STEERING`` attributes of a class that is not in a function."""
        self.methods: dict[str, str] = {}
        """The texts of the methods of such a class, for telling which of them changed."""

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.out.append(f"{node.__class__.__name__}({node.name};")
        self._decorators(node.decorator_list)
        self._bind(node.name)
        within = self._scopes[-1]
        scope = Scope()
        self._type_parameters(node, scope)
        self._arguments(node.args, scope, followed=bool(node.decorator_list))
        if node.returns is not None:
            self._annotation(node.returns, followed=False)
        if within.is_class:
            everything = [*node.args.posonlyargs, *node.args.args]
            scope.first = everything[0].arg if everything else ""
        self._functions.append(node.name)
        self.out.append("->")
        self._body(scope, lambda: self.block(node.body))
        self._functions.pop()
        self.out.append(")")

    def _lambda(self, node: ast.Lambda) -> None:
        self.out.append("lambda(")
        scope = Scope()
        self._arguments(node.args, scope, followed=False)
        self._functions.append("<lambda>")
        self.out.append("->")
        self._body(scope, lambda: self.visit(node.body))
        self._functions.pop()
        self.out.append(")")

    def _body(self, scope: Scope, visit: Callable[[], None]) -> None:
        eager, self._eager = self._eager, False
        self._scopes.append(scope)
        visit()
        self._scopes.pop()
        self._close(scope)
        self._eager = eager

    def _decorators(self, decorators: Sequence[ast.expr]) -> None:
        for decorator in decorators:
            self.out.append("@")
            self._chain(decorator, CALL)

    def _type_parameters(self, node: ast.AST, scope: Scope) -> None:
        parameters = getattr(node, "type_params", None)
        if parameters:
            scope.bound.update(parameter.name for parameter in parameters)
            self._each(parameters)

    def _arguments(self, arguments: ast.arguments, scope: Scope, followed: bool) -> None:
        names = []
        for mark, group in (("/", arguments.posonlyargs), ("", arguments.args), ("*", [arguments.vararg]),
                            ("=", arguments.kwonlyargs), ("**", [arguments.kwarg])):
            for argument in group:
                if argument is not None:
                    names.append(argument.arg)
                    self.out.append(f"{mark}{argument.arg},")
                    if argument.annotation is not None:
                        self._annotation(argument.annotation, followed)
        scope.parameters = frozenset(names)
        scope.bound.update(names)
        if arguments.defaults:
            self._each(arguments.defaults)
        if arguments.kw_defaults:
            self._each(arguments.kw_defaults)

    def _annotation(self, node: ast.expr, followed: bool) -> None:
        """Take in an annotation; where nothing is made of it, what it names is not reached."""
        uses = self._scopes[-1].uses
        count = len(uses)
        self.out.append(":")
        self.visit(node)
        if not followed:
            del uses[count:]

    def _annotated(self, node: ast.AnnAssign) -> None:
        self.out.append("AnnAssign(")
        self.visit(node.target)
        self._annotation(node.annotation, followed=self._scopes[-1].is_class)
        if node.value is not None:
            self.visit(node.value)
        elif isinstance(node.target, ast.Name) and len(self._scopes) == 1:
            self.module.bound.discard(node.target.id)  # a declaration binds nothing
        self.out.append(")")

    def _class(self, node: ast.ClassDef) -> None:
        self.out.append(f"class({node.name};")
        self._decorators(node.decorator_list)
        scope = Scope(is_class=True)
        self._type_parameters(node, scope)
        for base in node.bases:
            self._chain(base, BASE)
        for keyword in node.keywords:
            self.out.append(f"{keyword.arg or '**'}=")
            self._chain(keyword.value, CALL if keyword.arg == "metaclass" else READ)
        self._bind(node.name)
        is_outermost = len(self._scopes) == 1
        self._scopes.append(scope)
        movable = _methods_in_any_order(node.body)
        methods: list[tuple[str, str]] = []
        for statement in node.body:
            name = _assigned_name(statement) if is_outermost else ""
            if name in STEERING:
                self._set_apart(name, statement)
            elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.name in movable:
                methods.append((statement.name, self._apart(statement)))
                if is_outermost:
                    self.methods[statement.name] = self.methods.get(statement.name, "") + methods[-1][1]
            else:
                self.statement(statement)
        self.out.extend(text for _, text in sorted(methods, key=lambda method: method[0]))
        self._scopes.pop()
        self._scopes[-1].uses.extend(use for use in scope.uses if use[0] not in scope.bound or use[2] == READ)
        self.out.append(")")

    def _apart(self, statement: ast.stmt) -> str:
        """Take in a statement, and return its text instead of writing it."""
        out, self.out = self.out, []
        self.statement(statement)
        text, self.out = self.text, out
        return text

    def _set_apart(self, name: str, statement: ast.stmt) -> None:
        scope = self._scopes[-1]
        uses, scope.uses = scope.uses, []
        text, found = self.steering.get(name, ("", frozenset()))
        self.steering[name] = (text + self._apart(statement), found | frozenset(scope.uses))
        scope.uses = uses

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.out.append(f"{node.__class__.__name__}(")
        self.visit(node.generators[0].iter)  # which the scope around it evaluates
        scope = Scope(is_comprehension=True)
        self._scopes.append(scope)
        for number, generator in enumerate(node.generators):
            self.out.append(f"for{generator.is_async}")
            self.visit(generator.target)
            if number:
                self.visit(generator.iter)
            self._each(generator.ifs)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self._scopes.pop()
        self._close(scope)
        self.out.append(")")

    handlers = {  # noqa: RUF012  annotated where it is declared
        **NameUses.handlers,
        ast.FunctionDef: _function, ast.AsyncFunctionDef: _function, ast.Lambda: _lambda, ast.ClassDef: _class,
        ast.AnnAssign: _annotated, ast.ListComp: _comprehension, ast.SetComp: _comprehension,
        ast.DictComp: _comprehension, ast.GeneratorExp: _comprehension,
    }


def _assigned_name(statement: ast.stmt) -> str:
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    return target.id if isinstance(target, ast.Name) else ""


def _methods_in_any_order(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names of a class that only function definitions bind: the order of different names is of no matter."""
    methods: set[str] = set()
    others: set[str] = set()
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            methods.add(statement.name)
        else:
            others.update(node.id for node in ast.walk(statement)
                          if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)))
    return methods - others
