"""Files that are either there as a whole or not at all: written aside, then renamed."""

from __future__ import annotations

import contextlib
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from repype_like.formats import Buffer
from repype_like.store.layout import Layout
from repype_like.store.processes import is_alive
from repype_like.store.reservation import reserve

__all__ = ["leftovers", "new_file", "new_path", "read_file", "replace_file", "sweep", "write_all", "write_new"]

_MOST_AT_ONCE = 1 << 30
_MOST_PIECES = 512
_STEP = 1 << 15

_HOST = re.sub(r"[^A-Za-z0-9_-]", "-", os.uname().nodename)
_NAME = re.compile(rf"{_HOST}\.(\d+)\.[0-9a-f]{{12}}(\..*)?")


def new_path(layout: Layout, suffix: str = "") -> Path:
    """Return a path in the file system of the store that says which process it belongs to."""
    return Path(layout.aside, _new_name(suffix))


def _new_name(suffix: str = "") -> str:
    return f"{_HOST}.{os.getpid()}.{os.urandom(6).hex()}{suffix}"


@contextlib.contextmanager
def new_file(layout: Layout, suffix: str = "") -> Iterator[Path]:
    """Give a path to write to, in the file system of the store; what is left there at the end is deleted.

    The name says which process it belongs to, so that what a killed process leaves behind can be told from what a
    living one is working on.
    """
    path = new_path(layout, suffix)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)


def write_new(path: Path | str, pieces: Sequence[Buffer], durable: bool = False, mode: int = 0o644) -> None:
    """Write a new file, with the folders above it.

    Arguments:
        path: Where.
        pieces: The content, in consecutive pieces.
        durable: Whether to wait until it is on the disk.
        mode: Its permissions, as far as the user's umask lets others have them.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, mode)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, flags, mode)
    try:
        reserve(descriptor, sum(map(len, pieces)))
        write_all(descriptor, pieces)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, pieces: Iterable[Buffer]) -> None:
    """Write pieces one after the other, by as few calls as possible.

    A header and what follows it go together: a write that begins in the middle of a page takes twice as long.
    """
    pieces = list(pieces)
    if len(pieces) == 1 and len(pieces[0]) <= _STEP:  # most files are small
        piece = pieces[0]
        pieces = [memoryview(piece)[os.write(descriptor, piece):]]
    left: deque[memoryview] = deque(memoryview(piece) for piece in pieces if len(piece))
    while left:
        count = os.writev(descriptor, _batch(left))
        while left and count >= len(left[0]):
            count -= len(left.popleft())
        if count:
            left[0] = left[0][count:]


def _batch(views: Iterable[memoryview]) -> list[memoryview]:
    """Return as much as every system writes by one call."""
    batch, room = [], _MOST_AT_ONCE
    for view in islice(views, _MOST_PIECES):
        batch.append(view[:room])
        room -= len(batch[-1])
        if not room:
            break
    return batch


def replace_file(layout: Layout, target: Path | str, content: bytes, durable: bool = False) -> None:
    """Put a file with this content at `target`, which has the old or the new content at any moment.

    With `durable`, the content is on the disk before it gets its name: if that fails, the old file stays.
    """
    # A folder for it alone would cost more than the file: tasks may be many
    aside = f"{layout.directory}{os.sep}{_new_name()}"
    try:
        write_new(aside, [content], durable)
        os.replace(aside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise


def read_file(path: Path | str) -> bytes | None:
    """Return the content of a regular file, or None if there is nothing at `path`.

    Raises:
        IsADirectoryError: If there is something else; a FIFO is not waited for.
        OSError: If it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            raise IsADirectoryError(f"{path}: is a link to nothing") from None
        return None
    try:
        pieces = [os.read(descriptor, _STEP)]  # most files are small
        while pieces[-1]:
            pieces.append(os.read(descriptor, _STEP))
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def sweep(*folders: str) -> None:
    """Delete what processes of this machine left in folders that were ended while they wrote."""
    for path in leftovers(*folders):
        with contextlib.suppress(OSError):
            os.unlink(path)


def leftovers(*folders: str) -> list[str]:
    """Return what processes of this machine left in folders that were ended while they wrote."""
    return [path for folder in folders for path in _left_in(folder)]


def _left_in(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:  # mostly there is no such folder
        return []
    matches = [match for name in names if (match := _NAME.fullmatch(name))]
    return [f"{folder}{os.sep}{match[0]}" for match in matches if not is_alive(int(match[1]))]
