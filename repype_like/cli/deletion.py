"""Deletes what is stored, after having shown how much that is; what ``reset`` and ``gc`` have in common."""

from __future__ import annotations

import contextlib
import json as _json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from repype_like.cli.terminal import Terminal, err, out
from repype_like.cli.words import clean, count, size
from repype_like.errors import UsageError
from repype_like.store import RunLock

__all__ = ["Deletion", "Options", "delete"]

NOT_CONFIRMED = 1


@dataclass(frozen=True)
class Deletion:
    """What can be deleted for one task."""

    task: str
    directory: Path
    tree: Path
    """The directory of the topmost task."""
    bytes: int
    perform: Callable[[], None]


@dataclass(frozen=True)
class Options:
    """How to go about it."""

    command: str
    """``reset`` or ``gc``."""
    yes: bool = False
    dry_run: bool = False
    wait: bool = False
    json: bool = False


def delete(deletions: Sequence[Deletion], what: str, nothing: str, options: Options) -> int:
    """List the tasks and how much can be deleted, ask, and delete; return the exit code.

    Arguments:
        deletions: What there is to delete.
        what: What that is called, such as "the results of".
        nothing: What to say if there is nothing.
        options: How to go about it.

    Raises:
        LockedError: If a run holds one of the trees.
        UsageError: If nobody can be asked.
    """
    talk = err()
    deleted = bool(deletions) and not options.dry_run
    if deleted and not options.yes:
        _list(out(), deletions, options)
        if not _confirmed(talk, deletions, what, options):
            talk.line("Nothing was deleted.")
            return NOT_CONFIRMED
    elif not options.json:
        _list(out(), deletions, options)
    if deleted:
        _perform(deletions, talk, options)
    if options.json:
        _print_json(deletions, deleted=deleted)
    if not deletions:
        talk.line(nothing)
    elif deleted:
        talk.line(f"Deleted {what} {count(len(deletions), 'task')}.")
    return 0


def _list(terminal: Terminal, deletions: Sequence[Deletion], options: Options) -> None:
    terminal = err() if options.json else terminal
    width = max((len(clean(item.task)) for item in deletions), default=0)
    for item in deletions:
        terminal.line(f"{clean(item.task):{width}}  {size(item.bytes):>8}")


def _confirmed(terminal: Terminal, deletions: Sequence[Deletion], what: str, options: Options) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(f"{options.command} asks before it deletes, and nobody can answer here; add -y, or -n to list "
                         "only")
    total = sum(item.bytes for item in deletions)
    terminal.stream.write(f"Delete {what} {count(len(deletions), 'task')}, {size(total)}? Type yes: ")
    terminal.stream.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def _perform(deletions: Sequence[Deletion], talk: Terminal, options: Options) -> None:
    trees: dict[Path, list[Path]] = {}
    for item in deletions:
        trees.setdefault(item.tree, []).append(item.directory)
    with contextlib.ExitStack() as held:
        for top, directories in sorted(trees.items()):
            held.enter_context(RunLock(
                top, directories, command=f"repype {options.command}", wait=options.wait,
                on_wait=lambda holder: talk.line(clean(f"{holder}; waiting for it"))))
        for item in deletions:
            item.perform()


def _print_json(deletions: Sequence[Deletion], *, deleted: bool) -> None:
    print(_json.dumps({"schema": 1, "deleted": deleted, "tasks": [
        {"task": item.task, "bytes": item.bytes} for item in deletions]}, indent=1))
