"""Syntax trees as text that says what the code does, and the names that it uses: one pass gives both."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from repype_like.fingerprint.call_uses import CallUses
from repype_like.fingerprint.holding import part_of
from repype_like.fingerprint.scope import Scope
from repype_like.fingerprint.uses import BASE, CALL, CHANGE, CHANGE_ATTRIBUTE, READ, STEERING, Use

__all__ = ["Normalizer"]


class Normalizer(CallUses):
    """Takes in the syntax trees of one top-level statement, or of one function."""

    def __init__(self, aliases: Mapping[str, str] | None = None) -> None:
        super().__init__(aliases)
        self.steering: dict[str, tuple[str, frozenset[Use]]] = {}
        """Apart from the rest, text and uses of the ``STEERING`` attributes of a class that is not in a function."""
        self.methods: dict[str, str] = {}
        """The texts of the methods of such a class, for telling which of them changed."""
        self.order: list[str] = []
        """The attributes of such a class that stand in its text in the order of the alphabet, in their own order."""
        self.member_annotations: set[Use] = set()
        """What the annotations in the body of such a class use, which is not among the uses."""
        self.annotations: set[Use] = set()
        """The same of other annotations of which nothing is made."""

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.out.append(f"{node.__class__.__name__}({node.name};")
        self._decorators(node.decorator_list)
        self._bind(node.name)
        around = self._scopes[-1]
        scope = Scope(is_function=True)
        self._type_parameters(node, scope)
        self._arguments(node.args, scope, followed=bool(node.decorator_list))
        if node.returns is not None:
            self._annotation(node.returns, followed=False)
        if around.is_class:
            everything = [*node.args.posonlyargs, *node.args.args]
            scope.first = everything[0].arg if everything else ""
        self._functions.append(node.name)
        self.out.append("->")
        self._body(scope, lambda: self.block(node.body))
        self._functions.pop()
        self.out.append(")")

    def _lambda(self, node: ast.Lambda) -> None:
        self.out.append("lambda(")
        scope = Scope(is_function=True)
        self._arguments(node.args, scope, followed=False)
        self._functions.append("<lambda>")
        self.out.append("->")
        self._body(scope, lambda: self._value_of_lambda(node.body))
        self._functions.pop()
        self.out.append(")")

    def _value_of_lambda(self, value: ast.expr) -> None:
        self.visit(value)
        self._hold_outside(self._sources(value))

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
            self.annotations.update(uses[count:])
            del uses[count:]

    def _annotated(self, node: ast.AnnAssign) -> None:
        self.out.append("AnnAssign(")
        self.visit(node.target)
        if self._scopes[-1].is_class and len(self._scopes) == 2:
            uses, self._scopes[-1].uses = self._scopes[-1].uses, []
            self._annotation(node.annotation, followed=True)
            self.member_annotations.update(self._scopes[-1].uses)
            self._scopes[-1].uses = uses
        else:
            self._annotation(node.annotation, followed=self._scopes[-1].is_class)
        if node.value is not None:
            self.visit(node.value)
            self._hold(node.target, node.value)
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
        constants = _constants_in_any_order(node.body) if is_outermost else set()
        methods: list[tuple[str, str]] = []
        for statement in node.body:
            name = _assigned_name(statement) if is_outermost else ""
            if name in STEERING:
                self._set_apart(name, statement)
            elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.name in movable:
                methods.append((statement.name, self._apart(statement)))
                if is_outermost:
                    self.methods[statement.name] = self.methods.get(statement.name, "") + methods[-1][1]
            elif _assigned_name(statement) in constants:
                methods.append((_assigned_name(statement), self._apart(statement)))
                self.order.append(_assigned_name(statement))
            else:
                self.statement(statement)
        self.out.extend(text for _, text in sorted(methods, key=lambda method: method[0]))
        self._scopes.pop()
        self._scopes[-1].uses.extend(use for use in scope.uses
                                     if use[0] not in scope.bound or use[2] not in (CHANGE, CHANGE_ATTRIBUTE))
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
            self._hold_sources(generator.target, map(part_of, self._sources(generator.iter)))
            if number:
                self.visit(generator.iter)
            self._each(generator.ifs)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self._scopes.pop()
        self._close(scope)
        self.out.append(")")

    handlers = {  # noqa: RUF012  annotated where it is declared
        **CallUses.handlers,
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


def _constants_in_any_order(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names of a class that are assigned once, to what is neither called nor made of the other names."""
    bound = [node.id for statement in body for node in ast.walk(statement)
             if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    bound += [statement.name for statement in body
              if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    found = set()
    for statement in body:
        name = _assigned_name(statement)
        if name and bound.count(name) == 1 and isinstance(statement, ast.Assign) and not any(
                isinstance(node, ast.Call) or (isinstance(node, ast.Name) and node.id in bound)
                for node in ast.walk(statement.value)):
            found.add(name)
    return found
