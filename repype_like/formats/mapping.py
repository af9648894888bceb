"""Files in memory, writable without being written to: changes stay in this process."""

from __future__ import annotations

import errno
import mmap
import os
import stat

from repype_like.errors import DamagedError

__all__ = ["map_file"]

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
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            raise DamagedError(f"{path}: is gone" if error.errno != errno.ELOOP else f"{path}: is a link") from None
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DamagedError(f"{path}: is not a regular file")
        if size is not None and status.st_size != size:
            raise DamagedError(f"{path}: has {status.st_size} bytes instead of {size}")
        if status.st_size >= _SMALLEST_MAPPING:
            try:
                return memoryview(mmap.mmap(descriptor, status.st_size, access=mmap.ACCESS_COPY))
            except OSError as error:
                if error.errno not in _CANNOT_MAP:
                    raise
        return _read(descriptor, status.st_size, path)
    finally:
        os.close(descriptor)


def _read(descriptor: int, size: int, path: str | os.PathLike[str]) -> memoryview:
    content = memoryview(bytearray(size))
    position = 0
    while position < size:
        count = os.readv(descriptor, [content[position:]])
        if count == 0:
            raise DamagedError(f"{path}: was cut short while it was read")
        position += count
    return content
