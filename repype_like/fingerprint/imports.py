"""When modules were imported by others, so that it can be told whether their files have been edited since."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

__all__ = ["edited_since_import", "time_of_import", "witness_imports"]


class _Witness:
    """A finder that finds nothing: it takes down when it was asked."""

    def __init__(self) -> None:
        self.since = time.time()
        self.times: dict[str, float] = {}

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Take down that a module is about to be imported, or reloaded."""
        self.times[fullname] = time.time()


_witness: list[_Witness] = []


def witness_imports() -> None:
    """From now on, know when modules are imported."""
    if not _witness:
        _witness.append(_Witness())
        sys.meta_path.insert(0, _witness[0])


def time_of_import(module: str) -> float:
    """Return when a module was last imported or reloaded, in seconds since the epoch; 0 if that was not witnessed."""
    return _witness[0].times.get(module, 0.0) if _witness else 0.0


def edited_since_import(module: ModuleType, file: str) -> bool:
    """Tell whether the source file of a module has changed since the module was imported.

    Of modules that were imported before anybody looked, their bytecode tells which state of the file it was made from.

    Arguments:
        module: The module.
        file: Its source file.
    """
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return False  # who reads it will say so
    imported = time_of_import(module.__name__)
    if imported:
        return found.st_ctime > imported
    return bool(_witness and found.st_ctime > _witness[0].since) or _bytecode_is_of_another(module, file, found)


def _bytecode_is_of_another(module: ModuleType, file: str, found: os.stat_result) -> bool:
    """Tell whether there is bytecode of a module that was made from another state of its file."""
    if type(getattr(module.__spec__, "loader", None)) is not SourceFileLoader:
        return False  # such as the one of pytest, which keeps its own
    try:
        header = Path(importlib.util.cache_from_source(file)).read_bytes()[:16]
    except (OSError, NotImplementedError):
        return False
    if len(header) < 16 or header[:4] != importlib.util.MAGIC_NUMBER or any(header[4:8]):
        return False  # made by another Python, or named by what it was made from and not by when
    made_from = int.from_bytes(header[8:12], "little"), int.from_bytes(header[12:16], "little")
    return made_from != (int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
