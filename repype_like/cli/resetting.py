"""Deletes the results of tasks, with the files that their stages wrote."""

from __future__ import annotations

from repype_like.cli.deletion import Deletion, Options, delete
from repype_like.cli.selection import Selection
from repype_like.store import Store
from repype_like.task import Task

__all__ = ["reset_tasks"]


def reset_tasks(selection: Selection, options: Options) -> int:
    """List the tasks with results, ask, and delete these; return the exit code.

    A task whose specification has errors may be reset all the same; which files it wrote is not known then.

    Raises:
        LockedError: If a run holds one of the trees.
        UsageError: If nobody can be asked.
    """
    known = selection.batch.resolved_tasks
    deletions = []
    for spec in selection.specs:
        store = Store(spec.directory)
        if store.exists():
            task = known.get(spec.directory) or Task(spec.directory, {})
            deletions.append(Deletion(selection.name(spec), spec.directory, spec.root.directory, store.sizes().total,
                                      task.reset))
    return delete(deletions, "the results of", "Nothing to delete: no task has results.", options)
