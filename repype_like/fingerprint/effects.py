"""Which statements change what names of other statements refer to, while modules are imported.

``REGISTRY`` means more than ``REGISTRY = {}`` where another statement says ``REGISTRY["otsu"] = otsu``,
``register(otsu)`` or ``@register``. The rules err on the side of too many statements.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from repype_like.fingerprint.module_index import ModuleIndex, Unit
from repype_like.fingerprint.resolve import Final, Modules
from repype_like.fingerprint.uses import (
    BASE,
    CALL,
    CHANGE,
    CHANGE_ATTRIBUTE,
    PASS,
    PURE_METHODS,
    READ,
    Use,
)

__all__ = ["Effects", "Target"]

Target = tuple[str, str]
"""A module, and a name in it."""

_COMPOUND = (ast.Expr, ast.For, ast.While, ast.With, ast.If, ast.Try)
_NO_CHANGE = frozenset({"print", "len", "isinstance", "repr", "str", "sorted", "sum", "min", "max", "id", "type"})
_BY_NAME = frozenset({"setattr", "delattr"})


class Effects:
    """What importing a module changes besides its own names."""

    def __init__(self, modules: Modules):
        self.modules = modules
        self._changes: dict[str, dict[Target, list[Unit]]] = {}
        self._subclasses: dict[str, dict[Target, list[Unit]]] = {}
        self._effects: dict[Target, frozenset[Target]] = {}

    def changes(self, module: str) -> dict[Target, list[Unit]]:
        """Return the statements of `module` that change names which they do not bind, by those names."""
        known = self._changes.get(module)
        if known is None:
            known = self._changes[module] = {}
            index = self.modules.index(module)
            for unit in index.units if index is not None else ():
                if unit.acts:
                    for target in sorted(self._of_statement(unit)):
                        known.setdefault(target, []).append(unit)
        return known

    def subclasses(self, module: str) -> dict[Target, list[Unit]]:
        """Return the classes of `module` that are derived from others, by those."""
        known = self._subclasses.get(module)
        if known is None:
            known = self._subclasses[module] = {}
            index = self.modules.index(module)
            for unit in index.units if index is not None else ():
                if unit.acts:
                    for use in unit.uses:
                        for final in self._finals(unit.module, use) if use[2] == BASE else ():
                            known.setdefault(final[:2], []).append(unit)
        return known

    def _of_statement(self, unit: Unit) -> set[Target]:
        """Return the names that a statement changes when it is executed."""
        targets = self._of_uses(unit.module, [use for use in unit.uses if use[3]], unit.node)
        return targets - {(unit.module.name, name) for name in unit.names}

    def _of_uses(self, index: ModuleIndex, uses: Iterable[Use], statement: ast.stmt | None = None) -> set[Target]:
        targets: set[Target] = set()
        passed: set[Target] = set()
        callees: set[str] = set()
        changes_arguments = False
        for use in uses:
            root, attributes, kind, _, _ = use
            finals = self._finals(index, use)
            if kind in (CHANGE, CHANGE_ATTRIBUTE):
                targets.update(final[:2] for final in finals)
            elif kind == BASE:
                targets.update(target for final in finals for target in self._of_derivation(final[:2]))
            elif kind == CALL:
                callees.add(str(root))
                targets.update(target for final in finals for target in self._of_call(final))
                changes_arguments = changes_arguments or root in _BY_NAME or any(map(self._changes_arguments, finals))
            elif kind == PASS or (kind == READ and isinstance(statement, ast.Expr)):
                passed.update(final[:2] for final in finals)
            acts = kind in (CHANGE, CHANGE_ATTRIBUTE) or (
                kind == CALL and bool(attributes) and isinstance(statement, ast.Expr))
            if acts and not finals and isinstance(root, str) and root in index.bindings:
                targets.add((index.name, root))  # such as numpy, by np.random.seed(0)
        if changes_arguments:
            targets |= passed
        elif isinstance(statement, _COMPOUND) and not callees <= _NO_CHANGE:
            targets.update(target for target in passed if self._is_data(target))
        return targets

    def _finals(self, index: ModuleIndex, use: Use) -> tuple[Final, ...]:
        return self.modules.resolve(index, use).finals if use[0] else ()

    def _units(self, target: Target) -> list[Unit]:
        index = self.modules.index(target[0])
        return [unit.normalize() for unit in index.bindings.get(target[1], ())] if index is not None else []

    def _is_data(self, target: Target) -> bool:
        return not any(unit.is_definition for unit in self._units(target))

    def _changes_arguments(self, final: Final) -> bool:
        return any(not is_first for unit in self._units(final[:2]) if unit.is_definition
                   for _, is_first, _ in unit.parameter_changes)

    def _of_call(self, final: Final) -> set[Target]:
        """Return the names that calling what a name leads to may change."""
        target = final[:2]
        targets = set(self._of_piece(target))
        if final.attributes:
            units = self._units(target)
            if self._is_data(target):
                if final.attributes[-1] not in PURE_METHODS:
                    targets.add(target)
            elif any(change[0] == final.attributes[0] for unit in units for change in unit.parameter_changes):
                targets.add(target)  # a class method that changes the class
        return targets

    def _of_derivation(self, target: Target) -> set[Target]:
        """Return the names that deriving a class from `target` changes."""
        targets: set[Target] = set()
        for unit in self._units(target):
            if not isinstance(unit.node, ast.ClassDef):
                continue
            hooks = {"__init_subclass__"} & {getattr(item, "name", "") for item in unit.node.body}
            makers = [unit] if hooks else []
            for use in unit.uses:
                if use[2] == BASE:
                    targets.update(other for final in self._finals(unit.module, use)
                                   for other in self._of_derivation(final[:2]))
                elif use[2] == CALL and use[3] and any(keyword.arg == "metaclass" for keyword in unit.node.keywords):
                    makers += [maker for final in self._finals(unit.module, use)
                               for maker in self._units(final[:2]) if maker.is_class]
            for maker in makers:
                targets |= self._of_piece((maker.module.name, maker.label))
                if any(not only_set for name, is_first, only_set in maker.parameter_changes
                       if is_first and name in ("__init_subclass__", "__new__", "__init__")):
                    targets.add(target)
        return targets

    def _of_piece(self, target: Target) -> frozenset[Target]:
        """Return the names that a function, or any method of a class, changes, directly or through what it calls."""
        known = self._effects.get(target)
        if known is None:
            found: set[Target] = set()
            seen: set[Target] = set()
            pending = [target]
            while pending:
                piece = pending.pop()
                if piece in seen:
                    continue
                seen.add(piece)
                for unit in self._units(piece):
                    uses = [use for use in unit.uses if use[3] != unit.is_definition]
                    called = [final for use in uses if use[2] == CALL for final in self._finals(unit.module, use)]
                    pending.extend(final[:2] for final in called)
                    if unit.is_definition:
                        found |= self._directly(unit.module, uses)
            known = self._effects[target] = frozenset(found)
        return known

    def _directly(self, index: ModuleIndex, uses: list[Use]) -> set[Target]:
        targets: set[Target] = set()
        for use in uses:
            if use[2] in (CHANGE, CHANGE_ATTRIBUTE):
                targets.update(final[:2] for final in self._finals(index, use))
            elif use[2] == CALL:
                targets.update(final[:2] for final in self._finals(index, use)
                               if final.attributes and final.attributes[-1] not in PURE_METHODS
                               and self._is_data(final[:2]))
        return targets
