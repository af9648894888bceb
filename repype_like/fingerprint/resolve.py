"""What a name in a module refers to, followed through imports, aliases and star imports without running anything."""

from __future__ import annotations

import builtins
import contextlib
import importlib.machinery
import os
from collections.abc import Iterator
from pathlib import Path

from repype_like.fingerprint.codebase import Codebase
from repype_like.fingerprint.memory import MISSING, attribute_of, names_after_import
from repype_like.fingerprint.module_index import ModuleIndex
from repype_like.fingerprint.unit import Unit
from repype_like.fingerprint.uses import ALL, DYNAMIC, IMPORT, OWN_MODULE, Import, Use, only_writes
from repype_like.typing import NamedTuple

__all__ = ["Final", "Modules", "Node", "Resolved"]

_BUILTIN_NAMES = frozenset({*vars(builtins), "__file__", "__path__", "__package__", "__builtins__", "__cached__"})


class Node(NamedTuple):
    """Something that code reaches."""

    kind: str
    """``name`` (of a module of the project), ``written`` (the same if nobody looks at what other statements have made
    of it), ``module`` (all of its names), ``binary`` (an extension of the project),
    ``library``, ``import`` (a module that is only imported), ``value`` (a name that no statement of its module binds),
    ``order`` (where several star imports offer a name, the text says in which order) or ``note`` (what cannot be
    seen)."""
    module: str
    name: str = ""
    text: str = ""


class Final(NamedTuple):
    """The name that a use leads to in the end, and the attributes that remain to be looked up in its value."""

    module: str
    name: str
    """``*`` for everything in the module."""
    attributes: tuple[str, ...]


class Resolved(NamedTuple):
    """What a use reaches on its way, and where it ends."""

    nodes: tuple[Node, ...]
    finals: tuple[Final, ...]


class Modules:
    """The modules of a codebase by name, indexed when they are first asked for."""

    def __init__(self, codebase: Codebase):
        self.codebase = codebase
        self._indices: dict[str, ModuleIndex | None] = {}
        self._resolved: dict[tuple[str, Use], Resolved] = {}
        self._closures: dict[str, frozenset[str]] = {}

    def index(self, name: str) -> ModuleIndex | None:
        """Return the index of a module of the project, None if it is not one or has no source."""
        if name not in self._indices:
            place = self.codebase.locate(name)
            self._indices[name] = None
            if place.kind == "source":
                label = Path(place.file).stem if name in ("__main__", "__mp_main__") else name
                source = self.codebase.sources.read(place.file)
                with contextlib.suppress(SyntaxError, ValueError):
                    self._indices[name] = ModuleIndex(name, label, bool(place.path), source)
        return self._indices[name]

    def units(self, target: tuple[str, str]) -> list[Unit]:
        """Return the statements that bind a name of a module."""
        index = self.index(target[0])
        return [unit.normalize() for unit in index.bindings.get(target[1], ())] if index is not None else []

    def closure(self, name: str) -> frozenset[str]:
        """Return the modules of the project that are imported, directly or not, when module `name` is."""
        known = self._closures.get(name)
        if known is None:
            reached: set[str] = set()
            seen: set[str] = set()
            pending = [name]
            while pending:
                module = pending.pop()
                if not module or module in seen:
                    continue
                seen.add(module)
                index = self.index(module)
                if index is not None:
                    reached.add(module)
                    pending.extend(self._imported_by(index))
                elif self.codebase.locate(module).kind != "namespace":
                    continue
                pending.append(module.rpartition(".")[0])
            known = self._closures[name] = frozenset(reached)
        return known

    def _imported_by(self, index: ModuleIndex) -> Iterator[str]:
        for use in index.sweeps:
            yield from (node.module for node in self.resolve(index, use).nodes if node.kind == "module")
        for target in index.imported:
            module = index.absolute(target)
            yield module
            if target.name and target.name != "*" and self.is_submodule(module, target.name):
                yield f"{module}.{target.name}"

    def is_submodule(self, package: str, name: str) -> bool:
        """Tell whether the attribute `name` of a package is a module of that name, and nothing that it binds itself."""
        index = self.index(package)
        bound = index.bindings.get(name, ()) if index is not None else ()
        own = all(_is_import_of(index, target, f"{package}.{name}") for unit in bound
                  for target in unit.imports.get(name, (None,)))
        return own and self.codebase.locate(f"{package}.{name}").kind != "missing"

    def resolve(self, index: ModuleIndex, use: Use) -> Resolved:
        """Follow a use that stands in a module."""
        key = (index.name, use)
        known = self._resolved.get(key)
        if known is None:
            known = self._resolved[key] = _Trail(self, index, use).resolved()
        return known


class _Trail:
    """The way from one use to what it refers to."""

    def __init__(self, modules: Modules, index: ModuleIndex, use: Use):
        self.modules = modules
        self.locate = modules.codebase.locate
        self.nodes: list[Node] = []
        self.finals: list[Final] = []
        self.seen: set[tuple[str, str]] = set()
        self.only_writes = only_writes(use)
        root, attributes, kind, _, line = use
        if kind == IMPORT and isinstance(root, Import):
            self._only_imported(index, root)
        elif root == OWN_MODULE:
            self._attribute(index.name, attributes)
        elif isinstance(root, Import):
            self._import(index, root, attributes)
        elif root:
            self._name(index, root, attributes)
        if kind == DYNAMIC and self.finals and not any(map(self._counts_whole, self.finals)):
            self.nodes.append(Node("note", index.name, "", f"{line}: an attribute is looked up by a computed name"))

    def resolved(self) -> Resolved:
        return Resolved(tuple(dict.fromkeys(self.nodes)), tuple(dict.fromkeys(self.finals)))

    def _counts_whole(self, final: Final) -> bool:
        if final.name == "*":
            return True
        index = self.modules.index(final.module)
        return index is not None and any(unit.is_class for unit in index.bindings.get(final.name, ()))

    def _name(self, index: ModuleIndex, name: str, attributes: tuple[str, ...]) -> bool:
        """Follow `name` in the module of `index`; tell whether it is known there."""
        if (index.name, name) in self.seen:
            return True
        self.seen.add((index.name, name))
        units = index.bindings.get(name, [])
        stars = [(position, module) for position, module in self._stars(index) if self._offers(module, name)]
        for _, module in stars:
            self._star(module, name, attributes)
        if len(stars) + len(units) > 1 and stars:  # the last one wins
            order = sorted([*stars, *((unit.position, "") for unit in units)])
            self.nodes.append(Node("order", index.label, name, " ".join(module or "." for _, module in order)))
        if not units:
            return bool(stars) or self._unbound(index, name)
        targets = [target for unit in units for target in unit.imports.get(name, ())]
        for target in targets:
            self._import(index, target, attributes)
        is_final = not targets or any(name not in unit.imports for unit in units)
        self.nodes.append(Node("written" if is_final and self.only_writes else "name", index.name, name))
        if is_final:
            self.finals.append(Final(index.name, name, attributes))
        return True

    def _stars(self, index: ModuleIndex) -> list[tuple[int, str]]:
        return [(position, index.absolute(star)) for position, star in index.stars]

    def _offers(self, module: str, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Tell whether a star import of a module may bind `name`."""
        index = self.modules.index(module)
        if index is None:
            return attribute_of(module, name) is not MISSING
        if not self._exports(index, name):
            return False
        seen = seen | {module}
        return name in index.bindings or any(
            self._offers(other, name, seen) for _, other in self._stars(index) if other not in seen)

    def _exports(self, index: ModuleIndex, name: str) -> bool:
        names = attribute_of(index.name, "__all__") if "__all__" in index.bindings else None
        return name in names if isinstance(names, (list, tuple, set, frozenset)) else not name.startswith("_")

    def _star(self, module: str, name: str, attributes: tuple[str, ...]) -> None:
        index = self.modules.index(module)
        if index is not None:
            self._name(index, name, attributes)
        else:
            self.nodes.append(Node("library", module))

    def _unbound(self, index: ModuleIndex, name: str) -> bool:
        """Deal with a name that no statement of the module binds: a builtin, or one put there by other means."""
        if name in _BUILTIN_NAMES:
            if name == "__doc__":
                self.nodes.append(Node("value", index.name, name))
            return True
        if name in names_after_import(index.name):
            self.nodes.append(Node("value", index.name, name))
            return True
        if attribute_of("builtins", name) is not MISSING:
            self.nodes.append(Node("value", "builtins", name))  # put there by other means
            return True
        return False

    def _only_imported(self, index: ModuleIndex, target: Import) -> None:
        module = index.absolute(target)
        self.nodes.append(Node("import", module))
        if target.name and self.modules.index(f"{module}.{target.name}"):
            self.nodes.append(Node("import", f"{module}.{target.name}"))

    def _import(self, index: ModuleIndex, target: Import, attributes: tuple[str, ...]) -> None:
        module = index.absolute(target)
        self._module(module, (target.name, *attributes) if target.name else attributes)

    def _submodules(self, package: str) -> None:
        """Reach all modules of a package."""
        names: set[str] = set()
        for folder in self.locate(package).path:
            with contextlib.suppress(OSError):
                names.update(entry.name.partition(".")[0] for entry in os.scandir(folder) if entry.is_dir()
                             or entry.name.endswith((".py", ".pyw", *importlib.machinery.EXTENSION_SUFFIXES)))
        for module in (f"{package}.{name}" for name in sorted(names) if name.isidentifier() and name != "__init__"):
            place = self.locate(module)
            if place.kind in ("source", "binary"):
                self.nodes.append(Node("module" if place.kind == "source" else "binary", module))
            if place.path and place.kind != "library":
                self._submodules(module)

    def _module(self, module: str, attributes: tuple[str, ...]) -> None:
        """Follow attributes of a module."""
        place = self.locate(module)
        if attributes[:1] == (ALL,):
            if place.kind in ("source", "namespace"):
                self._submodules(module)
            return
        if place.kind in ("library", "binary"):
            self.nodes.append(Node(place.kind, module))
        elif place.kind == "source":
            self._attribute(module, attributes)
        elif place.kind == "namespace" and attributes:
            self._module(f"{module}.{attributes[0]}", attributes[1:])
        elif place.kind == "live":
            self.nodes.append(Node("value", module, attributes[0]) if attributes else Node("module", module))

    def _attribute(self, module: str, attributes: tuple[str, ...]) -> None:
        index = self.modules.index(module)
        if index is None:
            self.nodes.append(Node("binary", module))  # it is no Python, at least not of this version
            return
        if not attributes or attributes[0] == "__dict__":
            self.nodes.append(Node("module", module))
            self.finals.append(Final(module, "*", attributes[1:]))
            return
        name, *others = attributes
        if self.modules.is_submodule(module, name):
            if name in index.bindings:
                self.nodes.append(Node("name", module, name))
            self._module(f"{module}.{name}", tuple(others))
        elif name in index.bindings:
            self._name(index, name, tuple(others))
        elif "__getattr__" in index.bindings and name not in _BUILTIN_NAMES and not any(
                self._offers(star, name) for _, star in self._stars(index)):
            self._name(index, "__getattr__", ())
            if attribute_of(module, name) is not MISSING:
                self.nodes.append(Node("value", module, name))
        elif not self._name(index, name, tuple(others)) and attribute_of(module, name) is not MISSING:
            self.nodes.append(Node("value", module, name))  # by the class of the module, for example


def _is_import_of(index: ModuleIndex | None, target: Import | None, module: str) -> bool:
    """Tell whether an import, which stands in the package that `module` is in, names that module."""
    if index is None or target is None:
        return False
    return (f"{index.absolute(target)}.{target.name}" if target.name else index.absolute(target)) == module
