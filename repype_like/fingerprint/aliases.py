"""Which names refer to the same objects, or to objects that hold each other, by the statements that bind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repype_like.fingerprint.memory import MISSING, attribute_of
from repype_like.fingerprint.resolve import Modules
from repype_like.fingerprint.uses import HOLDING, PART, RESULT, SAME, WITHIN
from repype_like.typing import NamedTuple

__all__ = ["Aliases", "Touch"]

_Target = tuple[str, str]
_UNCHANGEABLE = (type(None), bool, int, float, complex, str, bytes, range)


class Touch(NamedTuple):
    """That what a name refers to is changed."""

    target: _Target
    attribute: str = ""
    """If only those need to know of it who read an attribute, which one."""
    is_deep: bool = False
    """Whether objects that it holds may be changed too."""


class Aliases:
    """Follows what names stand for."""

    def __init__(self, modules: Modules):
        self.modules = modules
        self._held: dict[tuple[_Target, bool], list[tuple[int, _Target, bool]]] = {}
        self._classes: dict[_Target, list[_Target]] = {}

    def is_data(self, target: _Target) -> bool:
        """Tell whether a name is bound to something else than a function or a class."""
        return not any(unit.is_definition for unit in self.modules.units(target))

    def spread(self, touches: Iterable[Touch]) -> set[Touch]:
        """Return the changes of other names that changes come with, and the changes themselves."""
        found: set[Touch] = set()
        pending = list(touches)
        while pending:
            touch = pending.pop()
            if touch in found:
                continue
            found.add(touch)
            pending.extend(self._of_held(self._holding(touch.target, eager=True), touch.is_deep, set()))
        return found

    def of_result(self, target: _Target) -> Iterator[Touch]:
        """Yield what is changed if what a function returns is."""
        yield from self._of_held([(RESULT, target, False)], is_deep=True, seen=set())

    def classes_of(self, target: _Target) -> list[_Target]:
        """Return the classes of the project which what a name refers to may be an object of."""
        known = self._classes.get(target)
        if known is None:
            known = self._classes[target] = [
                other for relation, other, _ in self._holding(target, eager=True)
                if relation == RESULT and any(unit.is_class for unit in self.modules.units(other))]
        return known

    def _of_held(self, held: Iterable[tuple[int, _Target, bool]], is_deep: bool, seen: set[_Target]) -> Iterator[Touch]:
        for relation, other, is_part in held:
            if relation == RESULT:
                if other not in seen:
                    seen.add(other)
                    yield from self._of_held(self._holding(other, eager=self.is_data(other)), is_deep, seen)
                    if self.is_data(other):
                        yield from self._of_held(self._holding(other, eager=False), is_deep, seen)  # by a lambda
            elif self.is_data(other) and self._is_changeable(other):
                if relation == SAME:
                    yield Touch(other, "", is_deep or is_part)
                elif relation == PART or is_deep:
                    yield Touch(other, "", True)

    def _holding(self, target: _Target, eager: bool) -> list[tuple[int, _Target, bool]]:
        """Return what a name stands for, or what the function that it stands for returns: relation, name, is a part."""
        known = self._held.get((target, eager))
        if known is None:
            known = []
            for unit in self.modules.units(target):
                for use in unit.uses:
                    if use[2] in HOLDING and use[3] == eager and use[0]:
                        relation = WITHIN if unit.is_class and use[2] != RESULT else use[2]
                        known += [(relation, final[:2], bool(final.attributes))
                                  for final in self.modules.resolve(unit.module, use).finals
                                  if final[:2] != target]
            self._held[target, eager] = known
        return known

    def _is_changeable(self, target: _Target) -> bool:
        value = attribute_of(*target)
        return value is MISSING or not isinstance(value, _UNCHANGEABLE)
