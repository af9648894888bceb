"""Modules in memory, as they were right after they were imported."""

from __future__ import annotations

import contextlib
import importlib
import sys
from types import ModuleType
from weakref import WeakKeyDictionary

__all__ = ["loaded", "names_after_import", "remember_names"]

_names: WeakKeyDictionary[ModuleType, frozenset[str]] = WeakKeyDictionary()


def loaded(name: str) -> ModuleType | None:
    """Return a module, which is imported if it has not been; None if that fails.

    What is known of a module must not depend on whether somebody happens to have needed it before.
    """
    if name not in sys.modules:
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
    return sys.modules.get(name)


def remember_names(module: ModuleType) -> frozenset[str]:
    """Note the names that a module has at this moment; the first time counts."""
    return _names.setdefault(module, frozenset(vars(module)))


def names_after_import(name: str) -> frozenset[str]:
    """Return the names that a module had after its import, or when they were first asked for, if that was not ours."""
    module = loaded(name)
    return remember_names(module) if module is not None else frozenset()
