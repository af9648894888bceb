"""A top-level statement of a module as a unit of what can change."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from repype_like.fingerprint.normalize import Normalizer
from repype_like.fingerprint.uses import (
    BASE,
    CALL,
    CHANGE,
    CHANGE_ATTRIBUTE,
    CHANGE_RESULT,
    PASS,
    Import,
    ParameterChange,
    Use,
    chain_of,
    only_writes,
)
from repype_like.hashing import hash_bytes
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repype_like.fingerprint.module_index import ModuleIndex

__all__ = ["Unit"]

_ACTING = frozenset({CALL, CHANGE, CHANGE_ATTRIBUTE, CHANGE_RESULT, PASS, BASE})
_MENTIONS = {"__doc__": "__doc__", "getdoc": "__doc__", "docopt": "__doc__", "__dict__": "__dict__", "vars": "__dict__",
             "__annotations__": "__annotations__", "get_type_hints": "__annotations__",
             "get_annotations": "__annotations__", "signature": "__annotations__"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPOUND = (ast.Expr, ast.For, ast.While, ast.With, ast.If, ast.Try, ast.Match, getattr(ast, "TryStar", ast.Try))


class Unit:
    """A top-level statement, or one name of an import statement.

    It is normalized when that is needed, and lets go of its syntax tree then.
    """

    __slots__ = ("_node", "acts", "eager", "extras", "has_metaclass", "hash", "imports", "is_class", "is_compound",
                 "is_definition", "is_expression", "is_import", "is_plain_class", "is_try", "label",
                 "member_annotations", "members", "mentions", "methods", "module", "names", "notes", "order",
                 "own_reads", "parameter_changes", "passes_parameters", "position", "read_attributes", "stars",
                 "steering", "uses")

    hash: str
    """Of the normalized text."""
    uses: frozenset[Use]
    eager: list[Use]
    """Those of them that happen when the module is imported."""
    notes: list[tuple[int, str]]
    """What cannot be seen: line and words."""
    steering: dict[str, tuple[str, frozenset[Use]]]
    """Hash and uses of the attributes of a stage that are judged apart from the rest."""
    methods: dict[str, str]
    """The hashes of the methods of a class, which are part of that of the class."""
    parameter_changes: set[ParameterChange]
    passes_parameters: bool
    """Whether a function passes parameters of it on."""
    own_reads: set[str]
    """The attributes of their first parameter that methods read."""
    read_attributes: set[str]
    """The attributes of anything that are looked at."""
    mentions: set[str]
    """What it says of things that count only where somebody looks at them: the keys of `extras`."""
    extras: dict[str, tuple[str, frozenset[Use]]]
    """Hash and uses of such things: ``__doc__``, ``__dict__`` (its order), ``__annotations__``."""
    order: str
    """The hash of the order of the attributes of a class."""
    member_annotations: frozenset[Use]
    """What the annotations in the body of a class use."""
    stars: list[Import]
    """The modules that it imports everything from."""

    def __init__(self, module: ModuleIndex, position: int, label: str, node: ast.stmt | None):
        self.module = module
        self.position = position
        self.label = label
        """What it is called when it is shown: the name that it binds first."""
        self.names: set[str] = {label} if label else set()
        self.imports: dict[str, list[Import]] = {}
        """The imports that it binds names to."""
        self.acts = False
        """Whether it may do more than to bind its names when the module is imported."""
        self.is_import = node is None
        self.is_definition = isinstance(node, _DEFINITIONS)
        self.is_class = isinstance(node, ast.ClassDef)
        self.is_expression = isinstance(node, ast.Expr)
        self.is_compound = isinstance(node, _COMPOUND)
        self.is_try = isinstance(node, ast.Try)
        self.has_metaclass = False
        self.is_plain_class = False
        """Whether it is a class that nobody but its bases can look through when it is made."""
        self.members: dict[str, bool] = {}
        """The names that the body of a class binds, and whether as plain functions."""
        if isinstance(node, ast.ClassDef):
            self.is_plain_class = not node.decorator_list and not node.keywords and all(map(chain_of, node.bases))
            self.has_metaclass = any(keyword.arg == "metaclass" for keyword in node.keywords)
            for name, plain in _names_of_body(node):
                self.members[name] = plain and name not in self.members
        self._node = node

    def normalize(self) -> Unit:
        """Fill in hash, uses and the rest, if that has not been done."""
        if self._node is not None:
            normalizer = Normalizer(self.module.aliases)
            try:
                normalizer.statement(self._node)
            except RecursionError:
                normalizer = self._too_deep(self._node)
            self.take(normalizer)
        return self

    def _too_deep(self, node: ast.stmt) -> Normalizer:
        normalizer = Normalizer()
        segment = ast.get_source_segment(self.module.source.data.decode("utf-8", "replace"), node)
        normalizer.out.append(segment or "")
        normalizer.notes.append((node.lineno, "this is nested too deeply for what it uses to be seen"))
        return normalizer

    def take(self, normalizer: Normalizer) -> Unit:
        """Fill in what `normalizer` has found."""
        normalizer.close()
        self.hash = _hash(normalizer.text)
        self.uses = frozenset(normalizer.uses)
        self.eager = [use for use in self.uses if use[3]]
        self.acts = any(use[2] in _ACTING for use in self.eager)
        self.notes = normalizer.notes
        self.steering = {name: (_hash(text), uses) for name, (text, uses) in normalizer.steering.items()}
        self.methods = {name: _hash(text) for name, text in normalizer.methods.items()}
        self.parameter_changes = normalizer.parameter_changes
        self.passes_parameters = normalizer.passes_parameters
        self.own_reads = normalizer.own_reads
        self.read_attributes = {name for use in self.uses if use[1] and not only_writes(use) for name in use[1]}
        self.read_attributes.update(str(use[0]) for use in self.uses if use[0] in ("isinstance", "issubclass"))
        self.order = _hash(" ".join(normalizer.order)) if normalizer.order else ""
        self.member_annotations = frozenset(normalizer.member_annotations)
        self._take_extras(normalizer)
        self.names.update(normalizer.module.bound)
        self.imports = normalizer.module.imports
        self.stars = normalizer.stars
        self._node = None
        return self

    def _take_extras(self, normalizer: Normalizer) -> None:
        self.mentions = set()
        for root, attributes, *_ in self.uses:
            words = (*attributes, root.name if isinstance(root, Import) else root)
            self.mentions.update(_MENTIONS[word] for word in words if word in _MENTIONS)
        annotations = frozenset(normalizer.annotations | normalizer.member_annotations)
        self.extras = {}
        if normalizer.docs:
            self.extras["__doc__"] = _hash("\0".join(normalizer.docs)), frozenset()
        if annotations:
            self.extras["__annotations__"] = "", annotations
        if self.order:
            self.extras["__dict__"] = self.order, frozenset()

    def take_import(self, target: Import) -> Unit:
        """Fill in that it imports `target` and nothing else."""
        self.take(Normalizer())
        self.imports = {self.label: [target]}
        self.mentions = {_MENTIONS[target.name]} if target.name in _MENTIONS else set()
        self.hash = _hash(f"import {target.level} {target.module} {target.name}")
        return self


def _hash(text: str) -> str:
    return hash_bytes(text.encode("utf-8", "surrogatepass"))


def _names_of_body(node: ast.ClassDef) -> Iterator[tuple[str, bool]]:
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield statement.name, not statement.decorator_list
            continue
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id, False
            elif isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
                yield inner.name, False
