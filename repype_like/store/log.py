"""The log of records: frames, one after the other, only ever added to.

A frame is a header (magic, checksum, lengths, flags, record id, pre-key), the description, the inline values, and the
task that the record was taken from, if any. Any prefix of a log is a log: what is cut off at the end is not there yet.
A frame that is not what was written is passed over, and reading goes on at the next one, which its magic and checksum
give away.

The checksum depends on the position of the frame, too. So a value that happens to contain a frame, such as the bytes
of another log, is never taken for a record of this one.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, chain, repeat
from pathlib import Path

import xxhash

from repype_like.store.record import Record, decode, encode

__all__ = ["Frame", "LogContent", "frames_of", "read_frame", "read_log", "repositioned"]

HEADER = b"repype records 1\n"
_ANY_HEADER = b"repype records "
_MAGIC = b"\xf5RF1"
_START = struct.Struct("<4sQ")
"""Magic and checksum: what comes before that which the checksum covers."""
_HEAD = struct.Struct("<IIHB32s")
"""The lengths of description, inline values and origin, the flags, and both names: what the checksum covers first."""
_FRAME_SIZE = _START.size + _HEAD.size
"""The least."""
_BEFORE, _AFTER, _FLAGS = slice(0, 8), slice(10, None), 10
"""What stands before and after the length of the origin, and where the flags are."""
_NAMES = slice(11, 43)

_start, _pack = _START.pack, _HEAD.pack
_from_hex, _checksum = bytes.fromhex, xxhash.xxh3_64_intdigest

_HAS_OUTPUTS = 1
_MOST_IN_MEMORY = 1 << 12
"""Inline values of a record with more bytes than this are not held in memory by an index, but read when wanted."""

_LONGEST_ORIGIN = 4096
"""In bytes, of the path of the task that a record was taken from; it is told to people only."""

_CHUNK = 1 << 20


@dataclass(slots=True)
class Frame:
    """A record in the log."""

    position: int
    size: int
    """How many bytes it takes in the log."""
    id: str
    pre_key: str
    body: bytes
    """What the checksum covers, as if there were no origin; without the inline values if they are many."""
    origin: bytes = b""
    """The task that the record was taken from, relative to the tree; empty if it was computed here."""
    decoded: Record | None = None

    @property
    def inline(self) -> bytes | None:
        """The inline values, or None if they are to be read from the file."""
        start, end = self._bounds()
        return self.body[start:] if len(self.body) == end else None

    @property
    def has_outputs(self) -> bool:
        """Whether the record has output files."""
        return bool(self.body[_FLAGS] & _HAS_OUTPUTS)

    def record(self, inline: bytes) -> Record:
        """Return the record, whose inline values are these."""
        start, _ = self._bounds()
        record = decode(self.id, self.pre_key, self.body[_HEAD.size:start], inline)
        record.encoded = self.whole(inline)
        return record

    def whole(self, inline: bytes) -> bytes:
        """Return :attr:`body` with the inline values, which are these."""
        _, end = self._bounds()
        return self.body if len(self.body) == end else self.body + inline

    def values(self, frame: bytes) -> bytes:
        """Return the inline values from all bytes of the frame."""
        start, end = self._bounds()
        return frame[_START.size + start:_START.size + end]

    def _bounds(self) -> tuple[int, int]:
        """Return where the inline values begin and end in the whole of the body."""
        description, inline, _, _, _ = _HEAD.unpack_from(self.body)
        start = _HEAD.size + description
        return start, start + inline


@dataclass
class LogContent:
    """What was found in a log."""

    frames: list[Frame] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    """What was passed over, in words."""
    end: int = 0
    """Where the next frame belongs: what comes after, if anything, was cut off as it was written."""
    is_newer: bool = False
    """Whether it was written by a newer version of this package."""


def frames_of(records: Iterable[Record], position: int,
              origins: Mapping[str, str] | None = None) -> tuple[list[Frame], bytes]:
    """Return the frames of `records` for a log that ends at `position`, and what to add to it.

    Arguments:
        records: The records.
        position: Where the log ends.
        origins: By id, the tasks that records were taken from.
    """
    records = list(records)
    header = b"" if position else HEADER
    bodies = [record.encoded or _body(record) for record in records]
    checked, names = bodies, [b""] * len(bodies)
    if origins:
        known = {name: name.encode(errors="replace")[:_LONGEST_ORIGIN] for name in {"", *origins.values()}}
        names = [known[origins.get(record.id, "")] for record in records]
        lengths = {name: _length(name) for name in known.values()}
        checked = [b"".join((body[_BEFORE], lengths[name], body[_AFTER], name)) if name else body
                   for body, name in zip(bodies, names, strict=True)]
    sizes = [_START.size + len(part) for part in checked]
    positions = list(accumulate(sizes, initial=position + len(header)))[:-1]
    starts = map(_start, repeat(_MAGIC), map(_checksum, checked, positions))
    data = b"".join((header, *chain.from_iterable(zip(starts, checked, strict=True))))
    frames = [Frame(at, size, record.id, record.pre_key, body, name, record) if size <= _MOST_IN_MEMORY else
              _frame(at, size, record.id, record.pre_key, body, name, record)
              for at, size, body, name, record in zip(positions, sizes, bodies, names, records, strict=True)]
    return frames, data


def repositioned(frame: Frame, inline: bytes, position: int) -> bytes:
    """Return the bytes of a frame for another place in a log."""
    body = frame.whole(inline)
    checked = b"".join((body[_BEFORE], _length(frame.origin), body[_AFTER], frame.origin))
    return _start(_MAGIC, _checksum(checked, position)) + checked


def _length(origin: bytes) -> bytes:
    """Return the length of an origin as the head of a frame has it."""
    return len(origin).to_bytes(2, "little")


def _body(record: Record) -> bytes:
    """Return what the checksum covers of a record without an origin."""
    try:
        names = _from_hex(record.id + record.pre_key)
    except ValueError:
        names = b""
    if len(names) != 32:
        raise ValueError(f"the id and the pre-key of a record are hashes: {record.id!r}, {record.pre_key!r}")
    description, inline = encode(record)
    flags = _HAS_OUTPUTS if record.outputs else 0
    return _pack(len(description), len(inline), 0, flags, names) + description + inline


def _frame(position: int, size: int, name: str, pre_key: str, body: bytes, origin: bytes,
           record: Record | None = None) -> Frame:
    """Return a frame, which holds no more than it should; `body` is whole."""
    description, inline, _, _, _ = _HEAD.unpack_from(body)
    if inline > _MOST_IN_MEMORY:
        return Frame(position, size, name, pre_key, body[:_HEAD.size + description], origin)
    return Frame(position, size, name, pre_key, body, origin, record)


def read_frame(descriptor: int, frame: Frame) -> bytes | None:
    """Return the inline values of `frame` from the file, or None if it is not there any more."""
    data = os.pread(descriptor, frame.size, frame.position)
    if len(data) < frame.size:
        return None
    magic, checksum = _START.unpack_from(data)
    checked = memoryview(data)[_START.size:]
    if magic != _MAGIC or _checksum(checked, frame.position) != checksum:
        return None
    return frame.values(data) if checked[_NAMES] == frame.body[_NAMES] else None


def read_log(path: Path | str) -> LogContent:
    """Return what is in the log at `path`: nothing if there is none.

    Raises:
        OSError: If it cannot be read, which says nothing about its content.
    """
    content = LogContent()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            content.damaged.append("the log is a link to nothing")
        return content
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            content.damaged.append("the log is not a regular file")
            return content
        _Scan(descriptor, status.st_size, content).run()
    finally:
        os.close(descriptor)
    return content


class _Scan:
    """Goes through a log piece by piece, so that a large one is never in memory as a whole."""

    def __init__(self, descriptor: int, size: int, content: LogContent):
        self._descriptor = descriptor
        self._size = size
        """What is added while this goes on is not looked at."""
        self._content = content
        self._data = b""
        self._base = 0
        """The position in the file at which `_data` begins."""
        self._bad_from: int | None = None
        """Where that begins which is passed over at the moment."""
        self._claimed_end = 0
        """Where the first frame of that would end, if its lengths can be believed."""

    def run(self) -> None:
        self._fill(0, min(_CHUNK, self._size))
        position = self._after_header()
        size = _FRAME_SIZE
        while True:
            if position + size > self._base + len(self._data) and not self._fill(position, size):
                break
            frame = self._frame_at(position)
            if frame is not None:
                self._close_gap(position)
                self._content.frames.append(frame)
                position += frame.size
                continue
            if self._bad_from is None:
                self._bad_from = position
            position = self._next_magic(position + 1)
            if position < 0:
                break
        self._finish(max(position, 0))

    def _after_header(self) -> int:
        data = self._data
        if data.startswith(HEADER):
            return len(HEADER)
        number = data[len(_ANY_HEADER):24].split(b"\n")[0]
        self._content.is_newer = data.startswith(_ANY_HEADER) and number.isdigit() and int(number) > 1
        if data and not HEADER.startswith(data):
            self._bad_from = 0
        return 0

    def _frame_at(self, position: int) -> Frame | None:
        start = position - self._base
        magic, checksum = _START.unpack_from(self._data, start)
        if magic != _MAGIC:
            return None
        description, inline, origin_size, _, names = _HEAD.unpack_from(self._data, start + _START.size)
        size = _FRAME_SIZE + description + inline + origin_size
        if start + size > len(self._data):
            if not self._fill(position, size):
                if self._bad_from is None:
                    self._claimed_end = position + size
                return None
            start = position - self._base
        checked = self._data[start + _START.size:start + size]
        if _checksum(checked, position) != checksum:
            return None
        origin = b""
        if origin_size:
            origin = checked[-origin_size:]
            checked = b"".join((checked[_BEFORE], b"\0\0", checked[_AFTER][:-origin_size]))
        name = names.hex()
        return _frame(position, size, name[:32], name[32:], checked, origin)

    def _next_magic(self, position: int) -> int:
        """Return where the next frame may begin, or -1."""
        while True:
            found = self._data.find(_MAGIC, max(position - self._base, 0))
            if found >= 0:
                return self._base + found
            position = max(position, self._base + len(self._data) - len(_MAGIC) + 1)
            if not self._fill(position, len(_MAGIC)):
                return -1

    def _fill(self, position: int, count: int) -> bool:
        """Have `count` bytes from `position` on in memory, and none before; tell whether the file has that many."""
        if position + count > self._size:
            return False
        pieces = [self._data[position - self._base:]]
        self._base = position
        have = len(pieces[0])
        while have < count:
            piece = os.read(self._descriptor, min(max(count - have, _CHUNK), self._size - position - have))
            if not piece:  # it is shorter than it was
                self._size = position + have
                break
            pieces.append(piece)
            have += len(piece)
        self._data = b"".join(pieces)
        return have >= count

    def _close_gap(self, position: int) -> None:
        if self._bad_from is not None:
            self._content.damaged.append(f"{position - self._bad_from} bytes at position {self._bad_from} of the log "
                                         "are not what was written")
            self._bad_from = None
            self._claimed_end = 0

    def _finish(self, position: int) -> None:
        end, content = self._size, self._content
        content.is_newer = content.is_newer and not content.frames
        if self._bad_from is None and position < end:
            content.end = position  # not even a header: cut off as it was written
        elif self._bad_from is not None and self._claimed_end > end:
            content.end = self._bad_from  # the frame would go on
        else:
            content.end = end
            self._close_gap(end)
