"""Objects as they are in memory, where no statement of a module stands for them.

This is the way to lambdas, closures, classes that functions have made, and everything that was defined in a notebook.
"""

from __future__ import annotations

import ast
import contextlib
import os
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.fingerprint.canonical import NoCanonicalForm, canonical_bytes
from repype_like.fingerprint.function_sources import FunctionSources, body_of_stage, code_content
from repype_like.fingerprint.normalize import Normalizer
from repype_like.fingerprint.resolve import Modules, Node
from repype_like.fingerprint.unit import Unit
from repype_like.fingerprint.uses import DERIVED, STEERING
from repype_like.hashing import hash_bytes
from repype_like.typing import Any

__all__ = ["Encoded", "Objects", "Piece", "contents_of_cells", "function_of", "is_homeless", "is_stage"]

_CLASS_MACHINERY = frozenset({
    "__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__firstlineno__", "__static_attributes__",
    "__annotations__", "__annotate__", "__annotate_func__", "__abstractmethods__", "_abc_impl", "__parameters__",
    "__orig_bases__", "__classdictcell__", "__dataclass_fields__", "__dataclass_params__", "__match_args__",
    "__slots__"})

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement


@dataclass
class Piece:
    """A piece of code that is known by an object: how it is called, its hash, and what it reaches."""

    label: str
    hash: str = ""
    nodes: list[Node] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Encoded:
    """A value as its hash, and the code that it reaches."""

    hash: str
    nodes: tuple[Node, ...]
    pieces: tuple[Piece, ...]


class Objects:
    """Turns objects into pieces; each object once."""

    def __init__(self, modules: Modules):
        self.modules = modules
        self._pieces: dict[int, tuple[Any, Piece]] = {}  # by identity; the object is held so that it stays its own
        self._collecting: list[Piece] = []
        self._open: list[int] = []  # the identities of the objects that are being taken in, outermost first
        self._knotted = False
        self._functions = FunctionSources()
        self._stages: dict[int, tuple[Any, Piece]] = {}

    def encode(self, value: Any, root: Path) -> Encoded:
        """Return the hash of the canonical form of `value`, and what it reaches.

        Raises:
            NoCanonicalForm: If it has none.
        """
        collected = Piece("")
        self._collecting.append(collected)
        try:
            form = canonical_bytes(value, root=root, describe=self._describe)
        finally:
            self._collecting.pop()
        return Encoded(hash_bytes(form), tuple(collected.nodes), tuple(collected.pieces))

    def root_of(self, file: str) -> Path:
        """Return the folder that paths in values of a module are relative to."""
        codebase = self.modules.codebase
        return max((folder for folder in codebase.search if Path(file).is_relative_to(folder)),
                   key=lambda folder: len(folder.parts), default=codebase.start)

    def piece_of(self, value: type | types.FunctionType) -> Piece:
        """Return the piece of a function or class, whatever statement it comes from."""
        known = self._pieces.get(id(value))
        if known is not None:
            self._knotted = self._knotted or id(value) in self._open[:-1]
            return known[1]
        piece = Piece(f"{self._label(value.__module__)}:{value.__qualname__}")
        before = len(self._pieces)
        self._pieces[id(value)] = value, piece
        self._open.append(id(value))
        if isinstance(value, type):
            self._fill_class(piece, value)
        else:
            self._fill_function(piece, value)
        self._open.pop()
        if not self._open and self._knotted:
            # The hashes of objects that refer to each other depend on which of them was met first.
            self._pieces = dict(list(self._pieces.items())[:before + 1])
            self._knotted = False
        return piece

    def piece_of_stage(self, function: types.FunctionType) -> Piece:
        """Return the piece of a function that was made a stage; its declared defaults do not count."""
        known = self._stages.get(id(function))
        if known is None:
            piece = Piece(f"{self._label(function.__module__)}:{function.__qualname__}")
            parts = [self._source_of(function, piece, body_of_stage), *self._values(piece, function, declared=True)]
            piece.hash = hash_bytes(canonical_bytes(parts))
            known = self._stages[id(function)] = function, piece
        return known[1]

    # --- what stands for an object -----------------------------------------------------------------------------------

    def _describe(self, value: Any) -> str | None:
        """Return the text that stands for a class, function or module within a value, and note that it is reached."""
        collected = self._collecting[-1]
        if isinstance(value, types.ModuleType):
            place = self.modules.codebase.locate(value.__name__)
            collected.nodes.append(Node("library" if place.kind == "library" else "module", value.__name__))
            return self._label(value.__name__)
        module = getattr(value, "__module__", None)
        if not isinstance(value, (type, types.FunctionType)):
            if isinstance(module, str) and isinstance(getattr(value, "__qualname__", None), str):
                collected.nodes.extend(filter(None, [self.node_of(value)]))  # a function with a cache, for example
            return None
        node = self.node_of(value)
        if node is not None:
            collected.nodes.append(node)
            return None if node.kind == "library" else f"{self._label(module)}:{value.__qualname__}"
        piece = self.piece_of(value)
        collected.pieces.append(piece)
        return f"{piece.label}#{piece.hash}"  # the hash is empty within the piece itself

    def node_of(self, value: Any) -> Node | None:
        """Return the statement that stands for a function or class; None if there is none."""
        module, name = value.__module__, value.__qualname__
        if is_homeless(value):
            return None
        place = self.modules.codebase.locate(module)
        if place.kind in ("library", "missing"):
            return Node("library", module)
        if place.kind == "binary":
            return Node("binary", module)
        index = self.modules.index(module)
        top = name.partition(".")[0]
        if index is not None and "<" not in name and top in index.bindings:
            return Node("name", module, top)
        return None

    def _label(self, module: str | None) -> str:
        index = self.modules.index(module or "builtins")
        return index.label if index is not None else module or "builtins"

    # --- functions ---------------------------------------------------------------------------------------------------

    def _fill_function(self, piece: Piece, function: types.FunctionType) -> None:
        found = self._source_of(function, piece)
        parts: list[Any] = [found, *self._values(piece, function)]
        piece.hash = hash_bytes(canonical_bytes(parts))

    def _source_of(self, function: types.FunctionType, piece: Piece,
                   counted: Callable[[ast.AST], ast.AST] = lambda node: node) -> str:
        """Return the hash of the source of a function, and note what it reaches."""
        code = function.__code__
        index = self.modules.index(function.__module__ or "builtins")
        if index is not None and not _is_same_file(index.source.file, code.co_filename):
            index = None  # it only says that it is of this module, as wrappers do
        node = self._functions.node_of(code, index.source if index is not None else None)
        if node is None:
            piece.notes.append(f"the source of {piece.label} cannot be found: it is judged by its bytecode, which "
                               "differs between versions of Python")
            return hash_bytes(canonical_bytes(code_content(code)))
        normalizer = Normalizer()
        normalizer.visit(counted(node))
        unit = Unit(index, 0, "", None).take(normalizer) if index is not None else None
        if unit is not None and index is not None:
            piece.notes.extend(f"{index.source.file}:{line}: {text}" for line, text in unit.notes)
            for use in unit.uses:
                if use[4] == DERIVED:
                    continue
                piece.nodes.extend(self.modules.resolve(index, use).nodes)
            return unit.hash
        normalizer.close()
        piece.notes.extend(f"{code.co_filename}:{line}: {text}" for line, text in normalizer.notes)
        self._follow_globals(piece, function, normalizer)
        return hash_bytes(normalizer.text.encode("utf-8", "surrogatepass"))

    def _follow_globals(self, piece: Piece, function: types.FunctionType, normalizer: Normalizer) -> None:
        """Note the global names that a function of a notebook uses, by their values."""
        module = function.__globals__.get("__name__", function.__module__)
        for root, attributes, _, _, line in normalizer.uses:
            if line == DERIVED:
                continue
            if not isinstance(root, str):
                target = root.module if not root.name else f"{root.module}.{root.name}"
                place = self.modules.codebase.locate(root.module)
                piece.nodes.append(Node("library" if place.kind == "library" else "module",
                                        target if self.modules.index(target) else root.module))
            elif root in function.__globals__:
                value = function.__globals__[root]
                index = self.modules.index(value.__name__) if isinstance(value, types.ModuleType) else None
                if index is not None and attributes and attributes[0] in index.bindings:
                    piece.nodes.append(Node("name", index.name, attributes[0]))
                else:
                    piece.nodes.append(Node("name", module, root))

    def _values(self, piece: Piece, function: types.FunctionType, declared: bool = False) -> Iterator[Any]:
        """Yield the hashes of the values that a function carries with it; `declared` defaults are left out."""
        contents = contents_of_cells(function)
        state = {name: value for name, value in vars(function).items() if name != "__wrapped__"}
        for what, values in (("closure", contents), ("default arguments", dict(enumerate(function.__defaults__ or ()))),
                             ("default arguments", (not declared and function.__kwdefaults__) or {}),
                             ("attributes", state)):
            yield self._encoded_items(piece, values, f"among the {what} of")

    def _encoded_items(self, piece: Piece, values: dict[Any, Any], where: str) -> dict[Any, str]:
        root = self.modules.codebase.start
        hashes = {}
        for name, value in values.items():
            try:
                encoded = self.encode(value, root)
            except NoCanonicalForm as error:
                piece.notes.append(f'"{name}" {where} {piece.label} does not count: {error}')
                continue
            hashes[name] = encoded.hash
            piece.nodes.extend(encoded.nodes)
            piece.pieces.extend(encoded.pieces)
        return hashes

    # --- classes -----------------------------------------------------------------------------------------------------

    def _fill_class(self, piece: Piece, cls: type) -> None:
        """Judge a class by its attributes; functions among them are pieces of their own."""
        steering = STEERING if is_stage(cls) else frozenset()
        attributes = {name: value for name, value in vars(cls).items()
                      if name not in _CLASS_MACHINERY and name not in steering
                      and not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType))}
        hashes = self._encoded_items(piece, attributes, "among the attributes of")
        bases = self._encoded_items(piece, {"bases": cls.__bases__, "metaclass": type(cls)}, "of")
        piece.hash = hash_bytes(canonical_bytes([cls.__qualname__, hashes, bases]))


def contents_of_cells(function: types.FunctionType) -> dict[str, Any]:
    """Return the variables of enclosing functions that a function uses, but those that are not assigned yet."""
    contents = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):
            contents[name] = cell.cell_contents
    return contents


def is_homeless(value: type | types.FunctionType) -> bool:
    """Tell whether a function or class was made where no module has a name, and is no builtin."""
    return value.__module__ in ("builtins", None) and (isinstance(value, types.FunctionType)
                                                       or bool(value.__flags__ & _HEAP_TYPE))


def is_stage(cls: type) -> bool:
    """Tell whether a class is derived from our stages."""
    return any(base.__module__ == "repype_like.stage.base" and base.__name__ == "Stage" for base in cls.__mro__)


def function_of(stage: Any) -> Callable[..., Any] | None:
    """Return the function that a stage was made of, None for an object of a class of stages."""
    made = any(base.__module__ == "repype_like.stage.function" for base in type(stage).__mro__)
    function: Callable[..., Any] | None = stage.function if made else None
    return function


def _is_same_file(one: str, other: str) -> bool:
    return one == other or one == os.path.realpath(other)
