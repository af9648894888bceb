"""What is shown of a value in lists and tables: plain data, so that nobody has to load the value."""

from __future__ import annotations

import datetime
import enum
import math
from pathlib import PurePath

from repype_like.formats.base import type_name
from repype_like.typing import Any, Plain

__all__ = ["describe"]

_LONGEST_TEXT = 200
_MOST_ITEMS = 20
_LARGEST_INT = 1 << 64


def describe(value: Any) -> dict[str, Plain]:
    """Return ``{"value": value}`` for a small value, and ``{"type": text}`` for anything else.

    Small values are scalars, texts of at most 200 characters, and lists, tuples and str-keyed dicts of at most 20 such
    altogether; numpy's scalars count as those of Python. Whatever else there is has a type in words:
    ``ndarray float32 (512, 512)``, ``DataFrame 12 x 5``, ``set (3)``, ``datetime 2024-05-01T12:00:00``.
    """
    shown = _shown(value, _MOST_ITEMS)
    if shown is not None:
        return {"value": shown[0]}
    try:
        return {"type": _typed(value)}
    except Exception:  # noqa: BLE001  its class may raise anything
        return {"type": type_name(value)}


def _shown(value: Any, left: int) -> tuple[Plain, int] | None:
    """Return what to show of a small value, and how many items may follow; None if it is not small."""
    kind = type(value)
    if value is None or kind is float or kind is bool:
        return value, left - 1
    if kind is int:
        return (value, left - 1) if -_LARGEST_INT <= value <= _LARGEST_INT else None
    if kind is str:
        return (value, left - 1) if len(value) <= _LONGEST_TEXT else None
    if kind is list or kind is tuple or kind is dict:
        return _shown_items(value, left) if len(value) <= left else None
    if kind.__module__ == "numpy" and kind.__name__ != "ndarray" and getattr(value, "shape", None) == ():
        plain = value.item()
        return _shown(plain, left) if type(plain) in (bool, int, float, str) else None
    return None


def _shown_items(value: Any, left: int) -> tuple[Plain, int] | None:
    items: list[Plain] = []
    for item in value.values() if type(value) is dict else value:
        shown = _shown(item, left) if left > 0 else None
        if shown is None:
            return None
        items.append(shown[0])
        left = shown[1]
    if type(value) is not dict:
        return items, left
    if not all(type(key) is str and len(key) <= _LONGEST_TEXT for key in value):
        return None
    return dict(zip(value, items, strict=True)), left


def _typed(value: Any) -> str:
    kind = type(value)
    if kind.__module__ == "repype_like.formats.sequence":
        return f"sequence ({len(value)})"
    name = kind.__qualname__.replace("<locals>.", "")
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and all(type(length) is int for length in shape):
        if dtype is not None:
            return f"{name} {dtype} {tuple(shape)}"
        return f"{name} {' x '.join(map(str, shape))}"
    if isinstance(value, (datetime.date, datetime.time)):
        return f"{name} {value.isoformat()}"
    if isinstance(value, enum.Enum):
        return f"{name}.{value.name}"
    if isinstance(value, PurePath):
        return f"{name} {value}"[:_LONGEST_TEXT]
    if kind is complex:
        return f"{name} {value}" if math.isfinite(abs(value)) else name
    if kind.__module__ in ("builtins", "collections") and hasattr(value, "__len__"):
        return f"{name} ({len(value)})"
    return name if kind.__module__ == "builtins" else f"{type_name(value)}".replace("<locals>.", "")
