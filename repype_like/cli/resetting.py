"""Deletes results, after having shown what will be deleted."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from repype_like.cli.selection import Selection
from repype_like.cli.terminal import Terminal, err, out
from repype_like.cli.words import clean, count, size
from repype_like.errors import UsageError
from repype_like.spec import TaskSpec
from repype_like.store import RunLock, Store
from repype_like.task import Task

__all__ = ["reset_tasks"]

NOT_CONFIRMED = 1


def reset_tasks(selection: Selection, *, yes: bool, dry_run: bool) -> int:
    """List the tasks with results, ask, and delete these; return the exit code.

    Raises:
        LockedError: If a run holds one of the trees.
        UsageError: If nobody can be asked.
    """
    known = selection.batch.resolved_tasks
    specs = [spec for spec in selection.specs if Store(spec.directory).exists()]
    # A task whose specification has errors may be reset all the same; which files it wrote is not known then.
    tasks = {spec.directory: known.get(spec.directory) or Task(spec.directory, {}) for spec in specs}
    if not tasks:
        err().line("Nothing to delete: no task has results.")
        return 0
    total = _list_tasks(out(), selection, specs)
    if dry_run:
        return 0
    if not yes and not _confirmed(err(), len(tasks), total):
        err().line("Nothing was deleted.")
        return NOT_CONFIRMED
    with contextlib.ExitStack() as held:
        for top, paths in sorted(_trees(specs).items()):
            held.enter_context(RunLock(top, paths, command="repype reset", wait=False))
        for task in tasks.values():
            task.reset()
    err().line(f"Deleted the results of {count(len(tasks), 'task')}.")
    return 0


def _list_tasks(terminal: Terminal, selection: Selection, specs: list[TaskSpec]) -> int:
    sizes = {selection.name(spec): Store(spec.directory).sizes().total for spec in specs}
    width = max(len(clean(name)) for name in sizes)
    for name, amount in sizes.items():
        terminal.line(f"{clean(name):{width}}  {size(amount):>8}")
    return sum(sizes.values())


def _confirmed(terminal: Terminal, tasks: int, total: int) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("reset asks before it deletes, and nobody can answer here; add -y, or -n to list only")
    terminal.stream.write(f"Delete the results of {count(tasks, 'task')}, {size(total)}, and the files that their "
                          "stages wrote? Type yes: ")
    terminal.stream.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def _trees(specs: list[TaskSpec]) -> dict[Path, list[Path]]:
    trees: dict[Path, list[Path]] = {}
    for spec in specs:
        trees.setdefault(spec.root.directory, []).append(spec.directory)
    return trees
