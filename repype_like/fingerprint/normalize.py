"""Syntax trees as text that says what the code does, and the names that it uses.

One pass over the tree gives both. The text leaves out what does not matter (docstrings, comments, positions, ``pass``,
what only type checkers see) and is the same on all supported versions of Python; names are resolved as far as the
code itself tells: what remains are the uses of global names and of imports.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from repype_like.fingerprint.uses import (
    BASE,
    CALL,
    CHANGE,
    CHANGE_ATTRIBUTE,
    DYNAMIC,
    IMPORT,
    OWN_MODULE,
    PASS,
    READ,
    STEERING,
    Import,
    ParameterChange,
    Use,
    chain_of,
    changed_path,
)
from repype_like.typing import Any

__all__ = ["Normalizer"]


class _Scope:
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


class Normalizer:
    """Takes in the syntax trees of one top-level statement, or of one function."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.uses: set[Use] = set()
        self.notes: list[tuple[int, str]] = []
        """What cannot be seen: line and words."""
        self.steering: dict[str, tuple[str, frozenset[Use]]] = {}
        """Apart from the rest, text and uses of the ``STEERING`` attributes of a class that is not in a function."""
        self.parameter_changes: set[ParameterChange] = set()
        self.own_reads: set[str] = set()
        """The attributes of their first parameter that methods read."""
        self.stars: list[Import] = []
        self.module = _Scope()
        self._scopes = [self.module]
        self._functions: list[str] = []
        self._eager = True

    @property
    def text(self) -> str:
        """The normalized text of what was visited."""
        return "".join(self.out)

    def close(self) -> None:
        """Move the uses of the outermost scope to :attr:`uses`."""
        self.uses.update(self.module.uses)
        self.module.uses.clear()

    # --- nodes in general --------------------------------------------------------------------------------------------

    def visit(self, node: ast.AST) -> None:
        """Take in a node and what is below it."""
        handler = _HANDLERS.get(node.__class__)
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
        for statement in statements:
            self.statement(statement)
        self.out.append("]")

    def statement(self, statement: ast.stmt) -> None:
        """Take in a statement unless it does nothing."""
        cls = statement.__class__
        if cls is ast.Pass or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            return
        if isinstance(statement, ast.If) and _only_for_type_checkers(statement.test):
            for other in statement.orelse:
                self.statement(other)
            return
        self.visit(statement)

    # --- names -------------------------------------------------------------------------------------------------------

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

    # --- constants ---------------------------------------------------------------------------------------------------

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

    # --- calls -------------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> None:
        self.out.append("(")
        self._chain(node.func, CALL)
        special = _SPECIAL_CALLS.get(_called(node.func))
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

    # --- functions, classes, comprehensions ---------------------------------------------------------------------------

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.out.append(f"{node.__class__.__name__}({node.name};")
        self._decorators(node.decorator_list)
        self._bind(node.name)
        within = self._scopes[-1]
        scope = _Scope()
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
        scope = _Scope()
        self._arguments(node.args, scope, followed=False)
        self._functions.append("<lambda>")
        self.out.append("->")
        self._body(scope, lambda: self.visit(node.body))
        self._functions.pop()
        self.out.append(")")

    def _body(self, scope: _Scope, visit: Callable[[], None]) -> None:
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

    def _type_parameters(self, node: ast.AST, scope: _Scope) -> None:
        parameters = getattr(node, "type_params", None)
        if parameters:
            scope.bound.update(parameter.name for parameter in parameters)
            self._each(parameters)

    def _arguments(self, arguments: ast.arguments, scope: _Scope, followed: bool) -> None:
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
        scope = _Scope(is_class=True)
        self._type_parameters(node, scope)
        for base in node.bases:
            self._chain(base, BASE)
        for keyword in node.keywords:
            self.out.append(f"{keyword.arg or '**'}=")
            self._chain(keyword.value, CALL if keyword.arg == "metaclass" else READ)
        self._bind(node.name)
        is_outermost = len(self._scopes) == 1
        self._scopes.append(scope)
        for statement in node.body:
            name = _assigned_name(statement) if is_outermost else ""
            if name in STEERING:
                self._set_apart(name, statement)
            else:
                self.statement(statement)
        self._scopes.pop()
        self._scopes[-1].uses.extend(use for use in scope.uses if use[0] not in scope.bound or use[2] == READ)
        self.out.append(")")

    def _set_apart(self, name: str, statement: ast.stmt) -> None:
        scope = self._scopes[-1]
        out, uses = self.out, scope.uses
        self.out, scope.uses = [], []
        self.statement(statement)
        text, found = self.steering.get(name, ("", frozenset()))
        self.steering[name] = (text + self.text, found | frozenset(scope.uses))
        self.out, scope.uses = out, uses

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.out.append(f"{node.__class__.__name__}(")
        self.visit(node.generators[0].iter)  # which the scope around it evaluates
        scope = _Scope(is_comprehension=True)
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

    def _close(self, scope: _Scope) -> None:
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

    def _local(self, scope: _Scope, use: Use) -> None:
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


def _only_for_type_checkers(test: ast.expr) -> bool:
    return isinstance(test, (ast.Name, ast.Attribute)) and "TYPE_CHECKING" in (getattr(test, "id", ""),
                                                                             getattr(test, "attr", ""))


def _called(function: ast.expr | None) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) and function.attr == "import_module" else ""


def _assigned_name(statement: ast.stmt) -> str:
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    return target.id if isinstance(target, ast.Name) else ""


def _constant_text(value: Any) -> str:
    if isinstance(value, str):
        return f"s{len(value)}:{value}"
    if isinstance(value, bytes):
        return f"b{value.hex()};"
    if type(value) is int:
        return f"i{value:x};"
    return f"c{value!r};"


_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_FIELDS: dict[type, tuple[str, ...]] = {}
_SPECIAL_CALLS: dict[str, Callable[[Normalizer, ast.Call], None]] = {
    "getattr": Normalizer._getattr, "eval": Normalizer._evaluate, "exec": Normalizer._evaluate,
    "import_module": Normalizer._import_by_name, "__import__": Normalizer._import_by_name,
    "globals": Normalizer._namespace, "vars": Normalizer._namespace,
}
_HANDLERS: dict[type, Callable[[Normalizer, Any], None]] = {
    ast.Name: Normalizer._name, ast.Attribute: Normalizer._attribute, ast.Subscript: Normalizer._subscript,
    ast.Constant: Normalizer._constant, ast.JoinedStr: Normalizer._joined, ast.Call: Normalizer._call,
    ast.FunctionDef: Normalizer._function, ast.AsyncFunctionDef: Normalizer._function, ast.Lambda: Normalizer._lambda,
    ast.ClassDef: Normalizer._class, ast.AnnAssign: Normalizer._annotated, ast.AugAssign: Normalizer._augmented,
    ast.BinOp: Normalizer._binary,
    ast.NamedExpr: Normalizer._walrus, ast.Global: Normalizer._global, ast.Nonlocal: Normalizer._global,
    ast.Import: Normalizer._import, ast.ImportFrom: Normalizer._import_from,
    ast.ListComp: Normalizer._comprehension, ast.SetComp: Normalizer._comprehension,
    ast.DictComp: Normalizer._comprehension, ast.GeneratorExp: Normalizer._comprehension,
    ast.ExceptHandler: Normalizer._binder, ast.MatchAs: Normalizer._binder, ast.MatchStar: Normalizer._binder,
    ast.MatchMapping: Normalizer._binder,
}
