"""Which statements change what names of other statements refer to, while modules are imported.

``REGISTRY`` means more than ``REGISTRY = {}`` where another statement says ``REGISTRY["otsu"] = otsu``,
``register(otsu)`` or ``@register``. The rules err on the side of too many statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repype_like.fingerprint.module_index import ModuleIndex
from repype_like.fingerprint.resolve import Final, Modules
from repype_like.fingerprint.unit import Unit
from repype_like.fingerprint.uses import BASE, CALL, CHANGE, CHANGE_ATTRIBUTE, PASS, PURE_METHODS, READ, Use
from repype_like.typing import NamedTuple

__all__ = ["Change", "Effects", "Target"]

Target = tuple[str, str]
"""A module, and a name in it."""


class Change(NamedTuple):
    """That a statement changes what a name refers to."""

    target: Target
    attribute: str = ""
    """If only those need to know of it who read an attribute, which one."""


_NO_CHANGE = frozenset({"print", "len", "isinstance", "repr", "str", "sorted", "sum", "min", "max", "id", "type"})
_CHANGE_BY_NAME = frozenset({"setattr", "delattr"})
_CLASS_HOOKS = frozenset({"__init_subclass__", "__new__", "__init__"})


class Effects:
    """What importing a module changes besides its own names."""

    def __init__(self, modules: Modules):
        self.modules = modules
        self._changes: dict[str, list[tuple[Change, Unit]]] = {}
        self._subclasses: dict[str, list[tuple[Target, Unit]]] = {}
        self._effects: dict[Target, frozenset[Change]] = {}

    def changes(self, module: str) -> list[tuple[Change, Unit]]:
        """Return the statements of `module` that change names which they do not bind."""
        known = self._changes.get(module)
        if known is None:
            known = self._changes[module] = [
                (change, unit) for unit in self._acting(module) for change in sorted(self._of_statement(unit))]
        return known

    def subclasses(self, module: str) -> list[tuple[Target, Unit]]:
        """Return the classes of `module` that are derived from others, each after the other one."""
        known = self._subclasses.get(module)
        if known is None:
            known = self._subclasses[module] = [
                (final[:2], unit) for unit in self._acting(module) for use in unit.uses if use[2] == BASE
                for final in self._finals(unit.module, use)]
        return known

    def _acting(self, module: str) -> list[Unit]:
        index = self.modules.index(module)
        return [unit for unit in index.units if unit.acts] if index is not None else []

    # --- statements --------------------------------------------------------------------------------------------------

    def _of_statement(self, unit: Unit) -> set[Change]:
        """Return what a statement changes when it is executed."""
        index = unit.module
        changes: set[Change] = set()
        passed: set[Target] = set()
        callees: set[str] = set()
        changes_arguments = False
        for use in unit.eager:
            root, _, kind, _, _ = use
            finals = self._finals(index, use)
            changes.update(self._of_use(unit, use, finals))
            if kind == CALL:
                callees.add(str(root))
                changes_arguments |= root in _CHANGE_BY_NAME or any(map(self._changes_arguments, finals))
            elif kind == PASS or (kind == READ and unit.is_expression):
                passed.update(final[:2] for final in finals)
        if changes_arguments:
            changes.update(map(Change, passed))
        elif unit.is_compound and not callees <= _NO_CHANGE:
            changes.update(Change(target) for target in passed if self._is_data(target))
        own = {(index.name, name) for name in unit.names}
        return {change for change in changes if change.target not in own}

    def _of_use(self, unit: Unit, use: Use, finals: tuple[Final, ...]) -> Iterator[Change]:
        index = unit.module
        root, attributes, kind, _, _ = use
        if kind in (CHANGE, CHANGE_ATTRIBUTE):
            yield from (Change(final[:2]) for final in finals)
        elif kind == BASE:
            for final in finals:
                yield from self._of_derivation(final[:2])
        elif kind == CALL:
            for final in finals:
                yield from self._of_call(final)
        is_called_alone = kind == CALL and bool(attributes) and unit.is_expression
        if not finals and isinstance(root, str) and root in index.bindings and (
                kind in (CHANGE, CHANGE_ATTRIBUTE) or is_called_alone):
            yield Change((index.name, root))  # such as numpy, by np.random.seed(0)

    def _of_call(self, final: Final) -> Iterator[Change]:
        """Yield what calling what a name leads to may change."""
        target = final[:2]
        yield from (Change(change.target) for change in self._of_piece(target))
        if final.attributes:
            classes = [unit for unit in self._units(target) if unit.is_class]
            if not classes and final.attributes[-1] not in PURE_METHODS:
                yield Change(target)
            elif any(change.function == final.attributes[0] for unit in classes for change in unit.parameter_changes):
                yield Change(target)  # a class method that changes the class

    def _of_derivation(self, target: Target) -> Iterator[Change]:
        """Yield what deriving a class from `target` changes."""
        for unit in self._units(target):
            makers = [unit] if "__init_subclass__" in unit.members else []
            for use in unit.uses:
                if use[2] == BASE:
                    for final in self._finals(unit.module, use):
                        yield from self._of_derivation(final[:2])
                elif use[2] == CALL and use[3] and unit.has_metaclass:
                    makers += [maker for final in self._finals(unit.module, use) for maker in self._units(final[:2])]
            for maker in makers:
                yield from self._of_piece((maker.module.name, maker.label))
                yield from (Change(target, change.attribute) for change in maker.parameter_changes
                            if change.is_first and change.function in _CLASS_HOOKS and not change.only_sets)

    # --- functions and classes ---------------------------------------------------------------------------------------

    def _of_piece(self, target: Target) -> frozenset[Change]:
        """Return what a function, or any method of a class, changes, directly or through what it calls."""
        known = self._effects.get(target)
        if known is None:
            found: set[Change] = set()
            seen: set[Target] = set()
            pending = [target]
            while pending:
                piece = pending.pop()
                if piece in seen:
                    continue
                seen.add(piece)
                for unit in self._units(piece):
                    for use in unit.uses:
                        if use[3] == unit.is_definition:
                            continue  # what happens when it is defined, not when it is called
                        finals = self._finals(unit.module, use)
                        if use[2] == CALL:
                            pending.extend(final[:2] for final in finals)
                        if unit.is_definition:
                            found.update(self._directly(use, finals))
            known = self._effects[target] = frozenset(found)
        return known

    def _directly(self, use: Use, finals: Iterable[Final]) -> Iterator[Change]:
        for final in finals:
            if use[2] in (CHANGE, CHANGE_ATTRIBUTE):
                yield Change(final[:2], (*final.attributes, "")[0])
            elif use[2] == CALL and final.attributes and final.attributes[-1] not in PURE_METHODS and self._is_data(
                    final[:2]):
                yield Change(final[:2], (*final.attributes[:-1], "")[0])

    def _finals(self, index: ModuleIndex, use: Use) -> tuple[Final, ...]:
        return self.modules.resolve(index, use).finals if use[0] else ()

    def _units(self, target: Target) -> list[Unit]:
        index = self.modules.index(target[0])
        return [unit.normalize() for unit in index.bindings.get(target[1], ())] if index is not None else []

    def _is_data(self, target: Target) -> bool:
        return not any(unit.is_definition for unit in self._units(target))

    def _changes_arguments(self, final: Final) -> bool:
        return any(not change.is_first for unit in self._units(final[:2]) if unit.is_definition
                   for change in unit.parameter_changes)
