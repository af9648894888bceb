"""The names of modules as pieces of code: the hash of the statements that make each up, and what they reach."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from repype_like.fingerprint.canonical import NoCanonicalForm, hash_value
from repype_like.fingerprint.effects import Target
from repype_like.fingerprint.memory import MISSING, attribute_of, loaded, number_of
from repype_like.fingerprint.module_index import ModuleIndex
from repype_like.fingerprint.objects import Encoded, Objects, contents_of_cells
from repype_like.fingerprint.outside import CHANCE, OUTSIDE, UNKNOWN, dotted_names, kind_of_reading
from repype_like.fingerprint.resolve import Modules, Node
from repype_like.fingerprint.unit import Unit
from repype_like.fingerprint.uses import BASE, CALL, DERIVED, STEERING, Use
from repype_like.hashing import hash_bytes
from repype_like.typing import Any

__all__ = ["NamePiece", "Names"]

_DATA_MODULES = frozenset({"builtins", "numpy", "pandas", "datetime", "decimal", "fractions", "pathlib", "uuid",
                           "collections"})
_PLAIN_BASES = frozenset({"object", "abc.ABC", "repype_like.stage.Stage", "repype_like.Stage"})
_STANDARD_LIBRARY = frozenset(sys.stdlib_module_names)


@dataclass
class NamePiece:
    """What counts for a name of a module."""

    units: tuple[Unit, ...]
    pair: tuple[str, str]
    """How it is called, and its hash."""
    nodes: tuple[Node, ...]
    value: Encoded | None = None
    """The value right after the import, where the statements do not determine it."""


_first_values: WeakKeyDictionary[types.ModuleType, dict[tuple[str, bool], Encoded | None]] = WeakKeyDictionary()
# What names meant when they were first asked for in this process: stages may change it while they run.


class Names:
    """The pieces of a codebase, each made once."""

    def __init__(self, modules: Modules, objects: Objects):
        self.modules = modules
        self.objects = objects
        self._pieces: dict[Target | tuple[Target, frozenset[str]], NamePiece] = {}
        self._nodes: dict[int, tuple[Unit, tuple[Node, ...]]] = {}
        self._reads: dict[int, tuple[Unit, frozenset[str]]] = {}
        self._reads_outside: dict[Target, bool] = {}

    def piece(self, target: Target, steering: frozenset[str] | None = None) -> NamePiece | None:
        """Return the piece for a name; None if the module has no source or does not bind the name.

        Arguments:
            target: The module and the name.
            steering: For a stage, the attributes that steer its execution which count nevertheless.
        """
        key = target if steering is None else (target, steering)
        known = self._pieces.get(key)
        if known is None:
            index = self.modules.index(target[0])
            units = index.bindings.get(target[1]) if index is not None else None
            if index is None or units is None:
                return None
            known = self._pieces[key] = self._make(index, target[1], units, steering)
        return known

    def _make(self, index: ModuleIndex, name: str, units: list[Unit], steering: frozenset[str] | None) -> NamePiece:
        hashes: list[str] = []
        nodes: list[Node] = []
        for unit in units:
            if unit.is_import and unit.hash in hashes:
                continue  # import a.b, a.c binds a twice
            hashes.append(unit.normalize().hash)
            nodes.extend(self.nodes_of(unit))
            if unit.is_class and (unit.order or unit.member_annotations) and not self._is_plain(unit, set()):
                hashes.append(unit.order)
                nodes.extend(self._resolved(unit.module, unit.member_annotations))
            for attribute, (text, uses) in sorted(unit.steering.items()):
                if steering is None or attribute in steering:
                    hashes.append(f"{attribute}={text}")
                    nodes.extend(self._resolved(unit.module, uses))
        if len(hashes) > 1:
            hashes = [hash_bytes(" ".join(hashes).encode())]
        pair = (f"{index.label}:{name}", hashes[0])
        return NamePiece(tuple(units), pair, tuple(dict.fromkeys(nodes)), self.value(index.name, name, units))

    def _is_plain(self, unit: Unit, seen: set[Unit]) -> bool:
        """Tell whether nothing is made of the order and the annotations of the attributes of a class."""
        if not unit.is_plain_class or unit in seen or "__init_subclass__" in unit.members:
            return False
        for use in unit.uses:
            if use[2] == BASE:
                finals = self.modules.resolve(unit.module, use).finals
                if not finals and not _PLAIN_BASES.issuperset(dotted_names(unit.module, use[0], use[1])):
                    return False
                bases = [base for final in finals for base in self.modules.units(final[:2])]
                if not all(base.is_class and self._is_plain(base, {*seen, unit}) for base in bases):
                    return False
        return True

    def nodes_of(self, unit: Unit) -> tuple[Node, ...]:
        """Return what a statement reaches."""
        known = self._nodes.get(id(unit))
        if known is None:
            nodes = self._resolved(unit.module, unit.normalize().uses)
            if unit.is_try:
                nodes += tuple(self._present(unit))
            known = self._nodes[id(unit)] = unit, nodes
        return known[1]

    def _present(self, unit: Unit) -> Iterator[Node]:
        """Yield which of the modules that a statement tries to import are there, in the project."""
        for target in (target for targets in unit.imports.values() for target in targets):
            module = unit.module.absolute(target)
            if self.modules.codebase.locate(module).kind in ("source", "binary"):
                yield Node("order", module, "", "present")

    def steering_nodes(self, unit: Unit, attribute: str) -> tuple[Node, ...]:
        """Return what an attribute that steers the execution of a stage reaches."""
        return self._resolved(unit.module, unit.steering[attribute][1])

    def extra_nodes(self, unit: Unit, word: str) -> tuple[Node, ...]:
        """Return what something of a statement reaches that counts only where somebody looks at it."""
        return self._resolved(unit.module, unit.extras[word][1])

    def _resolved(self, index: ModuleIndex, uses: frozenset[Use]) -> tuple[Node, ...]:
        return tuple(dict.fromkeys(node for use in uses if use[0] and use[4] != DERIVED
                                   for node in self.modules.resolve(index, use).nodes))

    # --- values ------------------------------------------------------------------------------------------------------

    def first_value(self, module: str, name: str, whole: bool) -> Encoded | None:
        """Return the value of a name of a module as it was when it was first asked for, None if it has no form.

        Arguments:
            module: The module.
            name: The name.
            whole: Whether the code of a function or class counts too, and not only what it was given.
        """
        memory = loaded(module)
        if memory is None:
            return None
        if self.modules.codebase.locate(module).kind == "live":
            return self._present_value(module, name)
        values = _first_values.setdefault(memory, {})
        if (name, whole) not in values:
            values[name, whole] = None
            place = self.modules.codebase.locate(module)
            value = attribute_of(module, name)
            if value is not MISSING:
                with contextlib.suppress(NoCanonicalForm):
                    values[name, whole] = self.objects.encode(value if whole else self._state(module, name, value),
                                                              self.objects.root_of(place.file))
        return values[name, whole]

    def _present_value(self, module: str, name: str) -> Encoded | None:
        """Return the value that a name has now: the cells of a notebook are executed again and again.

        What has no form that could be compared counts as something else each time that it is made.
        """
        value = attribute_of(module, name)
        if value is MISSING:
            return None
        try:
            return self.objects.encode(value, self.modules.codebase.start)
        except NoCanonicalForm:
            return Encoded(hash_value(["object", number_of(value)]), (), ())

    def _state(self, module: str, name: str, value: Any) -> Any:
        """Return what counts of a value beside the code, and which of several pieces of code it is."""
        if isinstance(value, types.ModuleType):
            return value.__name__ if self.modules.index(value.__name__) is not None else None
        units = self.modules.units((module, name))
        is_choice = len(units) > 1 or any(unit.is_compound for unit in units)
        if is_choice and isinstance(value, (type, types.FunctionType)) and self.modules.index(value.__module__):
            piece = self.objects.piece_of(value)
            return [piece.label, piece.hash, _state(value)]
        return _state(value)

    def value(self, module: str, name: str, units: Iterable[Unit]) -> Encoded | None:
        """Return the value of a name if any of `units`, which bind or change it, reads something else than code."""
        reading: set[str] = set()
        for unit in units:
            reading.update(kind_of_reading(unit.module, use, _STANDARD_LIBRARY) for use in unit.eager)
            called = [final[:2] for use in unit.eager if use[2] == CALL and use[0]
                      for final in self.modules.resolve(unit.module, use).finals]
            if any(map(self._reaches_outside, called)):
                reading.add(OUTSIDE)
        if CHANCE in reading or not reading & {OUTSIDE, UNKNOWN}:
            return None
        if OUTSIDE not in reading and not _is_data(attribute_of(module, name)):
            return None
        return self.first_value(module, name, whole=False)

    def _reaches_outside(self, target: Target) -> bool:
        """Tell whether calling what a name refers to may read something outside of the code."""
        known = self._reads_outside.get(target)
        if known is None:
            seen: set[Target] = set()
            pending = [target]
            while pending and not known:
                piece = pending.pop()
                index = self.modules.index(piece[0])
                if piece in seen or index is None:
                    continue
                seen.add(piece)
                for unit in index.bindings.get(piece[1], ()):
                    known = known or OUTSIDE in self._readings(unit)
                    pending.extend(node[1:3] for node in self.nodes_of(unit)
                                   if node.kind in ("name", "written"))
            known = self._reads_outside[target] = bool(known)
        return known

    def _readings(self, unit: Unit) -> frozenset[str]:
        known = self._reads.get(id(unit))
        if known is None:
            kinds = frozenset(kind_of_reading(unit.module, use, _STANDARD_LIBRARY) for use in unit.normalize().uses)
            known = self._reads[id(unit)] = unit, kinds
        return known[1]


def _state(value: Any) -> Any:
    """Return what counts of a value: of functions and classes only what they were given when they were made."""
    if isinstance(value, types.FunctionType):
        return [value.__defaults__, value.__kwdefaults__, contents_of_cells(value),
                _state(value.__wrapped__) if hasattr(value, "__wrapped__") else None]
    if isinstance(value, type):
        return {name: attribute for name, attribute in vars(value).items()
                if not name.startswith("__") and name not in STEERING
                and not callable(attribute) and not hasattr(attribute, "__get__")}
    return value


def _is_data(value: Any) -> bool:
    if value is MISSING or value is None or callable(value):
        return False
    return type(value).__module__.partition(".")[0] in _DATA_MODULES
