"""Where the modules of a project define a name, as their text says: nothing is imported."""

from __future__ import annotations

import ast
import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from repype_like.fingerprint.distributions import is_library_directory

__all__ = ["definitions_of", "modules_in"]

_MOST_FOLDERS = 200
_MOST_MODULES = 1000


def definitions_of(name: str, search: Iterable[Path]) -> list[str]:
    """Return the dotted names of the classes, functions and variables with a name, whatever its case.

    Arguments:
        name: What is looked for at the top level of modules.
        search: The folders that the modules are looked for in. Of large ones only a part is looked into.
    """
    wanted = name.casefold()
    return [f"{module}.{found}" for module, file in _modules(search) for found in _names(file, wanted)]


def modules_in(folders: Iterable[str]) -> list[str]:
    """Return the names of the modules and packages in some folders."""
    import pkgutil  # takes a while, and is needed only if something is wrong

    folders = list(folders)
    return sorted({info.name for info in pkgutil.iter_modules(folders)}.union(
        name for folder in folders for name in _subfolders(folder)))


def _modules(search: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield modules and their files, those closest to the top first."""
    import pkgutil  # as above

    folders = deque((str(folder), "") for folder in search)
    left = _MOST_MODULES
    for _ in range(_MOST_FOLDERS):
        if not folders:
            return
        folder, prefix = folders.popleft()
        for info in pkgutil.iter_modules([folder]):
            file = Path(folder, info.name, "__init__.py") if info.ispkg else Path(folder, f"{info.name}.py")
            left -= 1
            if left < 0:
                return
            yield prefix + info.name, file
        folders.extend((os.path.join(folder, name), f"{prefix}{name}.") for name in _subfolders(folder))  # noqa: PTH118


def _subfolders(folder: str) -> list[str]:
    """Return the names of the folders in a folder that can be packages of the project."""
    try:
        with os.scandir(folder) as items:
            return sorted(item.name for item in items if item.name.isidentifier() and item.name != "__pycache__"
                          and item.is_dir() and not is_library_directory(item.path, searched=False))
    except OSError:
        return []


def _names(file: Path, wanted: str) -> Iterator[str]:
    """Yield the names that the statements of a file bind and that are `wanted`, but for their case."""
    try:
        text = file.read_text(encoding="utf-8")
        body = ast.parse(text).body if wanted in text.casefold() else []
    except (OSError, SyntaxError, ValueError):
        return
    for statement in body:
        match statement:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                bound = [name]
            case ast.Assign(targets=targets):
                bound = [target.id for target in targets if isinstance(target, ast.Name)]
            case _:
                bound = []
        yield from (name for name in bound if name.casefold() == wanted)
