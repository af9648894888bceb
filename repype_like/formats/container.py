"""Any Python value: its pickle, and beside it the large buffers that are in it, as they are.

Layout, all numbers little-endian::

    magic       8 bytes, with the version of the layout
    checksum    8 bytes, xxh3-64 of the rest of the header
    pickler     1 byte: s, p or d, for safe, pickle or dill
    count       7 bytes: the number of parts
    parts       16 bytes each: the length in the file, and the length when expanded, or 0 if it is not compressed
    the parts, each from a multiple of 64 bytes on: the pickle, then the buffers

Buffers are mapped rather than read, so that loading an array or a table costs nothing until it is looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import xxhash

from repype_like.errors import DamagedError, text_of
from repype_like.formats.base import Buffer, BufferFormat
from repype_like.formats.compression import compress, expand, is_worthwhile
from repype_like.formats.pickling import Pickler, load_pickle, pickle_value
from repype_like.typing import Any

__all__ = ["ContainerFormat", "pickler_of"]

_MAGIC = b"\x93repype\x01"
_START = struct.Struct("<8sQ")
_PART = struct.Struct("<QQ")
_ALIGNMENT = 64
_CODES: dict[str, Pickler] = {"s": "safe", "p": "pickle", "d": "dill"}


class ContainerFormat(BufferFormat):
    """Any value that can be pickled; by dill where the standard pickle cannot, or would not load elsewhere."""

    name = "container"
    suffix = "repype"

    def dump(self, value: Any) -> Sequence[Buffer]:
        """Return header, pickle and buffers."""
        pickled = pickle_value(value)
        parts: list[Buffer] = [pickled.stream]
        lengths = [(pickled.stream.nbytes, 0)]
        for buffer, is_column in zip(pickled.buffers, pickled.columns, strict=True):
            expanded = buffer.nbytes if is_worthwhile(buffer, 16 if is_column else 4) else 0
            parts.append(compress([buffer]) if expanded else buffer)
            lengths.append((len(parts[-1]), expanded))
        described = b"".join((pickled.pickler[0].encode(), len(parts).to_bytes(7, "little"),
                              *(_PART.pack(*length) for length in lengths)))
        header = _START.pack(_MAGIC, xxhash.xxh3_64_intdigest(described)) + described
        pieces: list[Buffer] = []
        for piece in (header, *parts):
            pieces.extend((piece, bytes(-len(piece) % _ALIGNMENT)))
        return pieces[:-1]

    def is_safe_data(self, data: memoryview) -> bool:
        """Tell whether the pickle names nothing but harmless types."""
        return pickler_of(data) == "safe"

    def load(self, data: memoryview) -> Any:
        """Return the value, whose buffers are parts of `data`."""
        pickler, lengths, position = _header(data)
        parts = []
        for length, expanded in lengths:
            position += -position % _ALIGNMENT
            part = data[position:position + length]
            if len(part) != length:
                raise DamagedError("a container is cut short")
            parts.append(expand(part, expanded) if expanded else part)
            position += length
        try:
            return load_pickle(pickler, parts[0], parts[1:])
        except MemoryError:
            raise
        except Exception as error:  # whatever its classes raise; some may be gone
            raise DamagedError(f"cannot be loaded any more: {type(error).__name__}: {text_of(error)}") from error


def pickler_of(data: memoryview) -> Pickler:
    """Return which pickler the container `data` was written by.

    Raises:
        DamagedError: If it is no container.
    """
    return _header(data)[0]


def _header(data: memoryview) -> tuple[Pickler, list[tuple[int, int]], int]:
    fixed = _START.size + 8
    if data.nbytes < fixed or bytes(data[:7]) != _MAGIC[:7]:
        raise DamagedError("not a container")
    if data[7] > _MAGIC[7]:
        raise DamagedError("a container written by a newer version")
    end = fixed + _PART.size * int.from_bytes(data[fixed - 7:fixed], "little")
    described = bytes(data[_START.size:end])
    if end > data.nbytes or _START.unpack_from(data)[1] != xxhash.xxh3_64_intdigest(described):
        raise DamagedError("the header of a container is not what was written")
    return _CODES[chr(described[0])], list(_PART.iter_unpack(described[8:])), end
