"""Finds out by looking what has changed, where nobody tells."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from repype_like.watch.changes import is_noise

__all__ = ["Sweep"]

_YOUNG = 2.5
"""Seconds for which a file may change again without its times showing it: some file systems count whole seconds."""

_Stamp = tuple[int, int, int, int]


class Sweep:
    """The status of all files that may matter, as the last sweep has found it."""

    def __init__(self) -> None:
        self._stamps: dict[str, _Stamp] = {}
        self._fresh = True
        self.seconds = 0.0
        """How long the last sweep took."""

    def forget(self) -> None:
        """Have the next sweep find nothing changed."""
        self._fresh = True

    def changes(self, tree: Path, folders: Iterable[str], files: Collection[str]) -> tuple[list[str], list[str]]:
        """Return the paths at which something has changed since the last sweep, and those at which it may have.

        Arguments:
            tree: A directory, with all below it.
            folders: Directories, without what is below them.
            files: Further files.
        """
        started = time.monotonic()
        now = time.time()
        stamps = dict(_walk(str(tree)))
        for folder in folders:
            stamps.update(_entries(folder, []))
        stamps.update((path, stamp) for path in files if path not in stamps and (stamp := _stamp(path)) is not None)
        before, self._stamps = self._stamps, stamps
        fresh, self._fresh = self._fresh, False
        paths = set[str]() if fresh else before.keys() | stamps.keys()
        found = [path for path in paths if before.get(path) != stamps.get(path)]
        young = [path for path in files if path in stamps and now - max(stamps[path][1:3]) / 1e9 < _YOUNG]
        self.seconds = time.monotonic() - started
        return found, young


def _walk(top: str) -> Iterator[tuple[str, _Stamp]]:
    folders = [top]
    while folders:
        yield from _entries(folders.pop(), folders)


def _entries(folder: str, below: list[str]) -> Iterator[tuple[str, _Stamp]]:
    """Yield the files of a directory, and add the directories in it to `below`."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_noise(f"/{entry.name}"):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
                elif (stamp := _stamp(entry.path)) is not None:
                    yield entry.path, stamp
    except OSError:  # it is gone, or not for us
        return


def _stamp(path: str) -> _Stamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116  called for every file, again and again
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode):
        return (0, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
