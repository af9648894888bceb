"""The contents of files as planning sees them: looked at once, and hashed only if their status has changed."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from repype_like.hashing import ABSENT, hash_path
from repype_like.typing import Any

__all__ = ["Files", "Stamp", "stamp_of"]

Stamp = tuple[int, int, int, int]
"""Size, mtime_ns, ctime_ns and inode: as long as all are the same, so is the content."""

_SETTLED = 50_000_000
"""A file younger than this (in ns) may still change without its status changing: clocks of file systems are coarse."""


def stamp_of(path: str | os.PathLike[str]) -> Stamp | None:
    """Return the stamp of a regular file, or None for anything else, and for a file that has only just changed."""
    try:
        status = os.stat(path)  # noqa: PTH116  called for every file, with the text of its path
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode) or time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _SETTLED:
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class Files:
    """Hashes of files, remembered by stamp for as long as this object lives."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, str]] = {}

    def remember(self, path: Path, stamp: Any, content: str) -> None:
        """Take for granted that the file at `path` has this content as long as it has this stamp."""
        self._known.setdefault(str(path), (tuple(stamp), content))

    def content(self, path: Path) -> str:
        """Return the hash of what is at `path` now, or ``absent``."""
        text = str(path)
        known = self._known.get(text)
        stamp = stamp_of(text)
        if known is not None and stamp is not None and known[0] == stamp:
            return known[1]
        try:
            content = hash_path(path)
        except OSError as error:
            return ABSENT if isinstance(error, FileNotFoundError) else f"unreadable: {error.strerror}"
        if stamp is not None and stamp_of(text) == stamp:
            self._known[text] = (stamp, content)
        return content

    def stamp(self, path: Path, content: str) -> Stamp | None:
        """Return the stamp under which the file at `path` is known to have this content, or None."""
        known = self._known.get(str(path))
        return known[0] if known is not None and known[1] == content else None
