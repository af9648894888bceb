"""Which directories are tasks: every directory with a task.yml at or below a path, and the parents above it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.errors import Location, Problem, SpecError, UsageError, did_you_mean
from repype_like.spec.loading import Document, load_document
from repype_like.typing import NamedTuple, PathLike

__all__ = ["SPEC_NAME", "Discovery", "Documents", "discover", "holds", "join", "no_directory"]

SPEC_NAME = "task.yml"

_MISNAMED = frozenset({"task.yaml", "Task.yml", "Task.yaml", "task.yml.txt", "tasks.yml", "task.YML"})
_SKIPPED = frozenset({"__pycache__"})


class Documents:
    """Loads each file once, and keeps either the document or the problems."""

    def __init__(self) -> None:
        self._loaded: dict[str, Document | SpecError] = {}

    def load(self, path: str) -> Document:
        """Return the document at `path`.

        Raises:
            SpecError: As :func:`~repype_like.spec.loading.load_document`, each time again.
        """
        found = self._loaded.get(path)
        if found is None:
            try:
                found = load_document(path)
            except SpecError as error:
                found = error
            self._loaded[path] = found
        if isinstance(found, SpecError):
            raise SpecError(found.problems)
        return found


class Discovery(NamedTuple):
    """The directories that are tasks."""

    path: Path
    """Where the search began, absolute, symbolic links resolved."""
    root: Path
    """The topmost task that `path` belongs to; `path` itself if neither it nor a directory above it is a task."""
    directories: tuple[Path, ...]
    """Parents first, siblings sorted by name; those above `path` included."""
    problems: tuple[Problem, ...]
    visited: tuple[str, ...]
    """All directories that were looked into."""
    links: Mapping[str, str]
    """All symbolic links in them, and where those led that lead to directories or specifications."""


def no_directory(path: PathLike) -> UsageError:
    """Return the error that `path`, as the user has written it, is no directory, with the one that is meant, maybe."""
    meant = Path(path).expanduser()
    if meant.exists():
        return UsageError(f"{path}: this is a file; name the directory of a task")
    missing = [part for part in (meant, *meant.parents) if not part.exists()][-1]
    try:
        beside = [item.name for item in missing.parent.iterdir() if item.is_dir()]
    except OSError:
        beside = []
    hint = did_you_mean(missing.name, beside)
    return UsageError(f"{path}: there is no such directory" + (f"; {hint}" if hint else ""))


def discover(path: PathLike, documents: Documents | None = None) -> Discovery:
    """Find the tasks at and below `path` (a directory, or its task.yml) and the chain of parents above it.

    The parent of a task is the nearest directory above it that has a task.yml; ``root: true`` ends the search. Hidden
    directories are skipped. Symbolic links to directories are followed, but each real directory is listed once, by
    its own path where it lies below `path`. A directory that cannot be read becomes a problem, and the search goes on.

    Raises:
        UsageError: If there is no such directory.
    """
    documents = documents or Documents()
    start = Path(path).expanduser().resolve()
    if start.name == SPEC_NAME and start.is_file():
        start = start.parent
    if not start.is_dir():
        raise no_directory(path)
    walk = _Walk(start)
    below = walk.run()
    above = _above(start, documents, is_task=start in below[:1])
    root = above[0] if above else start
    return Discovery(start, root, (*above, *below), tuple(walk.problems), tuple(walk.visited), walk.met)


def _above(start: Path, documents: Documents, *, is_task: bool) -> list[Path]:
    """Return the tasks above `start`, topmost first."""
    found: list[Path] = []
    candidates = [*([start] if is_task else []), *start.parents]
    for directory in candidates:
        spec = str(directory / SPEC_NAME)
        if directory is not start:
            if not os.path.lexists(spec):
                continue
            found.append(directory)
        try:
            if documents.load(spec).value.get("root") is True:
                break
        except SpecError:  # reported when the task itself is loaded
            continue
    return found[::-1]


@dataclass
class _Walk:
    """One walk through the directories below `start`, without recursion and without a stat per directory."""

    start: Path
    problems: list[Problem] = field(default_factory=list)
    tasks: dict[str, str] = field(default_factory=dict)  # path -> real path
    seen: set[str] = field(default_factory=set)  # real paths
    links: list[tuple[str, str]] = field(default_factory=list)  # path, real path of the directory it lies in
    visited: list[str] = field(default_factory=list)
    met: dict[str, str] = field(default_factory=dict)  # links, and where they lead if that matters

    def run(self) -> list[Path]:
        self.descend(str(self.start), str(self.start))
        # Links come last, so that a directory below `start` is listed by its own path and not by that of a link.
        skipped = []
        while self.links:
            links, self.links = sorted(self.links), []
            for link, holder in links:
                real = os.path.realpath(link)
                if real in self.seen or holds(real, holder) or holds(real, str(self.start)):
                    skipped.append((link, real))
                else:
                    self.descend(link, real)
        for link, real in skipped:
            self.warn_of_link(link, real)
        found = list(map(Path, self.tasks))
        if any(path != real for path, real in self.tasks.items()):
            found.sort(key=lambda path: path.parts)
        return found

    def descend(self, top: str, real_top: str) -> None:
        stack = [(top, real_top)]
        while stack:
            path, real = stack.pop()
            if real in self.seen:
                continue
            self.seen.add(real)
            stack.extend(reversed(self.look_into(path, real)))

    def look_into(self, path: str, real: str) -> list[tuple[str, str]]:
        """Note whether `path` is a task, and return the directories in it, sorted."""
        self.visited.append(path)
        names: list[str] = []
        misnamed = ""
        is_task = False
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    name = entry.name
                    if name == SPEC_NAME:
                        is_task = True
                        if entry.is_symlink():
                            self.met[entry.path] = os.path.realpath(entry.path)
                    elif name in _MISNAMED:
                        misnamed = name
                    elif name[0] == "." or name in _SKIPPED:
                        continue
                    elif entry.is_dir(follow_symlinks=False):
                        names.append(name)
                    elif entry.is_symlink():
                        leads_on = os.path.isdir(entry.path)  # noqa: PTH112  (no Path per entry)
                        self.met[entry.path] = os.path.realpath(entry.path) if leads_on else ""
                        if leads_on:
                            self.links.append((entry.path, real))
        except OSError as error:
            directory = Path(path)
            message = f"the directory cannot be read: {error.strerror}"
            self.problems.append(Problem(message, Location(directory), task=directory))
        if is_task:
            self.tasks[path] = real
        elif misnamed:
            where = Location(Path(path) / misnamed)
            self.problems.append(Problem("this file is not read", where, f"rename it to {SPEC_NAME}", "warning"))
        names.sort()
        return [(join(path, name), join(real, name)) for name in names]

    def warn_of_link(self, link: str, real: str) -> None:
        """Say that a link leads to tasks that are listed already. Other links are nobody's concern."""
        if any(holds(real, task) for task in self.tasks.values()):
            message = f"the symbolic link leads to {real}, whose tasks are listed already"
            self.problems.append(Problem(message, Location(Path(link)), severity="warning"))


def holds(directory: str, path: str) -> bool:
    """Say whether `path` is `directory` or lies below it; at a tenth of the cost of asking pathlib."""
    return path == directory or path.startswith(directory if directory == "/" else f"{directory}/")


def join(path: str, name: str) -> str:
    """Return the path of `name` in the directory `path`."""
    return f"{path}/{name}" if path != "/" else f"/{name}"
