"""Which tasks an aggregate over tasks reads: the runnable ones that its patterns match.

A pattern is a path relative to the directory of the task of the aggregate. ``*``, ``?`` and ``[...]`` stand for
characters within one name, ``**`` for any number of names; ``..`` stands at the beginning only.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from repype_like.errors import UsageError, did_you_mean
from repype_like.plan import Source, TaskView
from repype_like.spec import load_tree
from repype_like.spec.matching import matches
from repype_like.stage import Stage, patterns_of
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repype_like.task.task import Task

__all__ = ["Directories", "base_of", "look_for_sources", "matching", "patterns_for"]

_WILD = frozenset("*?[")

_SHOWN = 6
"""How many of many tasks are named in a message."""


class Directories:
    """The directories of runnable tasks, to be searched by prefix."""

    def __init__(self, directories: Iterable[Path]):
        self._sorted = sorted(map(str, directories))
        self._known = frozenset(self._sorted)

    def at_and_below(self, base: Path) -> list[Path]:
        """Return those at and below `base`, sorted."""
        start = f"{base}/"
        first, end = bisect_left(self._sorted, start), bisect_left(self._sorted, f"{base}0")  # "0" follows upon "/"
        here = [base] if str(base) in self._known else []
        return here + [Path(text) for text in self._sorted[first:end]]


def patterns_for(stage: Stage, section: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the patterns of an aggregate over tasks: those of its section of the configuration, or its own.

    Raises:
        UsageError: If there are none, or they are no patterns.
    """
    stated = section.get("tasks", stage.tasks)
    if not isinstance(stated, (str, list, tuple)) or not all(isinstance(item, str) for item in stated):
        raise UsageError(f'the aggregate "{stage.id}": tasks has to be a pattern or a list of them, such as "../*/"')
    found = tuple(pattern for pattern in patterns_of(stated) if pattern)
    if not found:
        raise UsageError(f'the aggregate "{stage.id}" does not say which tasks it reads; write a pattern relative to '
                         f'this task: config: {{{stage.id}: {{tasks: "../*/"}}}}')
    for pattern in found:
        if os.path.isabs(pattern):  # noqa: PTH117
            raise UsageError(f'the aggregate "{stage.id}": the pattern "{pattern}" has to be relative to the directory '
                             "of its task")
    return found


def base_of(directory: Path, pattern: str) -> tuple[Path, str]:
    """Return the directory that all tasks which a pattern matches are in, and what is left of the pattern."""
    names = [name for name in pattern.split("/") if name not in ("", ".")]
    literal = next((index for index, name in enumerate(names) if _WILD.intersection(name)), len(names))
    base = Path(os.path.normpath(directory.joinpath(*names[:literal])))
    return base, "/".join(names[literal:])


def matching(stage: Stage, directory: Path, patterns: Sequence[str], known: Directories) -> dict[str, Path]:
    """Return the directories of the tasks that an aggregate reads, by their path relative to its own, sorted by that.

    Arguments:
        stage: The aggregate.
        directory: That of its task.
        patterns: What it says which tasks it reads.
        known: All tasks that there are.

    Raises:
        UsageError: If a pattern matches nothing, or the task itself.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        base, rest = base_of(directory, pattern)
        candidates = known.at_and_below(base)
        met = [path for path in candidates if _matches(path, base, rest)]
        if directory in met:
            raise UsageError(f'the aggregate "{stage.id}" would read its own task: the pattern "{pattern}" matches it; '
                             "name the others more narrowly, or move this task elsewhere")
        if not met:
            raise UsageError(f'the aggregate "{stage.id}": no runnable task matches the pattern "{pattern}"; '
                             + _what_is_there(directory, pattern, candidates or known.at_and_below(base.parent)))
        found.update((_relative(path, directory), path) for path in met)
    return dict(sorted(found.items()))


def look_for_sources(task: Task, stage: Stage, section: Mapping[str, Any],
                     view_of: Callable[[Task], TaskView]) -> tuple[Source, ...]:
    """Return what an aggregate of a task reads, for a task that is looked at by itself.

    Arguments:
        task: The task.
        stage: The aggregate.
        section: Its section of the configuration.
        view_of: Gives a task as planning sees it.

    Raises:
        UsageError: If a pattern matches nothing, or the task itself.
    """
    patterns = patterns_for(stage, section)
    tasks: dict[Path, Task] = {}
    for pattern in patterns:
        tree = load_tree(base_of(task.directory, pattern)[0])
        for directory, spec in tree.items():
            if directory not in tasks and tree.is_sound(directory):
                parent = tasks.get(spec.parent.directory) if spec.parent is not None else None
                tasks[directory] = type(task)(directory, spec.own, parent)
    known = Directories(path for path, found in tasks.items() if found.runnable)
    found = matching(stage, task.directory, patterns, known)
    return tuple(Source(key, view_of(tasks[path])) for key, path in found.items())


def _matches(path: Path, base: Path, rest: str) -> bool:
    if path == base or not rest:
        return path == base and not rest
    return matches(path.relative_to(base).as_posix(), rest)


def _relative(path: Path, directory: Path) -> str:
    return Path(os.path.relpath(path, directory)).as_posix()


def _what_is_there(directory: Path, pattern: str, candidates: Iterable[Path]) -> str:
    names = [_relative(path, directory) for path in candidates if path != directory]
    if not names:
        return "there is none there"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return did_you_mean(pattern.rstrip("/"), names) or f"there are {', '.join(names[:_SHOWN])}{more}"
