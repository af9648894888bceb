"""Finds out whether values contain the path of their task: such a result is true in that place only.

Plain data, paths and arrays are looked through as they are. Of anything else the pickle is searched, in which text
stands as it is; paths, which some versions of Python take apart, are caught on their way into it.
"""

from __future__ import annotations

import io
import os
import pickle
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path, PurePath

from repype_like.formats.dilled import dump_dilled
from repype_like.typing import Any

__all__ = ["mentioned_place"]

_HARMLESS = frozenset((type(None), bool, int, float, complex))
_MOST_ITEMS = 5_000
"""Of larger values the pickle is searched, which is written in C."""
_CHUNK = 1 << 18

_NUMBERS = frozenset("?hHiIlLqQefdg") | {"Zf", "Zd", "Zg"}
"""What numpy calls such numbers in its buffers."""


def mentioned_place(values: Collection[Any], task: Path, tree: Path) -> tuple[str, str] | None:
    """Return which place values belong to, because they contain its path.

    Arguments:
        values: The values.
        task: The directory of the task.
        tree: The directory of the topmost task.

    Returns:
        ``task`` and its directory, or else ``tree`` and its directory, or None.
    """
    if _HARMLESS.issuperset(map(type, values)):
        return None
    chosen = [value for value in values if type(value) not in _HARMLESS]
    kinds = (("task", task),) if task == tree else (("task", task), ("tree", tree))
    for kind, directory in kinds:
        needle = _needle(str(directory))
        if any(map(needle.is_in, chosen)):
            return kind, str(directory)
    return None


class _TooLargeError(Exception):
    """The value has too many items, or is of a type that is not known here."""


class _Needle:
    """The path `text` of a directory, to be looked for."""

    def __init__(self, text: str):
        self._text = text
        self._encoded = os.fsencode(text)
        # A directory whose name is longer is another one.
        self._in_text = re.compile(re.escape(text) + r"(?![\w.-])")
        self._in_bytes = re.compile(re.escape(self._encoded) + rb"(?![A-Za-z0-9_.-])")
        self._left = 0

    def is_in(self, value: Any) -> bool:
        """Tell whether a value contains the path."""
        self._left = _MOST_ITEMS
        try:
            return self._is_in(value)
        except (_TooLargeError, RecursionError):
            return self._is_in_pickle(value)

    def _is_in(self, value: Any) -> bool:
        kind = type(value)
        if kind in _HARMLESS:
            return False
        if kind is str:
            return self._text in value and self._in_text.search(value) is not None
        if kind is bytes or kind is bytearray:
            return self._is_in_bytes(bytes(value))
        if isinstance(value, PurePath):
            return self._in_text.search(str(value)) is not None
        if kind is dict:
            return any(map(self._is_in, self._counted(value.keys()))) or any(map(self._is_in, value.values()))
        if kind in (list, tuple, set, frozenset):
            return any(map(self._is_in, self._counted(value)))
        if kind.__module__ == "numpy" and hasattr(value, "dtype"):
            return self._is_in_array(value)
        if kind.__module__ == "repype_like.formats.sequence":
            return any(map(self.is_in, value))  # the whole may not fit into memory
        raise _TooLargeError

    def _counted(self, items: Any) -> Any:
        self._left -= len(items)
        if self._left < 0:
            raise _TooLargeError
        return items

    def _is_in_array(self, array: Any) -> bool:
        if array.dtype.kind in "biufcmM":
            return False
        if array.dtype.kind in "USO" and array.size <= _MOST_ITEMS:
            return any(map(self._is_in, self._counted(array.ravel().tolist())))
        raise _TooLargeError

    def _is_in_bytes(self, data: bytes) -> bool:
        return self._encoded in data and self._in_bytes.search(data) is not None

    def _is_in_pickle(self, value: Any) -> bool:
        buffers: list[memoryview] = []
        file = io.BytesIO()
        pickler = _Pickler(file, self._is_in, buffers)
        try:
            pickler.dump(value)
            stream = file.getvalue()
        except Exception:  # noqa: BLE001  its classes may raise anything
            try:
                stream = dump_dilled(value)
            except Exception:  # noqa: BLE001  the same; what cannot be stored is nobody's to take over
                return False
            if b"pathlib" in stream:  # there may be a path in it, in pieces
                return True
        return pickler.found or self._is_in_bytes(stream) or any(map(self._is_in_buffer, buffers))

    def _is_in_buffer(self, buffer: memoryview) -> bool:
        """Search a buffer piece by piece; text may be in there in the encoding of numpy as well."""
        step = _CHUNK - 8 * len(self._encoded)
        wide = self._text.encode("utf-32-le", "surrogatepass")
        pieces = (bytes(buffer[start:start + _CHUNK]) for start in range(0, buffer.nbytes, max(step, 1)))
        return any(self._is_in_bytes(piece) or wide in piece for piece in pieces)


@lru_cache(maxsize=8)
def _needle(text: str) -> _Needle:
    return _Needle(text)


class _Pickler(pickle.Pickler):
    """Notes whether a path comes along that contains what is looked for; large buffers are left out of the pickle."""

    def __init__(self, file: io.BytesIO, contains: Any, buffers: list[memoryview]):
        super().__init__(file, 5, buffer_callback=lambda buffer: _keep_text(buffer, buffers))
        self.found = False
        self._contains = contains

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, PurePath):
            self.found = self.found or self._contains(value)
        return NotImplemented


def _keep_text(buffer: pickle.PickleBuffer, buffers: list[memoryview]) -> None:
    """Keep a buffer to be searched, unless it is of numbers that take more than a byte each."""
    with memoryview(buffer) as shaped:
        if shaped.format not in _NUMBERS:
            buffers.append(buffer.raw())
