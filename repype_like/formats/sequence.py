"""Sequences that are stored item by item, and read item by item: the whole is never in memory.

The file is a zip archive, not compressed as a whole: one entry for each item, ``00000000.npy`` and so on, in the format
that is best for it, and whose name is the comment of the entry. Entries begin at multiples of 64 bytes, so that arrays
can be mapped. Every zip tool opens it; ``numpy.load`` does if the items are arrays.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import shutil
import struct
import tempfile
import weakref
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, overload

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats.base import BufferFormat, Format, type_name
from repype_like.formats.mapping import map_file, map_range
from repype_like.formats.registry import FormatLike, format_for, format_named, name_of
from repype_like.typing import Any, Self

__all__ = ["SequenceFormat", "SequenceWriter", "StoredSequence"]

_ALIGNMENT = 64
_LOCAL_HEADER = struct.Struct("<26xHH")
"""What stands before an entry: at its end, the lengths of the name and of the extra field that follow."""

_EXTRA = struct.Struct("<HH")
_PADDING = 0xD935
"""The id of the extra field that pads, as other tools that align zip archives have it."""

_ZIP64_FROM = 1 << 30
"""In bytes; larger entries get the fields that zip needs for more than 2 GB, before zipfile would add them itself."""

_ZIP64_EXTRA = 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that zip knows; equal items are to give equal files."""


class _Entry(NamedTuple):
    header: int
    """Where its local header is."""
    size: int
    format: str


class StoredSequence(Sequence[Any]):
    """The items of a sequence, each read when it is asked for, and anew each time: it belongs to who asked.

    A slice is such a sequence, too.

    Arguments:
        source: The file, or its content.
        owned: Whether the file is to be deleted when nobody needs the sequence any more.
    """

    def __init__(self, source: Path | memoryview, owned: bool = False):
        self._source = source
        self._entries = _entries(source)
        self._is_whole = True
        self._owner: StoredSequence | None = None
        if owned and isinstance(source, Path):
            weakref.finalize(self, _delete, source, os.getpid())

    @property
    def path(self) -> Path | None:
        """The file that holds just these items, if there is one."""
        return self._source if self._is_whole and isinstance(self._source, Path) else None

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> StoredSequence: ...

    def __getitem__(self, index: int | slice) -> Any:
        if not isinstance(index, slice):
            return self._read(self._entries[index])
        part = object.__new__(StoredSequence)
        part._source, part._entries, part._is_whole = self._source, self._entries[index], False
        part._owner = self._owner or self  # as long as there is a part of it, the file has to stay
        return part

    def __iter__(self) -> Iterator[Any]:
        return map(self._read, self._entries)

    def __repr__(self) -> str:
        return f"<sequence of {len(self)} items>"

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:  # elsewhere, the file may not be there
        if self._is_whole:
            data = map_file(self._source) if isinstance(self._source, Path) else self._source
        else:
            file = io.BytesIO()
            with SequenceWriter(file) as writer:
                writer.extend(self)
            data = file.getbuffer()
        return _from_memory, (pickle.PickleBuffer(data) if protocol >= 5 else bytes(data),)

    def is_safe(self) -> bool:
        """Tell whether reading the items runs no code that the file brings along."""
        for entry in self._entries:
            format_ = format_named(entry.format)
            if not (format_.is_safe_data(self._data(entry)) if isinstance(format_, BufferFormat) else format_.safe):
                return False
        return True

    def _read(self, entry: _Entry) -> Any:
        format_, data = format_named(entry.format), self._data(entry)
        if isinstance(format_, BufferFormat):
            return format_.load(data)
        if isinstance(format_, SequenceFormat):
            return StoredSequence(data)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"item.{format_.suffix}"
            path.write_bytes(data)
            return format_.read(path)

    def _data(self, entry: _Entry) -> memoryview:
        """Return the bytes of an item, as memory of its own."""
        names = _LOCAL_HEADER.unpack(_part(self._source, entry.header, _LOCAL_HEADER.size))
        return _part(self._source, entry.header + _LOCAL_HEADER.size + sum(names), entry.size)


def _entries(source: Path | memoryview) -> list[_Entry]:
    try:
        with zipfile.ZipFile(source if isinstance(source, Path) else io.BytesIO(source)) as archive:
            return [_Entry(info.header_offset, info.file_size, info.comment.decode()) for info in archive.infolist()]
    except (zipfile.BadZipFile, ValueError, struct.error) as error:
        raise DamagedError(f"not a sequence: {error}") from None
    except FileNotFoundError:
        raise DamagedError(f"{source!s}: is gone") from None


def _part(source: Path | memoryview, start: int, length: int) -> memoryview:
    if isinstance(source, Path):
        return map_range(source, start, length)
    return memoryview(bytearray(source[start:start + length]))


def _from_memory(data: Any) -> StoredSequence:
    return StoredSequence(memoryview(data).cast("B"))


def _delete(path: Path, pid: int) -> None:
    if os.getpid() == pid:  # and not in a process that was forked meanwhile
        with contextlib.suppress(OSError):
            path.unlink()


class SequenceWriter:
    """Writes a sequence, item by item; a context manager, which deletes the file if it is left by an error.

    Arguments:
        file: A path at which there is nothing yet, or a file that is open for writing.
        items: The format of the items; by type if none is named.
    """

    def __init__(self, file: Path | io.BytesIO, items: FormatLike | None = None):
        self.file = file
        self.items = items
        self._archive = zipfile.ZipFile(file, "x" if isinstance(file, Path) else "w")
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        if kind is None:
            self._archive.close()
        else:
            self.abandon()

    def append(self, item: Any) -> None:
        """Write one item.

        Raises:
            NotStorableError: If it cannot be stored.
        """
        try:
            format_ = format_for(item, self.items)
            if isinstance(format_, BufferFormat):
                pieces = format_.dump(item)
                self._write(name_of(format_), format_.suffix, sum(map(len, pieces)), pieces)
                return
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"item.{format_.suffix}"
                format_.write(item, path)
                self._write(name_of(format_), format_.suffix, path.stat().st_size, [map_file(path)])
        except NotStorableError as error:
            raise NotStorableError(f"item {self._count}: {error}") from None

    def extend(self, items: Iterable[Any]) -> None:
        """Write all items."""
        for item in items:
            self.append(item)

    def finish(self) -> StoredSequence:
        """Return what was written; the file is deleted when nobody needs it any more."""
        assert isinstance(self.file, Path)
        self._archive.close()
        return StoredSequence(self.file, owned=True)

    def abandon(self) -> None:
        """Delete what was written."""
        with contextlib.suppress(OSError, ValueError):
            self._archive.close()
        if isinstance(self.file, Path):
            with contextlib.suppress(OSError):
                self.file.unlink()

    def _write(self, format_name: str, suffix: str, size: int, pieces: Iterable[Any]) -> None:
        info = zipfile.ZipInfo(f"{self._count:08d}.{suffix}", _EPOCH)
        info.comment = format_name.encode()
        info.file_size = size
        is_large = size >= _ZIP64_FROM
        start = self._archive.fp.tell() if self._archive.fp is not None else 0
        before = start + _LOCAL_HEADER.size + len(info.filename) + _EXTRA.size + (_ZIP64_EXTRA if is_large else 0)
        padding = -before % _ALIGNMENT
        info.extra = _EXTRA.pack(_PADDING, padding) + bytes(padding)
        with self._archive.open(info, "w", force_zip64=is_large) as file:
            for piece in pieces:
                file.write(piece)
        info.extra = b""  # of no use in the list of entries
        self._count += 1


class SequenceFormat(Format):
    """The items of a generator, a list or anything else with an order, as a :class:`StoredSequence`.

    Arguments:
        items: The format of the items; by type if none is named.
    """

    name = "sequence"
    suffix = "zip"

    def __init__(self, items: FormatLike | None = None):
        self.items = items

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` can be gone through item by item, in an order."""
        return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, memoryview, Mapping, Set))

    def write(self, value: Any, path: Path) -> None:
        """Write the items."""
        if isinstance(value, StoredSequence) and value.path is not None:
            _link_or_copy(value.path, path)
            return
        with SequenceWriter(path, self.items) as writer:
            writer.extend(value)

    def read(self, path: Path) -> StoredSequence:
        """Return the sequence; no item is read."""
        return StoredSequence(path)

    def is_safe(self, path: Path) -> bool:
        """Tell whether all items are safe to read."""
        return StoredSequence(path).is_safe()

    def export(self, value: Any, path: Path) -> None:
        """Write the items."""
        if not self.can_store(value):
            raise NotStorableError(f"a {type_name(value)} is no sequence")
        self.write(value, path)


def _link_or_copy(source: Path, target: Path) -> None:
    """Have a file under another name, too: neither is ever changed."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise DamagedError(f"{source}: is gone") from None
    except OSError:
        shutil.copyfile(source, target)
