"""A module as a table of its top-level statements, and of the names that these bind."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from repype_like.fingerprint.lookups import LOOKUPS
from repype_like.fingerprint.sources import Source
from repype_like.fingerprint.unit import Unit
from repype_like.fingerprint.uses import ALL, Import, Use

__all__ = ["ModuleIndex"]


class ModuleIndex:
    """The top-level statements of a module.

    What stands under ``if __name__ == "__main__"`` is left out: it does not happen when a stage runs.

    Arguments:
        name: The name of the module in ``sys.modules``.
        label: What the module is called in hashes and in what is shown; the same for a script that is run and imported.
        is_package: Whether relative imports start at the module itself.
        source: Its source.

    Raises:
        SyntaxError, ValueError: If it is no Python.
    """

    def __init__(self, name: str, label: str, is_package: bool, source: Source):
        self.name = name
        self.label = label
        self.source = source
        self.units: list[Unit] = []
        self.bindings: dict[str, list[Unit]] = {}
        self.stars: list[tuple[int, Import]] = []
        """The modules that everything is imported from, each with its position among the statements."""
        self.imported: set[Import] = set()
        """Everything that is imported when the module is."""
        self.sweeps: list[Use] = []
        """The packages one of whose modules is imported by a computed name."""
        self.aliases: dict[str, str] = {}
        """Other names of functions that look names up."""
        self._package = name if is_package else name.rpartition(".")[0]
        for position, statement in enumerate(source.parse().body):
            for unit in self._units(position, statement):
                self.units.append(unit)
                for bound in unit.names:
                    self.bindings.setdefault(bound, []).append(unit)
        if b"import_module" in source.data or b"__import__" in source.data:
            self.sweeps = [use for unit in self.units for use in unit.normalize().uses
                           if ALL in use[1] or (isinstance(use[0], Import) and use[0].name == ALL)]

    def absolute(self, target: Import) -> str:
        """Return the name of the module that an import names."""
        if not target.level:
            return target.module
        package = self._package.split(".")
        parts = package[:len(package) - target.level + 1]
        return ".".join([*parts, target.module] if target.module else parts)

    def is_import(self, root: str | Import) -> bool:
        """Tell whether what a use begins with is an import, and nothing else."""
        return isinstance(root, Import) or (root in self.bindings and all(
            unit.is_import for unit in self.bindings[root]))

    def _units(self, position: int, statement: ast.stmt) -> Iterator[Unit]:
        if isinstance(statement, ast.Import):
            yield from (self._import(position, alias) for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield from self._import_from(position, statement)
        elif _is_plain_function(statement):
            yield Unit(self, position, getattr(statement, "name", ""), statement)
        elif not _is_without_effect(statement):
            unit = Unit(self, position, getattr(statement, "name", ""), statement).normalize()
            unit.label = unit.label or min(unit.names, default="")
            self.stars.extend((position, star) for star in unit.stars)
            self.imported.update(unit.stars)
            self.imported.update(target for targets in unit.imports.values() for target in targets)
            self.imported.update(use[0] for use in unit.uses if isinstance(use[0], Import) and use[3]
                                 and use[0].name != ALL)
            yield unit

    def _import(self, position: int, alias: ast.alias) -> Unit:
        self.imported.add(Import(0, alias.name))
        top = alias.name.partition(".")[0]
        target = Import(0, alias.name if alias.asname else top)
        return Unit(self, position, alias.asname or top, None).take_import(target)

    def _import_from(self, position: int, statement: ast.ImportFrom) -> Iterator[Unit]:
        for alias in statement.names:
            if alias.name in LOOKUPS and alias.asname:
                self.aliases[alias.asname] = alias.name
            target = Import(statement.level, statement.module or "", alias.name)
            self.imported.add(target)
            if alias.name == "*":
                self.stars.append((position, target))
            elif statement.module != "__future__":
                yield Unit(self, position, alias.asname or alias.name, None).take_import(target)


def _is_plain_function(statement: ast.stmt) -> bool:
    """Tell whether executing `statement` does nothing but to bind a name, whatever its body does."""
    return (isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and not statement.decorator_list
            and all(isinstance(default, ast.Constant) for default in statement.args.defaults))


def _is_without_effect(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return _is_main(statement.test) and not statement.orelse
    is_constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_constant or isinstance(statement, ast.Pass)


def _is_main(test: ast.expr) -> bool:
    """Tell whether an expression is ``__name__ == "__main__"``."""
    if not isinstance(test, ast.Compare) or len(test.ops) > 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    return (any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
            and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides))
