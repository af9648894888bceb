"""Which statements change what names of other statements refer to, while modules are imported.

``REGISTRY`` means more than ``REGISTRY = {}`` where another statement says ``REGISTRY["otsu"] = otsu``,
``register(otsu)`` or ``@register``. The rules err on the side of too many statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repype_like.fingerprint.aliases import Aliases, Touch
from repype_like.fingerprint.module_index import ModuleIndex
from repype_like.fingerprint.resolve import Final, Modules
from repype_like.fingerprint.unit import Unit
from repype_like.fingerprint.uses import (
    ALL,
    BASE,
    CALL,
    CHANGE,
    CHANGE_ATTRIBUTE,
    CHANGE_RESULT,
    PASS,
    PURE_METHODS,
    READ,
    SAME,
    WRITING_METHODS,
    Use,
)
from repype_like.typing import NamedTuple

__all__ = ["Change", "Effects", "Target", "library_target"]

Target = tuple[str, str]
"""A module, and a name in it; ``*`` for every name in it."""


class Change(NamedTuple):
    """That a statement changes what a name refers to."""

    target: Target
    attribute: str = ""
    """If only those need to know of it who read an attribute, which one."""


_NO_CHANGE = frozenset({"print", "len", "isinstance", "repr", "str", "sorted", "sum", "min", "max", "id", "type"})
_CHANGE_BY_NAME = frozenset({"setattr", "delattr"})
_CHANGE_ARGUMENTS = frozenset({"heappush", "heappop", "heapify", "heapreplace", "heappushpop", "insort", "insort_left",
                               "insort_right", "shuffle", "setitem", "delitem", "iadd", "iconcat", "ior"})
_CLASS_HOOKS = frozenset({"__init_subclass__", "__new__", "__init__"})


def library_target(module: str) -> Target:
    """Return what stands for the state of the library that a module belongs to."""
    return module.partition(".")[0], ALL


class Effects:
    """What importing a module changes besides its own names."""

    def __init__(self, modules: Modules):
        self.modules = modules
        self.aliases = Aliases(modules)
        self._changes: dict[str, list[tuple[Change, Unit]]] = {}
        self._subclasses: dict[str, list[tuple[Target, Unit]]] = {}
        self._effects: dict[Target, frozenset[Touch]] = {}
        self._changing: dict[Target, bool] = {}

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
        touches: set[Touch] = set()
        passed: set[Final] = set()
        callees: set[str] = set()
        changes_arguments = False
        for use in unit.eager:
            root, attributes, kind, _, _ = use
            finals = self._finals(index, use)
            touches.update(self._of_use(unit, use, finals))
            if kind == CALL:
                callees.add(str(root))
                changes_arguments = (changes_arguments or root in _CHANGE_BY_NAME
                                     or (attributes or (root,))[-1] in _CHANGE_ARGUMENTS
                                     or any(map(self._changes_arguments, finals)))
            elif kind == PASS or (kind == READ and unit.is_expression):
                passed.update(finals)
        if changes_arguments:
            touches.update(Touch(final[:2], "", bool(final.attributes)) for final in passed)
        elif unit.is_compound and not callees <= _NO_CHANGE:
            touches.update(Touch(final[:2], "", bool(final.attributes)) for final in passed
                           if self.aliases.is_data(final[:2]))
        own = {(index.name, name) for name in unit.names}
        return {Change(touch.target, touch.attribute) for touch in self.aliases.spread(touches)
                if touch.target not in own}

    def _of_use(self, unit: Unit, use: Use, finals: tuple[Final, ...]) -> Iterator[Touch]:
        index = unit.module
        root, attributes, kind, _, _ = use
        is_change = kind in (CHANGE, CHANGE_ATTRIBUTE, CHANGE_RESULT)
        if kind in (CHANGE, CHANGE_ATTRIBUTE):
            yield from (Touch(final[:2], "", len(final.attributes) > (kind == CHANGE_ATTRIBUTE)) for final in finals)
        elif kind == CHANGE_RESULT:
            yield from (touch for final in finals for touch in self.aliases.of_result(final[:2]))
        elif kind == BASE:
            for final in finals:
                yield from self._of_derivation(final[:2])
        elif kind == CALL:
            for final in finals:
                yield from self._of_call(final)
        is_called_alone = kind == CALL and bool(attributes) and unit.is_expression
        if not finals and (is_change or is_called_alone) and (attributes or ("",))[-1] not in PURE_METHODS:
            if isinstance(root, str) and root in index.bindings:
                yield Touch((index.name, root))  # such as numpy, by np.random.seed(0)
            for node in self.modules.resolve(index, use).nodes if root else ():
                if node.kind == "library":
                    yield Touch(library_target(node.module))

    def _of_call(self, final: Final) -> Iterator[Touch]:
        """Yield what calling what a name leads to may change."""
        target, attributes = final[:2], final.attributes
        yield from (touch._replace(attribute="") for touch in self._of_piece(target))
        classes = [unit for unit in self._units(target) if unit.is_class]
        if not attributes:
            if self._changes_itself(target):
                yield Touch(target, "", True)
        elif attributes[-1] in PURE_METHODS:
            return
        elif not classes:
            yield Touch(target, "", len(attributes) > 1 or bool(self.aliases.classes_of(target)))
        elif len(attributes) > 1:
            yield Touch(target, "", True)
        elif any(change.function == attributes[0] for unit in classes for change in unit.parameter_changes) or (
                attributes[0] in WRITING_METHODS and not any(attributes[0] in unit.members for unit in classes)):
            is_abstract = attributes == ("register",)  # ABC.register
            yield Touch(target, "isinstance" if is_abstract else "")  # otherwise a class method that changes the class

    def _changes_itself(self, target: Target) -> bool:
        """Tell whether calling the object that a name refers to changes that object."""
        return any(change.function == "__call__" and change.is_first for cls in self.aliases.classes_of(target)
                   for unit in self._units(cls) for change in unit.parameter_changes)

    def _of_derivation(self, target: Target) -> Iterator[Touch]:
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
                yield from (Touch(target, change.attribute) for change in maker.parameter_changes
                            if change.is_first and change.function in _CLASS_HOOKS and not change.only_sets)

    # --- functions and classes ---------------------------------------------------------------------------------------

    def _of_piece(self, target: Target) -> frozenset[Touch]:
        """Return what a function, or any method of a class, changes, directly or through what it calls."""
        known = self._effects.get(target)
        if known is None:
            found: set[Touch] = set()
            seen: set[Target] = set()
            pending = [target]
            while pending:
                piece = pending.pop()
                if piece in seen:
                    continue
                seen.add(piece)
                for unit in self._units(piece):
                    found.update(self._of_body(unit))
                    pending.extend(self._called_by(unit))
            known = self._effects[target] = frozenset(found)
        return known

    def _called_by(self, unit: Unit) -> Iterator[Target]:
        """Yield what is called when the function, class or callable object that a statement binds is."""
        kinds = (CALL,) if unit.is_definition else (CALL, PASS, SAME)  # a partial is made of what is passed
        for use in unit.uses:
            if use[2] in kinds and not (use[3] and unit.is_definition):
                yield from (final[:2] for final in self._finals(unit.module, use)
                            if use[2] == CALL or not self.aliases.is_data(final[:2]))

    def _of_body(self, unit: Unit) -> Iterator[Touch]:
        """Yield what a statement changes when what it binds is called."""
        changes_arguments = False
        passed: list[Final] = []
        for use in unit.uses:
            root, attributes, kind, eager, _ = use
            finals = self._finals(unit.module, use)
            if not eager:
                yield from self._directly(use, finals)
            elif unit.is_definition:
                continue  # what happens when it is defined, not when it is called
            elif kind == SAME and attributes and attributes[-1] not in PURE_METHODS:
                yield from (Touch(final[:2]) for final in finals
                            if final.attributes and self.aliases.is_data(final[:2]))
            if kind == PASS:
                passed.extend(finals)
                changes_arguments |= not unit.is_definition and any(map(self._changes_arguments, finals))
            elif kind == CALL:
                changes_arguments |= root in _CHANGE_BY_NAME or any(map(self._changes_arguments, finals))
        if changes_arguments:
            yield from (Touch(final[:2], "", bool(final.attributes)) for final in passed
                        if self.aliases.is_data(final[:2]))

    def _directly(self, use: Use, finals: Iterable[Final]) -> Iterator[Touch]:
        for final in finals:
            attributes = tuple(name for name in final.attributes if name != "[]")
            is_data = self.aliases.is_data(final[:2])
            if use[2] in (CHANGE, CHANGE_ATTRIBUTE):
                yield Touch(final[:2], (*attributes, "")[0], len(final.attributes) > (use[2] == CHANGE_ATTRIBUTE))
            elif use[2] == CHANGE_RESULT:
                yield from self.aliases.of_result(final[:2])
            elif use[2] == CALL and attributes and attributes[-1] not in PURE_METHODS and (
                    is_data or len(attributes) > 1):
                yield Touch(final[:2], (*attributes[:-1], "")[0], len(attributes) > 1)

    def _finals(self, index: ModuleIndex, use: Use) -> tuple[Final, ...]:
        return self.modules.resolve(index, use).finals if use[0] else ()

    def _units(self, target: Target) -> list[Unit]:
        return self.modules.units(target)

    def _changes_arguments(self, final: Final) -> bool:
        """Tell whether a function, or one that it calls, may change what is passed to it."""
        target = final[:2]
        known = self._changing.get(target)
        if known is None:
            self._changing[target] = False  # unless it turns out otherwise, also for those that call each other
            known = any(self._changes_its_arguments(unit) for unit in self._units(target) if unit.is_definition)
            self._changing[target] = known
        return known

    def _changes_its_arguments(self, unit: Unit) -> bool:
        if any(not change.is_first for change in unit.parameter_changes):
            return True
        return unit.passes_parameters and any(
            use[2] == CALL and not use[3] and (use[0] in _CHANGE_BY_NAME or (use[1] or (use[0],))[-1] in
                                               _CHANGE_ARGUMENTS or any(map(self._changes_arguments,
                                                                            self._finals(unit.module, use))))
            for use in unit.uses)
