"""Plain data as JSON: None, bool, int, float, str, and lists and str-keyed dicts of these."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
from collections.abc import Mapping, Sequence, Set
from pathlib import Path, PurePath

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats.base import Buffer, BufferFormat, type_name
from repype_like.typing import Any

__all__ = ["JsonFormat", "is_small_plain", "to_json"]

_LARGEST_INT = 1 << 4096
"""Larger integers have more digits than Python is willing to read back."""

_MOST_ITEMS = 64
"""A container is quicker from some dozens of items on."""
_MOST_CHARACTERS = 20_000
_MOST_LEVELS = 50

_encode = json.JSONEncoder(separators=(",", ":")).encode


class JsonFormat(BufferFormat):
    """Plain data, exactly: a value with anything else in it, such as a tuple or a subclass of int, is not taken.

    NaN and infinities are written as Python and JavaScript call them, and lone surrogates survive.
    """

    name = "json"
    suffix = "json"
    safe = True

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is plain data, however large."""
        return _Budget(1 << 60, 1 << 60).spend(value, _MOST_LEVELS)

    def dump(self, value: Any) -> Sequence[Buffer]:
        """Return JSON in ASCII."""
        try:
            return [_encode(value).encode("ascii")]
        except (TypeError, ValueError, RecursionError) as error:
            raise NotStorableError(f"a {type_name(value)} cannot be stored as JSON: {error}") from None

    def export(self, value: Any, path: Path) -> None:
        """Write `value` as far as JSON can say it."""
        path.write_text(to_json(value, indent=2) + "\n", encoding="utf-8", errors="surrogatepass")

    def load(self, data: memoryview) -> Any:
        """Return the data."""
        try:
            return json.loads(bytes(data))
        except (ValueError, RecursionError) as error:
            raise DamagedError(f"not JSON: {error}") from None


def to_json(value: Any, indent: int | None = None) -> str:
    """Return `value` as JSON, for somebody to look at: arrays and sets become lists, dates and paths texts.

    Raises:
        NotStorableError: If there is something in it that has no such form.
    """
    try:
        return json.dumps(value, indent=indent, ensure_ascii=False, default=_plainer)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotStorableError(f"a {type_name(value)} has no form in JSON: {error}") from None


def _plainer(value: Any) -> Any:
    """Return what stands in JSON for a value that it does not know."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, (Set, Mapping, Sequence)) and not isinstance(value, (bytes, bytearray, memoryview)):
        return dict(value) if isinstance(value, Mapping) else list(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    from uuid import UUID  # rarely needed

    if isinstance(value, (PurePath, UUID)):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    for name in ("tolist", "to_pylist", "to_dict"):  # of numpy and pandas, of pyarrow, of tables of pandas
        if callable(method := getattr(value, name, None)):
            return method()
    raise TypeError(f"a {type_name(value)} is none of what JSON knows")


def is_small_plain(value: Any) -> bool:
    """Tell whether `value` is plain data that is quickly written as JSON; the rest is quicker in a container."""
    kind = type(value)
    if kind is float or kind is bool or value is None:
        return True
    return _Budget(_MOST_ITEMS, _MOST_CHARACTERS).spend(value, _MOST_LEVELS)


class _Budget:
    """Walks through a value until it is too large, too deep or not plain.

    A list or dict that occurs twice is not plain: JSON would make two of it, and changing one would no longer change
    the other.
    """

    def __init__(self, items: int, characters: int):
        self.items = items
        self.characters = characters
        self.seen: set[int] = set()

    def spend(self, value: Any, levels: int) -> bool:
        kind = type(value)
        if kind is float or kind is bool or value is None:
            return True
        if kind is str:
            self.characters -= len(value)
            return self.characters >= 0
        if kind is int:
            return bool(-_LARGEST_INT < value < _LARGEST_INT)
        if (kind is not list and kind is not dict) or levels == 0 or id(value) in self.seen:
            return False
        self.seen.add(id(value))
        self.items -= len(value)
        if self.items < 0:
            return False
        if kind is dict:
            return all(type(key) is str and self.spend(key, 0) and self.spend(item, levels - 1)
                       for key, item in value.items())
        return all(self.spend(item, levels - 1) for item in value)
