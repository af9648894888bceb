"""Modules in memory, as they were right after they were imported."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import os
import sys
from types import ModuleType
from weakref import WeakKeyDictionary, ref

from repype_like.typing import Any

__all__ = ["MISSING", "attribute_of", "loaded", "names_after_import", "number_of", "remember_names"]

MISSING: Any = object()

_session = os.urandom(8).hex()
_counter = itertools.count()
_numbers: dict[int, tuple[object, str]] = {}

_names: WeakKeyDictionary[ModuleType, frozenset[str]] = WeakKeyDictionary()


def loaded(name: str) -> ModuleType | None:
    """Return a module, which is imported if it has not been; None if that fails.

    What is known of a module must not depend on whether somebody happens to have needed it before.
    """
    if name not in sys.modules:
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
    return sys.modules.get(name)


def attribute_of(module: str, name: str) -> Any:
    """Return an attribute of a module, :data:`MISSING` if there is none; its ``__getattr__`` may raise anything."""
    with contextlib.suppress(Exception):
        return getattr(loaded(module), name, MISSING)
    return MISSING


def remember_names(module: ModuleType) -> frozenset[str]:
    """Note the names that a module has at this moment; the first time counts."""
    return _names.setdefault(module, frozenset(vars(module)))


def names_after_import(name: str) -> frozenset[str]:
    """Return the names that a module had after its import, or when they were first asked for, if that was not ours."""
    module = loaded(name)
    return remember_names(module) if module is not None else frozenset()


def number_of(value: object) -> str:
    """Return what an object is called that cannot be compared with others: no other one is ever called the same."""
    known = _numbers.get(id(value))
    if known is None or (known[0]() if isinstance(known[0], ref) else known[0]) is not value:
        held: object = value
        with contextlib.suppress(TypeError):
            held = ref(value)
        known = _numbers[id(value)] = held, f"{_session}-{next(_counter)}"
    return known[1]
