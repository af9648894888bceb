"""Which files a stage meets while it runs, and what becomes of them.

A file counts that the stage asks its pipeline for (``resolve``, ``track``), and any regular file below the project or
the tree that it opens for reading otherwise, as far as Python opens it. What is as it was before, or is not there, is
an observation; what the stage creates or changes is an output of its record.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from repype_like.execute.lasting import recalled, remember
from repype_like.hashing import hash_file
from repype_like.pipeline import Pipeline
from repype_like.plan.files import Files
from repype_like.store import Observation, OutputFile
from repype_like.typing import Any, InputID, Self

__all__ = ["SpoiledInputError", "Tracker"]

_CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")

_PATHS = (str, bytes, os.PathLike)

_Status = tuple[int, int, int, int]


class SpoiledInputError(Exception):
    """A stage changed or deleted a file that it had read."""


@dataclass
class _Sighting:
    """A path that the stage met, as it was before the stage could change it."""

    scope: str | None
    input_id: InputID | None
    path: str | None
    before: dict[str, _Status]
    """The status of each regular file at the path (``""``) or below it; empty if there is none."""
    is_directory: bool
    read: set[str] = field(default_factory=set)
    """Those that were opened for reading, or for adding to them, before they were changed."""
    asked_for: bool = True
    """Whether the stage asked its pipeline for the path, rather than just opening it."""


class Tracker:
    """Takes down the files that one execution of a stage meets; a context manager, for as long as it is to listen.

    Arguments:
        pipeline: What the stage asks for paths.
        roots: The folders below which files count that are opened without being asked for: tree and project.
        tree: The directory that paths are noted down relative to.
        missed: Told each path that the stage asks for and at which there is nothing.
    """

    def __init__(self, pipeline: Pipeline, roots: Iterable[Path], tree: Path,
                 missed: Callable[[Path], None] = lambda path: None):
        self._pipeline = pipeline
        self._roots = roots
        self._tree = tree
        self._missed = missed
        self._met: dict[str, _Sighting] = {}
        self._folders: list[str] = []
        self._written: set[str] = set()
        self.unasked: list[str] = []
        """The files that were opened for reading without asking the pipeline for them."""
        self.unresolved: list[str] = []
        """The scopes that the stage asked for and got no path of."""
        self._previous: Tracker | None = None
        """Who listened before."""

    def meet(self, scope: str | None, input_id: InputID | None, path: Path | None) -> None:
        """Take down that the stage asks for `path`, or for a `scope` that gives none."""
        if path is None:
            self.unresolved.append(str(scope))
            return
        if ".repype" in path.parts and path.is_relative_to(self._tree):
            return  # ours, such as a copy of a file that the stage reads as a field
        text = str(path)
        known = self._met.get(text)
        if known is not None and (known.asked_for or text in self._written):
            return
        with _Deaf():
            sighting = self._met[text] = self._sighting(path, scope, input_id)
            if sighting.is_directory:
                self._folders.append(text)
            elif not sighting.before:
                self._missed(path)

    def opened(self, path: str, reads: bool, writes: bool) -> None:
        """Take down that Python is about to open `path`."""
        text = os.path.abspath(path)  # noqa: PTH100  called for every file that is opened
        if reads and text not in self._written:
            known = self._met.get(text)
            if known is not None:
                known.read.add("")
            elif not self._read_below_folder(text) and not writes and self._counts(text):
                sighting = self._sighting(Path(text), None, None)
                if not sighting.is_directory:
                    sighting.asked_for = False
                    self._met[text] = sighting
                    self.unasked.append(text)
                    remember(text, self._roots)
        if writes:
            self._written.add(text)

    def recall(self, pieces: Callable[[], Iterable[str]]) -> None:
        """Take down the files whose content an earlier execution may have left in memory; see :mod:`lasting`."""
        for text in recalled(pieces):
            if text not in self._met and text not in self._written and not self._read_below_folder(text):
                self._met[text] = replace(self._sighting(Path(text), None, None), asked_for=False)

    def renamed(self, old: str, new: str) -> None:
        """Take down that a file is about to be renamed, as is done to have it there as a whole or not at all."""
        if os.path.abspath(old) in self._written:  # noqa: PTH100  see above
            self._written.add(os.path.abspath(new))  # noqa: PTH100  see above

    def scope_of(self, path: str) -> str | None:
        """Return the scope that the stage asked for to get a path, if it did."""
        sighting = self._met.get(os.path.abspath(path))  # noqa: PTH100  as where it was taken down
        return sighting.scope if sighting is not None else None

    def is_written(self, path: str) -> bool:
        """Tell whether the stage has opened a file to write to it, or tried to."""
        return os.path.abspath(path) in self._written  # noqa: PTH100  see above

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that the stage has met so far."""
        return tuple(self._met)

    def __enter__(self) -> Self:
        """Have files counted that the pipeline is asked for, or that are opened in this process, meanwhile."""
        if not _Ear.is_set_up:
            _listen_to_open()
        self._pipeline.on_resolve = self.meet
        self._previous, _Ear.tracker = _Ear.tracker, self
        return self

    def __exit__(self, *_: object) -> None:
        _Ear.tracker = self._previous
        self._pipeline.on_resolve = None

    def findings(self, files: Files) -> tuple[tuple[Observation, ...], tuple[OutputFile, ...]]:
        """Return what the stage observed and what it made.

        Raises:
            SpoiledInputError: If it changed or deleted a file that it had read.
        """
        if not self._met:
            return (), ()
        observations: list[Observation] = []
        outputs: list[OutputFile] = []
        for text, sighting in list(self._met.items()):
            path = Path(text)
            after = _statuses(path)
            changed = self._changed(text, sighting, after)
            if sighting.asked_for:
                self._refuse_spoiled(path, sighting, changed, after)
            if not changed:
                observations.append(Observation(sighting.scope, sighting.input_id, sighting.path, files.content(path)))
            elif sighting.asked_for:
                outputs.extend(_output(path, sighting, name) for name in changed)
                observations.extend(Observation(None, None, self._noted(path / name), files.content(path / name))
                                    for name in sorted(sighting.read.difference(changed, ("",))))
        return tuple(dict.fromkeys(observations)), tuple(outputs)

    def made(self) -> Iterator[Path]:
        """Yield the files that the stage has made where it had asked for a path, and where there had been nothing."""
        for text, sighting in self._met.items():
            if sighting.asked_for:
                path = Path(text)
                yield from (path / name if name else path for name in _statuses(path) if name not in sighting.before)

    def _changed(self, text: str, sighting: _Sighting, after: Mapping[str, _Status]) -> list[str]:
        """Return what the stage has created or changed.

        The clock of a file system may stand still for some milliseconds, so what was opened for writing counts too. In
        a folder, others may be at work at the same time.
        """
        written = {name for name in after if name not in sighting.read
                   and (f"{text}{os.sep}{name}" if name else text) in self._written}
        changed = [name for name, status in after.items() if name in written or sighting.before.get(name) != status]
        return [name for name in changed if name in written] if sighting.is_directory and written else changed

    def _refuse_spoiled(self, path: Path, sighting: _Sighting, changed: Sequence[str],
                        after: Mapping[str, _Status]) -> None:
        for name in sorted(sighting.read):
            if name in sighting.before and (name in changed or name not in after):
                file = path / name if name else path
                what = "changes" if name in after else "deletes"
                raise SpoiledInputError(f"it reads and {what} the file {file}, which another run would find changed; "
                                        "write the result to a file of its own. "
                                        f"{_left(sighting.before[name], after.get(name))}")

    def _sighting(self, path: Path, scope: str | None, input_id: InputID | None) -> _Sighting:
        noted = None if scope is not None else self._noted(path)
        return _Sighting(scope, input_id, noted, _statuses(path), path.is_dir())

    def _noted(self, path: Path) -> str:
        return path.relative_to(self._tree).as_posix() if path.is_relative_to(self._tree) else str(path)

    def _read_below_folder(self, text: str) -> bool:
        """Take down that a file was read in a folder that the stage has asked for, and tell whether that is so."""
        for folder in self._folders:
            if text.startswith(folder + os.sep):
                self._met[folder].read.add(Path(text).relative_to(folder).as_posix())
                return True
        return False

    def _counts(self, text: str) -> bool:
        """Tell whether a file counts that the stage just opens: one of the project that is neither code nor hidden."""
        if text.endswith(_CODE):
            return False
        below = [len(str(root)) + 1 for root in self._roots if text.startswith(f"{root}{os.sep}")]
        if not below or text.startswith((sys.prefix, sys.base_prefix)):
            return False
        parts = Path(text[max(below):]).parts
        return not any(part.startswith(".") or part in ("__pycache__", "site-packages") for part in parts)


def _left(before: _Status, after: _Status | None) -> str:
    """Return what has become of a file that is not ours. We have no copy by which it could be put back."""
    if after is None:
        return "The file is gone, and there is no copy of it in the store"
    sizes = "still has" if after[0] == before[0] else f"had {before[0]} bytes, and now has"
    return f"The file stays as it is now: it {sizes} {after[0]} bytes"


def _output(path: Path, sighting: _Sighting, name: str) -> OutputFile:
    file = path / name if name else path
    status = file.stat()
    return OutputFile(sighting.scope, sighting.input_id, sighting.path, hash_file(file), status.st_size,
                      stat.S_IMODE(status.st_mode), name)


class _Ear:
    """Who is told of the files that are opened. An audit hook cannot be removed, so there is one, which looks here."""

    tracker: Tracker | None = None
    is_set_up = False


class _Deaf:
    """Has nobody told of the files that are opened meanwhile."""

    __slots__ = ("_previous",)

    def __enter__(self) -> None:
        self._previous, _Ear.tracker = _Ear.tracker, None

    def __exit__(self, *_: object) -> None:
        _Ear.tracker = self._previous


def _listen_to_open() -> None:
    _Ear.is_set_up = True
    sys.addaudithook(_on_audit)


def _on_audit(event: str, arguments: tuple[Any, ...]) -> None:
    tracker = _Ear.tracker
    if tracker is None or event not in ("open", "os.rename"):
        return
    with _Deaf():  # what is opened meanwhile is our own doing
        if event == "os.rename":
            old, new = arguments[:2]
            if isinstance(old, _PATHS) and isinstance(new, _PATHS):
                tracker.renamed(os.fsdecode(old), os.fsdecode(new))
            return
        path, mode, flags = arguments
        if isinstance(path, _PATHS) and not (mode is None and _is_elsewhere(path)):
            flags = flags or 0
            access = flags & os.O_ACCMODE
            reads = (access != os.O_WRONLY or bool(flags & os.O_APPEND)) and not flags & os.O_TRUNC
            tracker.opened(os.fsdecode(path), reads, access != os.O_RDONLY)


def _is_elsewhere(path: Any) -> bool:
    """Tell whether a path that ``os.open`` gets may be relative to some open folder, as when a tree is deleted."""
    return not os.path.isabs(path) and not os.path.lexists(path)  # noqa: PTH117  text or bytes


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


