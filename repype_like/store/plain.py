"""Descriptions as plain data: what a record tells of its configuration is for people to read, never to be run."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping, Set
from pathlib import PurePath

from repype_like.typing import Any, Plain

__all__ = ["to_plain"]

_SCALARS = frozenset((type(None), bool, float, str))
_LARGEST = 1 << 4096
"""Larger integers have more digits than Python is willing to read."""


def to_plain(value: Any) -> Plain:
    """Return `value` as far as plain data can say it: equal values give equal plain data.

    Tuples become lists, keys become text, dates and paths what they are written as, sets sorted lists, and what is of
    any other type becomes a dict with its type in it.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {key if type(key) is str else _key(key): item if type(item) in _SCALARS else to_plain(item)
                for key, item in value.items()}
    if kind is list or kind is tuple:
        return [item if type(item) in _SCALARS else to_plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return f"{kind.__qualname__}.{value.name}"
    if isinstance(value, int):
        return int(value) if -_LARGEST < value < _LARGEST else hex(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return to_plain(dict(value))
    if isinstance(value, (list, tuple)):
        return to_plain(list(value))
    if isinstance(value, Set):
        return sorted(map(to_plain, value), key=repr)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (PurePath, datetime.timedelta, complex)):
        return str(value)
    return _described(value)


def _key(key: Any) -> str:
    plain = to_plain(key)
    return plain if isinstance(plain, str) else repr(plain)


def _described(value: Any) -> Plain:
    kind = type(value)
    if kind.__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return to_plain(value.item())
    described: dict[str, Plain] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    if kind.__module__ == "numpy" and hasattr(value, "tolist") and value.size <= 100:
        described["values"] = to_plain(value.tolist())
    return described
