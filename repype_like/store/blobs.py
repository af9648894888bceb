"""Large values: one immutable, read-only file each, named by its content.

A blob is only ever replaced by renaming, and never edited in place; so several stores may share one file by hard
links, and a copy of a store is independent of it.

What turns out not to be what its name says is put aside, whatever it is: it counts as gone, the next run makes it
anew, and nothing is deleted that somebody may want to look at.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import xxhash

from repype_like.errors import DamagedError
from repype_like.formats import Buffer, map_file
from repype_like.store.atomic import new_file, write_new
from repype_like.store.layout import Layout

__all__ = ["adopt_blob", "has_blob", "has_intact_blob", "hash_mapped", "hash_pieces", "link_blob", "move_to_blob",
           "open_blob", "write_blob", "written"]

_READ_ONLY = 0o444

_CANNOT_LINK = frozenset((errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS))
"""Another file system, or one without hard links."""

_LARGE = 1 << 26
_STEP = 1 << 24

_verified: dict[tuple[int, int, int, int], str] = {}
"""The hashes of the files that this process has read as a whole: by device, inode, size and time of change."""


def hash_pieces(pieces: Sequence[Buffer]) -> str:
    """Return the hash of the concatenation of `pieces`."""
    digest = xxhash.xxh3_128()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def hash_mapped(data: memoryview) -> str:
    """Return the hash of a file that was mapped just now; a large one takes no more memory than a part of it."""
    mapped = data.obj
    if data.nbytes < _LARGE or not isinstance(mapped, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED"):
        return hash_pieces([data])
    digest = xxhash.xxh3_128()
    for start in range(0, data.nbytes, _STEP):
        digest.update(data[start:start + _STEP])
        mapped.madvise(mmap.MADV_DONTNEED, start, min(_STEP, data.nbytes - start))
    return digest.hexdigest()


def has_blob(layout: Layout, name: str, size: int, mtime: int | None = None) -> bool:
    """Tell whether there is a regular file of this size.

    Its content is looked at only if `mtime` (in ns) says when it was written, and that is not when it was.
    """
    try:
        status = os.lstat(layout.blob(name))
    except (OSError, DamagedError):
        return False
    if status.st_size != size or not stat.S_ISREG(status.st_mode):
        return False
    return mtime is None or status.st_mtime_ns == mtime or has_intact_blob(layout, name, size, name.partition(".")[0])


def written(layout: Layout, name: str) -> int:
    """Return the mtime of a blob in ns, and 0 if it is not there."""
    try:
        return os.lstat(layout.blob(name)).st_mtime_ns
    except OSError:
        return 0


def write_blob(layout: Layout, pieces: Sequence[Buffer], suffix: str) -> tuple[str, str]:
    """Store a blob, and return its name and the hash of its content."""
    content = hash_pieces(pieces)
    name = f"{content}.{suffix}"
    if not has_intact_blob(layout, name, sum(map(len, pieces)), content):
        with new_file(layout) as aside:
            write_new(aside, pieces, mode=_READ_ONLY)
            _put(layout, aside, name)
    return name, content


def adopt_blob(layout: Layout, file: Path, suffix: str) -> tuple[str, str, int]:
    """Make a blob of a file in the folder ``aside``, and return its name, the hash of its content, and its size."""
    data = map_file(file)
    content = hash_mapped(data)
    name = f"{content}.{suffix}"
    if not has_intact_blob(layout, name, data.nbytes, content):
        file.chmod(file.stat().st_mode & _READ_ONLY)
        _put(layout, file, name)
    return name, content, data.nbytes


def move_to_blob(layout: Layout, file: Path, name: str) -> bool:
    """Make a blob of a file that lies anywhere, and tell whether that was possible without a copy."""
    target = Path(layout.blob(name))
    os.makedirs(layout.blobs, exist_ok=True)
    try:
        if target.is_dir() and not target.is_symlink():
            _put_aside(layout, name)
        file.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    target.chmod(target.stat().st_mode & _READ_ONLY | stat.S_IRUSR)  # private files stay private
    return True


def open_blob(layout: Layout, name: str, size: int, content: str) -> memoryview:
    """Return the content of a blob as memory that can be written to, which never reaches the file.

    It is compared with its hash when this process reads it for the first time.

    Raises:
        DamagedError: If it is not what was written; it is put aside then.
    """
    path = Path(layout.blob(name))
    try:
        data = map_file(path, size)
        seen = _identity(path)
        if _verified.get(seen) != content:
            if hash_mapped(data) != content:
                raise DamagedError(f"{path}: its content is not what was written")
            _verified[seen] = content
    except DamagedError:
        _put_aside(layout, name)
        raise
    return data


def _identity(path: Path | str) -> tuple[int, int, int, int]:
    """Return what tells a regular file from any other, and from itself at another time; zeros if it is none."""
    status = os.lstat(path)
    regular = stat.S_ISREG(status.st_mode)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) if regular else (0, 0, 0, 0)


def link_blob(layout: Layout, source: Layout, name: str, size: int, content: str) -> None:
    """Have a blob of another store here as well: as a hard link, or a copy where that is impossible.

    Raises:
        DamagedError: If the other store does not have it as it was written.
    """
    origin, target = source.blob(name), layout.blob(name)
    try:
        if not _is_verified(origin, content):
            open_blob(source, name, size, content)
    except DamagedError:
        if has_intact_blob(layout, name, size, content):
            return
        raise
    try:
        _link(origin, target)
    except FileExistsError:
        if not has_intact_blob(layout, name, size, content):
            _put_aside(layout, name)
            _link(origin, target)
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        with new_file(layout) as aside:
            write_new(aside, [open_blob(source, name, size, content)], mode=_READ_ONLY)
            _put(layout, aside, name)


def _is_verified(path: str, content: str) -> bool:
    """Tell whether this process has read a file and found it to be what was written."""
    try:
        return _verified.get(_identity(path)) == content
    except OSError:
        return False


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target, follow_symlinks=False)


def has_intact_blob(layout: Layout, name: str, size: int, content: str) -> bool:
    """Tell whether a blob is there already, and is what its name says."""
    if not has_blob(layout, name, size):
        return False
    try:
        open_blob(layout, name, size, content)
    except (OSError, DamagedError):
        return False
    return True


def _put(layout: Layout, aside: Path, name: str) -> None:
    target = layout.blob(name)
    try:
        os.replace(aside, target)
    except FileNotFoundError:
        os.makedirs(layout.blobs, exist_ok=True)
        aside.replace(target)
    except IsADirectoryError:
        _put_aside(layout, name)
        aside.replace(target)


def _put_aside(layout: Layout, name: str) -> None:
    """Have nothing at the place of a blob; where nothing can be written, it stays."""
    with contextlib.suppress(OSError):
        target = layout.damaged_blob(name)
        if os.path.isdir(target):
            target = layout.damaged_blob(f"{name}.{os.urandom(3).hex()}")
        os.rename(layout.blob(name), target)
