"""What an answer rests on: files and directories, told apart by their status, without reading any of them."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from repype_like.hashing import hash_bytes
from repype_like.typing import NamedTuple

__all__ = ["Basis", "Seal"]

_WHEN_CHANGED = 5
_NUMBERS = 6
"""How many numbers are taken of each status, and which of them is the time of the last change."""


class Seal(NamedTuple):
    """What the status of everything says, all in one."""

    hash: str
    changed: int
    """When the status of any of them was changed last, in ns since the epoch, by the clock of the file system."""


@dataclass
class Basis:
    """Paths: absolute, with symbolic links as they are, so that a link that leads elsewhere is seen."""

    folders: list[str] = field(default_factory=list)
    """Directories that all have something in common:"""
    having: list[str] = field(default_factory=list)
    """what is in each of them, as a suffix of its path."""
    present: list[str] = field(default_factory=list)
    """Other files and directories; of a directory, the names in it count, not what is below it."""
    unlinked: list[str] = field(default_factory=list)
    """Files that must not be links."""
    absent: list[str] = field(default_factory=list)
    """Where there is nothing."""
    dangling: list[str] = field(default_factory=list)
    """Links that lead nowhere."""

    def seal(self) -> Seal | None:
        """Look at everything; return None if something is not there that was, or the other way round."""
        numbers: list[int] = []
        try:
            for path in self._present():
                now = os.stat(path)  # noqa: PTH116  ten thousands of them, so no Path for each
                numbers += (now.st_dev, now.st_ino, now.st_mode, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
            for path in self.unlinked:
                now = os.lstat(path)
                numbers += (now.st_dev, now.st_ino, now.st_mode, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
            content = array("q", numbers).tobytes()
        except (OSError, OverflowError, ValueError):
            return None
        if any(map(_is_there, self.absent)) or any(map(os.path.exists, self.dangling)):
            return None
        return Seal(hash_bytes(content), max(numbers[_WHEN_CHANGED::_NUMBERS], default=0))

    def _present(self) -> Iterator[str]:
        having = self.having
        for folder in self.folders:
            for suffix in having:
                yield folder + suffix
        yield from self.present


def _is_there(path: str) -> bool:
    """Tell whether there is anything at `path`, or it cannot be told."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True
