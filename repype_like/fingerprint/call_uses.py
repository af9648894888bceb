"""The names that calls use, among them those that are looked up by calls such as ``getattr(module, "name")``."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from repype_like.fingerprint.holding import Path
from repype_like.fingerprint.lookups import LOOKUPS, called, literal
from repype_like.fingerprint.name_uses import NameUses
from repype_like.fingerprint.uses import CALL, CHANGE_ATTRIBUTE, DYNAMIC, OWN_MODULE, PASS, READ
from repype_like.typing import Any

__all__ = ["CallUses"]


class CallUses(NameUses):
    """Takes in calls as well."""

    def _call(self, node: ast.Call) -> None:
        name = called(node.func, self.aliases)
        path = self._attribute_by_name(node) if name.endswith("attr") else self._path(node) if name in LOOKUPS else None
        self.out.append("(")
        self._chain(node.func, CALL if path is None else READ)
        arguments: Iterable[ast.expr] = node.args
        if path is not None and node.args:
            self.out.append(ast.unparse(node.args[0]))
            arguments = node.args[1:]
        for argument in arguments:
            self._chain(argument, PASS)
        for keyword in node.keywords:
            self.out.append(f"{keyword.arg or '**'}=")
            self._chain(keyword.value, PASS)
        self.out.append(")")
        if path is not None:
            self._use_path(path, CHANGE_ATTRIBUTE if name in ("setattr", "delattr") else READ)
        elif name in LOOKUPS:
            self._look_up(name, node)

    def _attribute_by_name(self, node: ast.Call) -> Path | None:
        attribute = literal(node.args[1]) if len(node.args) > 1 else None
        path = self._path(node.args[0]) if attribute is not None else None
        return (path[0], (*path[1], attribute)) if path is not None and attribute is not None else None

    def _look_up(self, name: str, node: ast.Call) -> None:
        if name in ("eval", "exec"):
            self._evaluate(name, node)
        elif name in ("import_module", "__import__"):
            self._computed_module(node.args[0] if node.args else node)
        elif name == "getattr" and len(node.args) > 1:
            self._computed_attribute(node)

    def _computed_attribute(self, node: ast.Call) -> None:
        path = self._path(node.args[0])
        if literal(node.args[1]) is not None:
            return
        if path is not None and isinstance(path[0], str) and path[0] != OWN_MODULE:
            self._use(path[0], path[1], DYNAMIC, node.lineno)
        elif path is not None:
            self._use_path(path, READ)  # the whole module
        elif called(getattr(node.args[0], "func", None), self.aliases) not in ("super", "type"):
            self.notes.append((node.lineno, "an attribute is looked up by a computed name"))

    def _evaluate(self, name: str, node: ast.Call) -> None:
        text = literal(node.args[0]) if node.args else None
        try:
            parsed: Any = ast.parse(text.strip(), mode=name) if text is not None else None
        except (SyntaxError, ValueError):
            parsed = None
        if parsed is None:
            self.notes.append((node.lineno, f"code is made at run time by {name}()"))
        elif name == "exec":
            self.block(parsed.body)
        else:
            self.visit(parsed.body)

    handlers = {**NameUses.handlers, ast.Call: _call}  # noqa: RUF012  annotated where it is declared
