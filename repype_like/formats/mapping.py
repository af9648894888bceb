"""Files in memory, writable without being written to: changes stay in this process."""

from __future__ import annotations

import errno
import mmap
import os
import stat

from repype_like.errors import DamagedError

__all__ = ["map_file", "map_range"]

_SMALLEST_MAPPING = 1 << 17
"""Smaller files are read: that is quicker than the page faults of a mapping, and a mapping holds a descriptor."""

_CANNOT_MAP = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENODEV, errno.EACCES, errno.EPERM))
"""Out of descriptors or address space, or a file system that does not map files."""


def map_file(path: str | os.PathLike[str], size: int | None = None) -> memoryview:
    """Return the content of a file as writable memory; what is written there never reaches the file.

    Arguments:
        path: A regular file; links are not followed, and a FIFO is not waited for.
        size: How many bytes it must have.

    Raises:
        DamagedError: If it is gone, is not a regular file, or has another size.
        OSError: If it cannot be read for another reason, which says nothing about its content.
    """
    descriptor, length = _opened(path)
    try:
        if size is not None and length != size:
            raise DamagedError(f"{path}: has {length} bytes instead of {size}")
        return _content(descriptor, 0, length, path)
    finally:
        os.close(descriptor)


def map_range(path: str | os.PathLike[str], start: int, length: int) -> memoryview:
    """Return a part of a file as writable memory; what is written there never reaches the file.

    Raises:
        DamagedError: If the file is gone, is not a regular file, or ends before.
        OSError: If it cannot be read for another reason, which says nothing about its content.
    """
    descriptor, size = _opened(path)
    try:
        if start + length > size:
            raise DamagedError(f"{path}: is cut short")
        return _content(descriptor, start, length, path)
    finally:
        os.close(descriptor)


def _opened(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Open a regular file, and return its descriptor and its size."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            raise DamagedError(f"{path}: is gone" if error.errno != errno.ELOOP else f"{path}: is a link") from None
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise DamagedError(f"{path}: is not a regular file")
    return descriptor, status.st_size


def _content(descriptor: int, start: int, length: int, path: str | os.PathLike[str]) -> memoryview:
    if length >= _SMALLEST_MAPPING:
        surplus = start % mmap.ALLOCATIONGRANULARITY
        try:
            mapped = mmap.mmap(descriptor, length + surplus, access=mmap.ACCESS_COPY, offset=start - surplus)
            return memoryview(mapped)[surplus:]
        except OSError as error:
            if error.errno not in _CANNOT_MAP:
                raise
    return _read(descriptor, start, length, path)


def _read(descriptor: int, start: int, size: int, path: str | os.PathLike[str]) -> memoryview:
    content = memoryview(bytearray(size))
    position = 0
    while position < size:
        count = os.preadv(descriptor, [content[position:]], start + position)
        if count == 0:
            raise DamagedError(f"{path}: was cut short while it was read")
        position += count
    return content
