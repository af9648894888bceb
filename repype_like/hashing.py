"""Hashes of bytes and of what lies on disk.

Keys and contents alike use XXH3 with 128 bits: it tells accidents apart, not adversaries (a task tree is code that its
user trusts), and it reads at the speed of memory.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import xxhash

__all__ = ["ABSENT", "hash_bytes", "hash_file", "hash_path"]

ABSENT = "absent"
"""Stands for the content of a path at which there is nothing."""

_CHUNK = 1 << 20


def hash_bytes(data: bytes | bytearray | memoryview) -> str:
    """Return the hash of `data` as 32 hexadecimal digits."""
    return xxhash.xxh3_128_hexdigest(data)


def hash_file(path: str | os.PathLike[str]) -> str:
    """Return the hash of the content of a regular file.

    Raises:
        OSError: If `path` cannot be read or is not a regular file (a FIFO is refused, never waited for).
    """
    digest = xxhash.xxh3_128()
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a regular file")
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def hash_path(path: str | os.PathLike[str]) -> str:
    """Return the hash of a file, of a directory (its sorted relative paths and contents), or :data:`ABSENT`."""
    path = Path(path)
    if path.is_dir():
        digest = xxhash.xxh3_128()
        for file in sorted(item for item in path.rglob("*") if item.is_file()):
            digest.update(os.fsencode(file.relative_to(path)) + b"\0" + hash_file(file).encode())
        return "dir-" + digest.hexdigest()
    try:
        return hash_file(path)
    except FileNotFoundError:
        return ABSENT
    except NotADirectoryError:
        return ABSENT
