"""The import of project modules: compiled from the bytes that are hashed, never from stored bytecode."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType

from repype_like.fingerprint.memory import remember_names
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repype_like.fingerprint.codebase import Codebase

__all__ = ["ProjectFinder", "ProjectLoader", "find_spec"]


class ProjectLoader(SourceFileLoader):
    """Loads one module of a codebase."""

    def __init__(self, fullname: str, path: str, codebase: Codebase):
        super().__init__(fullname, path)
        self.codebase = codebase

    def get_code(self, fullname: str) -> CodeType:
        """Compile the module from what the codebase has read, or reads now, of its file."""
        code: CodeType = self.source_to_code(self.codebase.sources.read(self.path).data, self.path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, and note the names that it binds."""
        super().exec_module(module)
        remember_names(module)

    def get_data(self, path: str) -> bytes:
        """Return the content of a file of the package."""
        return self.codebase.sources.read(path).data if path == self.path else super().get_data(path)


class ProjectFinder:
    """Asks the other finders where a module is, and has a :class:`ProjectLoader` load it if it is of the project."""

    def __init__(self, codebase: Codebase):
        self.codebase = codebase
        self.names: set[str] = set()
        """The modules that only this codebase can find."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None,
                  ) -> ModuleSpec | None:
        """Find a module as the import system would."""
        spec = find_spec(fullname, path, target, self)
        if spec is not None and any(map(self.codebase.is_project, places(spec))):
            if any(map(self.codebase.is_searched, places(spec))):
                self.names.add(fullname)
            if type(spec.loader) is SourceFileLoader and spec.origin is not None:
                spec.loader = ProjectLoader(fullname, spec.origin, self.codebase)
        return spec


def places(spec: ModuleSpec) -> list[str]:
    """Return the file that a module is loaded from, or the folders that make it up if it is a namespace."""
    if spec.origin is not None and spec.has_location:
        return [spec.origin]
    return list(spec.submodule_search_locations or ())


def find_spec(fullname: str, path: Sequence[str] | None, target: ModuleType | None = None,
              skip: Any = None) -> ModuleSpec | None:
    """Find a module by all finders but `skip`, without importing anything."""
    for finder in list(sys.meta_path):
        if finder is not skip and hasattr(finder, "find_spec"):
            spec: ModuleSpec | None = finder.find_spec(fullname, path, target)
            if spec is not None:
                return spec
    return None
