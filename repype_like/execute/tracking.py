"""Which files a stage meets while it runs, and what becomes of them.

A file counts that the stage asks its pipeline for (``resolve``, ``track``), and any regular file below the project or
the tree that it opens for reading otherwise, as far as Python opens it. What is as it was before is an observation;
what the stage creates or changes is an output of its record.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from repype_like.hashing import hash_file
from repype_like.plan.files import Files
from repype_like.store import Observation, OutputFile
from repype_like.typing import Any, InputID

__all__ = ["SpoiledInputError", "Tracker"]

_CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")

_Status = tuple[int, int, int, int]


class SpoiledInputError(Exception):
    """A stage changed a file that it had read, or added to one that is not its own."""


@dataclass
class _Sighting:
    """A path that the stage met, as it was before the stage could change it."""

    scope: str | None
    input_id: InputID | None
    path: str | None
    before: dict[str, _Status]
    """The status of each regular file at the path (``""``) or below it; empty if there is none."""
    is_directory: bool
    read: bool = False
    """Whether it was opened for reading, or for adding to it, before it was changed."""
    asked_for: bool = True
    """Whether the stage asked its pipeline for the path, rather than just opening it."""


class Tracker:
    """Takes down the files that one execution of a stage meets.

    Arguments:
        roots: The folders below which files count that are opened without being asked for: tree and project.
        tree: The directory that paths are noted down relative to.
        put_aside: Called with each path that the stage asks for, before it gets it, so that what an earlier execution
            left there is out of the way.
    """

    def __init__(self, roots: Sequence[Path], tree: Path, put_aside: Callable[[Path], None]):
        self._roots = tuple(f"{root}{os.sep}" for root in roots)
        self._tree = tree
        self._put_aside = put_aside
        self._met: dict[str, _Sighting] = {}
        self._written: set[str] = set()
        self.unasked: list[str] = []
        """The files that were read without asking the pipeline for them."""

    def meet(self, scope: str | None, input_id: InputID | None, path: Path) -> None:
        """Take down that the stage asks for `path`; what :attr:`Pipeline.on_resolve` is to call."""
        text = str(path)
        known = self._met.get(text)
        if known is not None and (known.asked_for or text in self._written):
            return
        with _unheard():
            if text not in self._written:
                self._put_aside(path)
            self._met[text] = self._sighting(path, scope, input_id)

    def opened(self, path: str, reads: bool, writes: bool) -> None:
        """Take down that Python is about to open `path`."""
        text = os.path.abspath(path)
        known = self._met.get(text) or self._above(text)
        if known is not None:
            known.read = known.read or (reads and text not in self._written)
        elif reads and text not in self._written and self._counts(text):
            sighting = self._sighting(Path(text), None, None)
            if sighting.before:
                sighting.asked_for = False
                self._met[text] = sighting
                self.unasked.append(text)
        if writes:
            self._written.add(text)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Have files counted that are opened meanwhile in this process."""
        global _active
        _listen_to_open()
        previous, _active = _active, self
        try:
            yield
        finally:
            _active = previous

    def findings(self, files: Files) -> tuple[tuple[Observation, ...], tuple[OutputFile, ...]]:
        """Return what the stage observed and what it made.

        Raises:
            SpoiledInputError: If it changed a file that it had read.
        """
        observations, outputs = [], []
        for text, sighting in self._met.items():
            path = Path(text)
            after = _statuses(path)
            changed = [name for name, status in after.items() if sighting.before.get(name) != status]
            if not changed:
                observations.append(Observation(sighting.scope, sighting.input_id, sighting.path, files.content(path)))
                continue
            if not sighting.asked_for:
                continue
            if sighting.read and not sighting.is_directory and "" in sighting.before:
                raise SpoiledInputError(f"it reads and changes the file {path}, which another run would find changed; "
                                        "write the result to a file of its own")
            for name in changed:
                file = path / name if name else path
                outputs.append(OutputFile(sighting.scope, sighting.input_id, sighting.path, hash_file(file),
                                          file.stat().st_size, stat.S_IMODE(file.stat().st_mode), name))
        return tuple(observations), tuple(outputs)

    def _sighting(self, path: Path, scope: str | None, input_id: InputID | None) -> _Sighting:
        return _Sighting(scope, input_id, None if scope is not None else self._noted(path), _statuses(path), path.is_dir())

    def _noted(self, path: Path) -> str:
        return path.relative_to(self._tree).as_posix() if path.is_relative_to(self._tree) else str(path)

    def _above(self, text: str) -> _Sighting | None:
        for met, sighting in self._met.items():
            if sighting.is_directory and text.startswith(met + os.sep):
                return sighting
        return None

    def _counts(self, text: str) -> bool:
        if not text.startswith(self._roots) or text.endswith(_CODE) or text.startswith((sys.prefix, sys.base_prefix)):
            return False
        root = max((root for root in self._roots if text.startswith(root)), key=len)
        parts = text[len(root):].split(os.sep)
        return not any(part.startswith(".") or part in ("__pycache__", "site-packages") for part in parts)


_active: Tracker | None = None
_listening = False


def _listen_to_open() -> None:
    global _listening
    if not _listening:
        _listening = True
        sys.addaudithook(_on_audit)


def _on_audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or _active is None:
        return
    path, mode, flags = arguments
    if not isinstance(path, (str, bytes, os.PathLike)):
        return
    access = (flags or 0) & os.O_ACCMODE
    writes = access != os.O_RDONLY
    reads = access != os.O_WRONLY or bool((flags or 0) & os.O_APPEND)
    tracker = _active
    with _unheard():
        tracker.opened(os.fsdecode(path), reads and not (flags or 0) & os.O_TRUNC, writes)


@contextmanager
def _unheard() -> Iterator[None]:
    """Have nothing noticed of the files that are opened meanwhile, which is our own doing."""
    global _active
    tracker, _active = _active, None
    try:
        yield
    finally:
        _active = tracker


def _statuses(path: Path) -> dict[str, _Status]:
    """Return the status of the regular file at `path` as that of ``""``, or of those below it by relative path."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return {}
    if stat.S_ISREG(status.st_mode):
        return {"": _status(status)}
    if not stat.S_ISDIR(status.st_mode):
        return {}
    return {file.relative_to(path).as_posix(): _status(file.stat()) for file in path.rglob("*") if file.is_file()}


def _status(status: os.stat_result) -> _Status:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


