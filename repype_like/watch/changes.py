"""What has happened to files, and what of it matters: contents are compared, not times."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from repype_like.hashing import ABSENT, hash_path
from repype_like.spec import SPEC_NAME
from repype_like.status import STORE_DIRECTORY
from repype_like.watch.messages import Report

__all__ = ["Changes", "is_code", "is_noise"]

_OWN = f"{os.sep}{STORE_DIRECTORY}{os.sep}"
_CODE = (".py", ".pyw", ".so", ".pyd", ".dylib", ".pth")
_SWAP = re.compile(r"4913|.*~|#.*#|.*___jb_(tmp|old)___|.*\.(sw[a-p]x?|tmp|part|crdownload)")


def is_code(path: str) -> bool:
    """Tell whether a file may be a module."""
    return path.endswith(_CODE)


def is_noise(path: str) -> bool:
    """Tell by its name whether nobody but this package, Python, a version control or an editor means the file."""
    if _OWN in path or path.endswith(_OWN[:-1]):
        return True
    parts = PurePath(path).parts
    return any(part[0] == "." or part == "__pycache__" for part in parts[1:]) or _SWAP.fullmatch(parts[-1]) is not None


@dataclass
class Changes:
    """The paths at which something happened since the last look.

    The last report says which contents it is based on; who saves a file as it was has changed nothing.
    """

    report: Report | None = None
    suspects: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    """Those that may be what a run writes."""
    _folders: frozenset[str] = frozenset()
    _looked_at: dict[str, object] = field(default_factory=dict)
    """The status of files without a say when they were last taken for a reason to look."""

    def note(self, path: str, *, is_directory: bool = False) -> bool | None:
        """Take down that something happened at `path`.

        Returns:
            Whether the file is known to have a say; None if nobody cares.
        """
        known = self._known(path)
        if not known and self._is_noise(path):
            return None
        self.suspects.add(path)
        return is_directory or self.matters(path)

    def matters(self, path: str) -> bool:
        """Tell whether a file has a say, or may have if it is new."""
        return is_code(path) or path.endswith(f"{os.sep}{SPEC_NAME}") or bool(self._known(path))

    def _is_noise(self, path: str) -> bool:
        for folder in self._folders:  # a project may lie below a hidden directory
            if path.startswith(folder):
                return is_noise(path[len(folder) - 1:])
        return is_noise(path)

    def take_in(self, report: Report, roots: Iterable[Path]) -> None:
        """Compare with what `report` says from now on."""
        self.report = report
        self._folders = frozenset(os.path.join(root, "") for root in (*map(str, roots), *report.folders))  # noqa: PTH118

    def defer(self, running: Iterable[str]) -> None:
        """Put aside what the tasks that run may have written, and what nobody has known before."""
        report = self.report
        if report is None:
            return
        names = set(running)
        written = frozenset[str]().union(*(task.outputs for task in report.tasks if task.name in names))
        later = {path for path in self.suspects if path in written or not (
            self.matters(path) or Path(path).is_dir())}
        self.suspects -= later
        self.deferred |= later

    def recall(self) -> None:
        """Take up again what was put aside."""
        self.suspects |= self.deferred
        self.deferred = set()

    def is_output(self, path: str) -> bool:
        """Tell whether a file is known to be written by stages."""
        return self.report is not None and any(path in task.outputs for task in self.report.tasks)

    def half_written(self) -> bool:
        """Tell whether one of the files looks as if somebody were about to write it, or the rest of it."""
        known = self.report.files if self.report is not None else {}
        return any(_is_unfinished(path) for path in self.suspects
                   if path in known and (is_code(path) or path.endswith((".yml", ".yaml"))))

    def real(self) -> set[str]:
        """Return the paths whose content is not what the last look has found; the others are forgotten."""
        found = set()
        for path in self.suspects:
            known = self._known(path)
            if any(_content(item) != content for item, content in known.items()) if known else self._is_new(path):
                found.add(path)
        self.suspects = set(found)
        return found

    def clear(self) -> None:
        """Begin anew: a look follows."""
        self._looked_at.update((path, _status(path)) for path in self.suspects if not self._known(path))
        self.suspects = set()

    def _is_new(self, path: str) -> bool:
        return path not in self._looked_at or self._looked_at[path] != _status(path)

    def _known(self, path: str) -> dict[str, str]:
        """Return the known content of a file, and of the directories around it that count as a whole."""
        files = self.report.files if self.report is not None else {}
        found = {path: files[path]} if path in files else {}
        above = os.path.dirname(path)  # noqa: PTH120  asked for every event
        while len(above) > 1:
            if above in files:
                found[above] = files[above]
            above = os.path.dirname(above)  # noqa: PTH120
        return found


def _content(path: str) -> str:
    try:
        return hash_path(path)
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _status(path: str) -> object:
    try:
        status = os.stat(path)  # noqa: PTH116  for every file that a run writes
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _is_unfinished(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            if not size:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) not in b"\r\n"
    except OSError:
        return _content(path) == ABSENT
