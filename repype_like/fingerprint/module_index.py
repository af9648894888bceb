"""A module as a table of its top-level statements, and of the names that these bind."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from repype_like.fingerprint.normalize import Normalizer
from repype_like.fingerprint.sources import Source
from repype_like.fingerprint.uses import (
    BASE,
    CALL,
    CHANGE,
    CHANGE_ATTRIBUTE,
    PASS,
    Import,
    ParameterChange,
    Use,
    only_writes,
)
from repype_like.hashing import hash_bytes

__all__ = ["ModuleIndex", "Unit"]

_ACTING = frozenset({CALL, CHANGE, CHANGE_ATTRIBUTE, PASS, BASE})


class Unit:
    """A top-level statement, or one name of an import statement; normalized when that is needed."""

    __slots__ = ("_normal", "hash", "imports", "is_definition", "label", "module", "names", "node",
                 "notes", "own_reads", "parameter_changes", "position", "read_attributes", "steering", "uses")

    def __init__(self, module: ModuleIndex, position: int, label: str, node: ast.stmt | None):
        self.module = module
        self.position = position
        self.label = label
        """What it is called when it is shown: the name it binds first, or the line it stands in."""
        self.node = node
        self.names: set[str] = {label} if label else set()
        self.imports: dict[str, list[Import]] = {}
        """The imports that it binds names to."""
        self.is_definition = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        self._normal = False

    def normalize(self) -> Unit:
        """Fill in hash, uses and the rest, if that has not been done."""
        if not self._normal:
            assert self.node is not None
            normalizer = Normalizer()
            normalizer.statement(self.node)
            self.take(normalizer)
        return self

    def take(self, normalizer: Normalizer) -> Unit:
        """Fill in what `normalizer` has found."""
        normalizer.close()
        self.hash: str = hash_bytes(normalizer.text.encode("utf-8", "surrogatepass"))
        self.uses: frozenset[Use] = frozenset(normalizer.uses)
        self.notes: list[tuple[int, str]] = normalizer.notes
        self.steering = {name: (hash_bytes(text.encode("utf-8", "surrogatepass")), uses)
                         for name, (text, uses) in normalizer.steering.items()}
        self.parameter_changes: set[ParameterChange] = normalizer.parameter_changes
        self.own_reads: set[str] = normalizer.own_reads
        self.read_attributes = frozenset(name for use in self.uses if not only_writes(use) for name in use[1])
        self.names.update(normalizer.module.bound)
        self.imports = normalizer.module.imports
        self._normal = True
        return self

    def take_import(self, target: Import) -> Unit:
        """Fill in that it imports `target` and nothing else."""
        self.take(Normalizer())
        self.imports = {self.label: [target]}
        self.hash = hash_bytes(f"import {target.level} {target.module} {target.name}".encode())
        return self

    @property
    def acts(self) -> bool:
        """Whether it may do more than to bind its names when the module is imported."""
        return self._normal and any(use[3] and use[2] in _ACTING for use in self.uses)

    @property
    def is_class(self) -> bool:
        """Whether it defines a class."""
        return isinstance(self.node, ast.ClassDef)


class ModuleIndex:
    """The top-level statements of a module.

    What stands under ``if __name__ == "__main__"`` is left out: it does not happen when a stage runs.

    Arguments:
        name: The name of the module in ``sys.modules``.
        label: What the module is called in hashes and in what is shown; the same for a script that is run and imported.
        is_package: Whether relative imports start at the module itself.
        source: Its source.
    """

    def __init__(self, name: str, label: str, is_package: bool, source: Source):
        self.name = name
        self.label = label
        self.source = source
        self.units: list[Unit] = []
        self.bindings: dict[str, list[Unit]] = {}
        self.stars: list[Import] = []
        self.imported: set[Import] = set()
        """Everything that is imported when the module is."""
        self._package = name if is_package else name.rpartition(".")[0]
        for statement in source.tree.body:
            for unit in self._units(statement):
                self.units.append(unit)
                for bound in unit.names:
                    self.bindings.setdefault(bound, []).append(unit)

    def absolute(self, target: Import) -> str:
        """Return the name of the module that an import names."""
        if not target.level:
            return target.module
        package = self._package.split(".")
        parts = package[:len(package) - target.level + 1]
        return ".".join([*parts, target.module] if target.module else parts)

    def _units(self, statement: ast.stmt) -> Iterator[Unit]:
        position = len(self.units)
        if isinstance(statement, ast.Import):
            yield from (self._import(position, alias) for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield from self._import_from(position, statement)
        elif _is_plain_function(statement):
            yield Unit(self, position, getattr(statement, "name", ""), statement)
        elif not _is_without_effect(statement):
            normalizer = Normalizer()
            normalizer.statement(statement)
            bound = sorted(normalizer.module.bound)
            label = getattr(statement, "name", bound[0] if bound else "")
            unit = Unit(self, position, label, statement).take(normalizer)
            self.stars.extend(normalizer.stars)
            self.imported.update(normalizer.stars)
            self.imported.update(target for targets in unit.imports.values() for target in targets)
            self.imported.update(use[0] for use in unit.uses if isinstance(use[0], Import) and use[3])
            yield unit

    def _import(self, position: int, alias: ast.alias) -> Unit:
        self.imported.add(Import(0, alias.name))
        top = alias.name.partition(".")[0]
        target = Import(0, alias.name if alias.asname else top)
        return Unit(self, position, alias.asname or top, None).take_import(target)

    def _import_from(self, position: int, statement: ast.ImportFrom) -> Iterator[Unit]:
        for alias in statement.names:
            target = Import(statement.level, statement.module or "", alias.name)
            self.imported.add(target)
            if alias.name == "*":
                self.stars.append(target)
            elif statement.module != "__future__":
                yield Unit(self, position, alias.asname or alias.name, None).take_import(target)


def _is_plain_function(statement: ast.stmt) -> bool:
    """Tell whether executing `statement` does nothing but to bind a name, whatever its body does."""
    return (isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and not statement.decorator_list
            and all(isinstance(default, ast.Constant) for default in statement.args.defaults))


def _is_without_effect(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        test = statement.test
        return (isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
                and not statement.orelse)
    is_constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_constant or isinstance(statement, ast.Pass)
