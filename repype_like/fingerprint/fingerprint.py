"""The hash of what a stage does, wherever the code for it lives."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from repype_like.collector import collector_paused
from repype_like.fingerprint.canonical import NoCanonicalForm, hash_value
from repype_like.fingerprint.codebase import Codebase, active_codebase
from repype_like.fingerprint.effects import Effects, Target
from repype_like.fingerprint.loader import ProjectLoader
from repype_like.fingerprint.module_index import ModuleIndex
from repype_like.fingerprint.objects import Objects, function_of, is_homeless, is_stage
from repype_like.fingerprint.pieces import Names
from repype_like.fingerprint.resolve import Modules, Node
from repype_like.fingerprint.uses import FIELDS, STEERING
from repype_like.fingerprint.walk import Walk
from repype_like.hashing import hash_bytes
from repype_like.typing import Any, NamedTuple

__all__ = ["Fingerprint", "Fingerprinter", "fingerprint_of"]

_FIELDS = tuple(sorted(FIELDS))
_OWN_STATE = frozenset({*_FIELDS, "enabled_by_default", "event_callbacks", "declared", "default_config", "work_folder"})
_SIMPLE = frozenset({str, int, bool, type(None)})


_NONE: Mapping[str, str] = {}


class Fingerprint(NamedTuple):
    """What is known of an implementation."""

    hash: str
    parts: Mapping[str, str] = _NONE
    """The hash of each piece of code that is reached, by ``module:name``, and of methods by ``module:Class.name``."""
    files: Mapping[str, str] = _NONE
    """The hash of the content of each file that they come from."""
    distributions: Mapping[str, str] = _NONE
    """The versions of the distributions that they use, by name."""
    warnings: tuple[str, ...] = ()
    """What cannot be seen, in words."""


class Fingerprinter:
    """Makes the fingerprints of stages.

    Modules, names and functions are taken in once and hold for the life of this object, as does the fingerprint of each
    stage object: what a stage changes in itself while it runs is not an edit. What reaches a notebook is the exception:
    its cells are executed again and again, so it is judged anew each time.

    Arguments:
        codebase: The project code that the stages are made of.
    """

    def __init__(self, codebase: Codebase):
        self.codebase = codebase
        self._known: dict[int, tuple[Any, Fingerprint]] = {}  # by identity; the stage is held so that it stays its own
        self._forget()

    @classmethod
    def of(cls, codebase: Codebase) -> Fingerprinter:
        """Return the one that belongs to `codebase`."""
        if not isinstance(codebase.fingerprinter, cls):
            codebase.fingerprinter = cls(codebase)
        fingerprinter: Fingerprinter = codebase.fingerprinter
        return fingerprinter

    def _forget(self) -> None:
        self._by_key: dict[Any, Fingerprint] = {}  # what stages have in common whose fingerprints are the same
        self._generation = self.codebase.generation
        self._modules = Modules(self.codebase)
        self._effects = Effects(self._modules)
        self._forget_objects()

    def _forget_objects(self) -> None:
        self._objects = Objects(self._modules)
        self._names = Names(self._modules, self._objects)

    def _is_of_notebook(self, fingerprint: Fingerprint) -> bool:
        """Tell whether something of it was defined where there is no file."""
        return any(self.codebase.locate(label.partition(":")[0]).kind == "live" for label in fingerprint.parts
                   if ":" in label)

    def stage(self, stage: Any) -> Fingerprint:
        """Return the fingerprint of a stage."""
        known = self._known.get(id(stage))
        if known is None:
            key = _key_of(stage)
            key = key and (*key, *self._entrances(stage))
            fingerprint = self._by_key.get(key)
            if fingerprint is None:
                with self.codebase.activate(), collector_paused():
                    self._own(stage)
                    fingerprint = self._of_stage(stage)
                    if self._is_of_notebook(fingerprint):
                        self._forget_objects()
                        return fingerprint
            if key is not None:
                self._by_key[key] = fingerprint
            known = self._known[id(stage)] = stage, fingerprint
        return known[1]

    def code(self, *objects: type | types.FunctionType) -> Fingerprint:
        """Return the fingerprint of functions and classes, such as that of a pipeline of the user's own."""
        with self.codebase.activate(), collector_paused():
            walk = Walk(self._modules, self._effects, self._names, {})
            for value in objects:
                self._reach(walk, value)
            found = self._result(walk, [])
            if self._is_of_notebook(found):
                self._forget_objects()
            return found

    def _own(self, stage: Any) -> None:
        function = function_of(stage)
        if function is not None:
            self.codebase.own(function.__module__)
        for base in type(stage).__mro__:
            if not is_stage(base) or base.__module__.partition(".")[0] == "repype_like":
                continue
            self.codebase.own(base.__module__)
            break  # what the other classes are in is a library, unless it is of the project for reasons of its own
        if self._generation != self.codebase.generation:
            self._forget()

    def _of_stage(self, stage: Any) -> Fingerprint:
        cls, function = type(stage), function_of(stage)
        version = getattr(stage, "version", "")
        home = cls if function is None else function
        dotted = f"{self._label(home.__module__)}.{home.__qualname__}"
        if getattr(stage, "fingerprint", "code") == "version":
            return Fingerprint(hash_value(["version", dotted, version]))
        bases = [base for base in cls.__mro__ if self._is_project(base)]
        walk = Walk(self._modules, self._effects, self._names, self._steering(bases))
        for module in self._entrances(stage):
            walk.run([Node("import", module)])
        for base in bases:
            self._reach(walk, base)
            for function in self._patched(base):
                self._reach(walk, function)
        if isinstance(function, types.FunctionType):
            walk.add_piece(self._objects.piece_of_stage(function))
            walk.run(())
            function = None
        for made in _classes_made(stage):
            if self._is_project(made):
                self._reach(walk, made)
        state = self._state(walk, stage, _carried(stage, function) if home is not cls else _attributes_of(stage))
        return self._result(walk, [state, hash_value([dotted, version])])

    # --- what counts for a stage -------------------------------------------------------------------------------------

    def _entrances(self, stage: Any) -> list[str]:
        found = self.codebase.entrances
        return sorted({module for value in (stage, type(stage)) if id(value) in found
                       for module in found[id(value)][1]})

    def _is_project(self, cls: type) -> bool:
        return is_homeless(cls) or self.codebase.locate(cls.__module__).kind in ("source", "live", "binary")

    def _steering(self, bases: list[type]) -> dict[Target, frozenset[str]]:
        """Return for the statements of the classes of a stage which attributes count though they steer its execution.

        These are the ones that the methods of the stage read.
        """
        targets = {(base.__module__, base.__qualname__.partition(".")[0]) for base in bases}
        read: set[str] = set()
        for module, name in targets:
            index = self._modules.index(module)
            for unit in index.bindings.get(name, ()) if index is not None else ():
                read |= unit.normalize().own_reads
        kept = frozenset(read & (STEERING - FIELDS))
        return dict.fromkeys(targets, kept)

    def _patched(self, cls: type) -> Iterator[types.FunctionType]:
        """Yield the methods of a class that are not those which its statement defines."""
        index = self._modules.index(cls.__module__)
        units = index.bindings.get(cls.__qualname__, ()) if index is not None else ()
        unit = next((unit for unit in units if unit.is_class), None)
        if unit is None:
            return
        bound = unit.members
        for name, value in vars(cls).items():
            if isinstance(value, types.FunctionType) and bound.get(name, True) and name != "__init_subclass__":
                at_home = value.__module__ == cls.__module__ and value.__qualname__ == f"{cls.__qualname__}.{name}"
                if not at_home and not (name.startswith("__") and name not in bound):  # dataclasses make such
                    yield value

    def _state(self, walk: Walk, stage: Any, carried: dict[str, Any]) -> str:
        """Return the hash of what a stage object carries with it, fields included, in whatever order they are named.

        Arguments:
            walk: What it reaches is added to.
            stage: The stage.
            carried: What it carries with it, by name.
        """
        state: dict[str, Any] = {name: frozenset(map(str, getattr(stage, name, ()))) for name in _FIELDS}
        hashes = {name: hash_value(value) for name, value in state.items()}
        for name, value in carried.items():
            if name in _OWN_STATE:
                continue
            try:
                encoded = self._objects.encode(value, self.codebase.start)
            except NoCanonicalForm as error:
                walk.notes.add(f'attribute "{name}" of the stage "{getattr(stage, "id", "")}" does not count: {error}')
                continue
            hashes[name] = encoded.hash
            walk.run(encoded.nodes)
            for piece in encoded.pieces:
                walk.add_piece(piece)
        return hash_value(hashes)

    def _reach(self, walk: Walk, value: type | types.FunctionType) -> None:
        node = self._objects.node_of(value)
        if node is None or node.kind == "live":
            walk.add_piece(self._objects.piece_of(value))
            walk.run(())
        else:
            walk.run([node])

    def _label(self, module: str) -> str:
        index: ModuleIndex | None = self._modules.index(module)
        return index.label if index is not None else module

    def _result(self, walk: Walk, more: list[str]) -> Fingerprint:
        walk.run(())
        pairs = sorted(walk.pairs)
        parts: dict[str, str] = {}
        for label, digest in pairs:
            parts[label] = hash_bytes(f"{parts[label]} {digest}".encode()) if label in parts else digest.lstrip("+")
        more += [f"{module} {digest}" for module, digest in walk.orders()]
        if more:
            parts["stage"] = more[0] if len(more) == 1 else hash_bytes(" ".join(more).encode())
        parts.update(walk.methods())
        text = "\n".join([*(f"{label} {digest}" for label, digest in pairs), *more])
        return Fingerprint(hash_bytes(text.encode("utf-8", "surrogatepass")), parts, walk.sources(),
                           dict(sorted(walk.distributions.items())), tuple(sorted(walk.notes)))


def _attributes_of(stage: Any) -> dict[str, Any]:
    """Return what a stage object carries with it, in its slots too; or what it says itself that counts of that."""
    if hasattr(type(stage), "state_that_counts"):
        return dict(stage.state_that_counts())
    slots = {name for cls in type(stage).__mro__ for name, value in vars(cls).items()
             if isinstance(value, types.MemberDescriptorType)}
    found = {name: getattr(stage, name) for name in slots if hasattr(stage, name)}
    return {**found, **getattr(stage, "__dict__", {})}


def _key_of(stage: Any) -> Any:
    """Return what tells apart stages of the same code; None for a stage whose state is more than a few names.

    Most stages differ in nothing, and a tree may have thousands of them.
    """
    if function_of(stage) is not None:
        fields = [frozenset(getattr(stage, name)) for name in _FIELDS]
        return (id(stage.function), repr(stage.version), stage.fingerprint, stage.order, stage.seeded,
                frozenset(stage.lazy), id(stage.config_class), id(vars(stage).get("normalize_config")), *fields)
    state = _attributes_of(stage)
    others = [(name, type(value), value) for name, value in state.items() if name not in _OWN_STATE]
    if not all(kind in _SIMPLE for _, kind, _ in others):
        return None
    fields = [frozenset(getattr(stage, name, ())) for name in _FIELDS]
    return (type(stage), repr(getattr(stage, "version", "")), *fields, *sorted(others, key=lambda item: item[0]))


def _classes_made(stage: Any) -> Sequence[type]:
    """Return the classes that hyperparameters are made instances of: annotations name them, and those do not count."""
    declared = getattr(stage, "declared", None)
    return declared.classes if declared is not None else ()


def _carried(stage: Any, function: Any) -> dict[str, Any]:
    """Return what counts of a stage that was made of a function, besides the code of that."""
    return {"function": function, "order": stage.order, **({"seeded": True} if stage.seeded else {}),
            **({"lazy": sorted(stage.lazy)} if stage.lazy else {}),
            **{name: value for name, value in vars(stage).items() if name == "normalize_config"}}


_default: list[Codebase] = []


def fingerprint_of(stage: Any) -> Fingerprint:
    """Return the fingerprint of a stage, with the codebase that its class was imported from.

    If there is none, it is the active one, or else one that starts in the current directory.
    """
    codebase = _codebase_of(stage) or active_codebase()
    if codebase is None:
        if not _default:
            _default.append(Codebase(Path.cwd()))
        codebase = _default[0]
    return Fingerprinter.of(codebase).stage(stage)


def _codebase_of(stage: Any) -> Codebase | None:
    for attributes in ({"function": function_of(stage)}, *map(vars, type(stage).__mro__)):
        for value in attributes.values():
            loader = getattr(getattr(value, "__globals__", {}).get("__spec__"), "loader", None)
            if isinstance(loader, ProjectLoader):
                return loader.codebase
    return None
