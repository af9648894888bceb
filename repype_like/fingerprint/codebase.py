"""The modules of a project: where they are, and their import."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from repype_like.fingerprint import distributions, import_problems
from repype_like.fingerprint.distributions import Distribution
from repype_like.fingerprint.import_problems import ImportProblem
from repype_like.fingerprint.imports import edited_since_import, time_of_import, witness_imports
from repype_like.fingerprint.loader import ProjectFinder, ProjectLoader, find_spec, places
from repype_like.fingerprint.sources import SourceCache
from repype_like.typing import Any, NamedTuple

__all__ = ["Codebase", "ImportProblem", "Place", "active_codebase"]

_PACKAGE = str(Path(__file__).resolve().parents[1])
_active: list[Codebase] = []


class Place(NamedTuple):
    """Where a module is."""

    kind: str
    """``source`` and ``binary`` (both of the project), ``namespace``, ``library``, ``live`` (of the project, but there
    is no file, as in a notebook) or ``missing``."""
    file: str = ""
    path: tuple[str, ...] = ()
    """The folders of its submodules, if it is a package."""
    distribution: Distribution | None = None
    """What has installed it, if it is of a library; None for the standard library."""


def active_codebase() -> Codebase | None:
    """Return the codebase whose modules can be imported at this moment."""
    return _active[-1] if _active else None


class Codebase:
    """The project code that a task tree uses.

    Modules are looked up in the start directory, then in the entries of `pythonpath`, behind everything that could be
    imported without them: a local ``json.py`` shadows nothing. Project modules are compiled from the bytes that are
    hashed. Those that something else has imported before are used as they are, unless their files were edited since:
    that is an error, as one would run and the other would count.

    *Project code* is what lies in these folders, in the package that a dotted name of a spec leads into, in
    distributions that were installed from a local folder (editable or not), and whatever else no distribution accounts
    for, except the standard library and this package.

    Activation changes the state of the whole interpreter (``sys.path``, ``sys.modules``): one thread only.

    Arguments:
        start: The folder that a run was started in.
        pythonpath: Further folders.
    """

    def __init__(self, start: Path, pythonpath: Sequence[Path] = ()):
        witness_imports()
        self.start = Path(os.path.realpath(start))
        self.search = tuple(dict.fromkeys([self.start, *(Path(os.path.realpath(entry)) for entry in pythonpath)]))
        self.sources = SourceCache()
        self._finder = ProjectFinder(self)
        self._modules: dict[str, ModuleType] = {}  # those of the project, while it is not active
        self._added: list[str] = []  # to sys.path
        self._roots = {str(folder) for folder in self.search}
        self._below = tuple(os.path.join(folder, "") for folder in self.search)  # noqa: PTH118  with a separator
        self._belongs: dict[str, bool] = {}
        self._places: dict[str, Place] = {}
        self._imported_by_others: dict[str, float] = {}  # and when
        self.generation = 0
        """Changes with what is project code."""
        self.entrances: dict[int, tuple[Any, set[str]]] = {}
        """By the identity of what was loaded, which is held so that it stays its own, the modules that it was found in:
        they may change it while they are imported."""
        self.fingerprinter: Any = None
        """Whoever makes the fingerprints of this codebase keeps itself here, so that there is one of it."""

    # --- what is project code ----------------------------------------------------------------------------------------

    def is_project(self, file: str | Path) -> bool:
        """Tell whether a file or folder is part of the project."""
        name = str(file)
        known = self._belongs.get(name)
        if known is None:
            known = self._belongs[name] = self._judge(os.path.realpath(name))
        return known

    def is_searched(self, file: str) -> bool:
        """Tell whether a part of the project lies in the start directory or an entry of the path."""
        real = os.path.realpath(file)
        return real.startswith(self._below) and _library_of(real, set()) is None

    def _judge(self, file: str) -> bool:
        library = _library_of(file, self._roots)
        if library is None or not library:
            return library is None
        found = distributions.owner(file, library)
        return found is None or found.local

    def own(self, module: str) -> None:
        """Count the package that `module` is in as project code, wherever it is installed."""
        top = sys.modules.get(module.partition(".")[0])
        spec = getattr(top, "__spec__", None) or find_spec(module.partition(".")[0], None, None, self._finder)
        for file in places(spec) if spec is not None else ():
            if library := _library_of(os.path.realpath(file), self._roots):
                self._roots.add(os.path.join(library, distributions.unit_of(os.path.realpath(file), library)))  # noqa: PTH118
                self._belongs.clear()
                self._places.clear()
                self.generation += 1

    # --- import ------------------------------------------------------------------------------------------------------

    @contextmanager
    def activate(self) -> Iterator[None]:
        """Make the project modules importable.

        Each codebase keeps the modules that it has imported from its folders: they are taken out of ``sys.modules`` at
        the end, and put back next time. Within another active codebase this one replaces it; within itself nothing
        happens.
        """
        outer = active_codebase()
        if outer is self:
            yield
            return
        if outer is not None:
            outer._leave()
        self._enter()
        _active.append(self)
        try:
            yield
        finally:
            _active.pop()
            self._leave()
            if outer is not None:
                outer._enter()

    def _enter(self) -> None:
        self._added = [str(folder) for folder in self.search if str(folder) not in sys.path]
        for listed in [entry for entry in sys.path_importer_cache if f"{entry}{os.sep}".startswith(self._below)]:
            del sys.path_importer_cache[listed]  # it may have missed what was written just now
        sys.path.extend(self._added)
        sys.meta_path.insert(0, self._finder)
        sys.modules.update(self._modules)

    def _leave(self) -> None:
        self._modules = {name: sys.modules.pop(name) for name in sorted(self._finder.names) if name in sys.modules}
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        for entry in self._added:
            if entry in sys.path:
                sys.path.remove(entry)

    def load(self, dotted: str) -> Any:
        """Return the object that ``module.name``, or ``module.Class.name``, stands for; the longest module counts.

        Raises:
            ImportProblem: If there is no such module or name, or if the module cannot be imported.
        """
        parts = dotted.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            raise import_problems.not_dotted(dotted, self.search)
        if reloaded := self._reloaded():
            raise import_problems.reloaded(dotted, reloaded)
        with self.activate():
            self.own(parts[0])
            for count in range(len(parts) - 1, 0, -1):
                module = self._import(dotted, ".".join(parts[:count]))
                if module is not None:
                    value = self._attribute(dotted, module, parts[count:])
                    self.entrances.setdefault(id(value), (value, set()))[1].add(module.__name__)
                    return value
            raise import_problems.missing_module(dotted, parts[0], self.search)

    def _import(self, dotted: str, name: str) -> ModuleType | None:
        try:
            return importlib.import_module(name)
        except (Exception, SystemExit) as error:
            if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
                return None
            raise import_problems.failed(dotted, name, error, self.is_project, self.search) from error

    def _attribute(self, dotted: str, module: ModuleType, names: Sequence[str]) -> Any:
        value: Any = module
        for name in names:
            if not hasattr(value, name):
                if value is module and len(names) > 1 and hasattr(module, "__path__"):
                    raise import_problems.missing_module(dotted, f"{module.__name__}.{name}", self.search)
                raise import_problems.missing_attribute(dotted, value, name, self.search)
            value = getattr(value, name)
        return value

    # --- location ----------------------------------------------------------------------------------------------------

    def locate(self, module: str) -> Place:
        """Tell where a module is, importing nothing. The codebase must be active.

        Raises:
            ImportProblem: If something else has imported it, and its file was edited since.
        """
        place = self._places.get(module)
        if place is None:
            place = self._places[module] = self._locate(module)
            self._check_unedited(module, place)
        return place

    def _check_unedited(self, name: str, place: Place) -> None:
        module = sys.modules.get(name)
        spec = getattr(module, "__spec__", None)
        if module is not None and spec is not None and place.kind == "source" and not isinstance(
                spec.loader, ProjectLoader):
            if edited_since_import(module, place.file):
                del self._places[name]
                raise import_problems.edited(name, place.file)
            self._imported_by_others[name] = time_of_import(name)

    def is_current(self) -> bool:
        """Tell whether the files of all modules that were looked at say what they did."""
        if not self.sources.are_current() or self._reloaded():
            return False
        with self.activate():
            return all(self._locate(name).kind == "missing" for name, place in self._places.items()
                       if place.kind == "missing")

    def _reloaded(self) -> str:
        """Return the name of a module that something else has imported once more since it was looked at, if any."""
        return next((name for name, time in self._imported_by_others.items() if time_of_import(name) != time), "")

    def _locate(self, name: str) -> Place:
        loaded = sys.modules.get(name)
        spec = getattr(loaded, "__spec__", None)
        if spec is None:
            if loaded is not None:
                file = getattr(loaded, "__file__", None)
                return self._place(os.path.abspath(file), ()) if file else Place("live")  # noqa: PTH100
            package = name.rpartition(".")[0]
            above = self.locate(package) if package else Place("namespace")
            if package and not above.path:
                return Place("missing")
            try:
                spec = find_spec(name, list(above.path) or None)
            except (ImportError, ValueError):
                spec = None  # the name makes no sense to a finder
            if spec is None:
                return Place("missing")
        path = tuple(spec.submodule_search_locations or ())
        if spec.origin is not None and spec.has_location:
            return self._place(spec.origin, path)
        if path:
            return Place("namespace", path=path)
        return Place("library")  # built into the interpreter

    def _place(self, file: str, path: tuple[str, ...]) -> Place:
        if self.is_project(file):
            return Place("source" if file.endswith((".py", ".pyw")) else "binary", file, path)
        real = os.path.realpath(file)
        library = _library_of(real, self._roots)
        return Place("library", file, path, distributions.owner(real, library) if library else None)


def _library_of(file: str, roots: set[str]) -> str | None:
    """Return the library folder that a real path lies in, "" if it ships with Python or with us, else None."""
    folder = file
    while True:
        if folder in roots:
            return None
        if folder == _PACKAGE or distributions.is_standard_library(folder):
            return ""
        if folder != file and distributions.is_library_directory(folder, folder in sys.path):
            return folder
        above = os.path.dirname(folder)  # noqa: PTH120  called for every import
        if above == folder:
            return None
        folder = above
