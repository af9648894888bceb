"""Opens a task, or a tree of them, with the code as it is now."""

from __future__ import annotations

import warnings
from pathlib import Path

from repype_like.batch.batch import Batch
from repype_like.errors import SpecError, UsageError
from repype_like.fingerprint.codebases import forget_outdated_codebases
from repype_like.spec import SPEC_NAME
from repype_like.task import Task
from repype_like.typing import PathLike

__all__ = ["open_task", "open_tree"]


def open_task(path: PathLike) -> Task:
    """Return the task in the directory `path`, with the tasks that it inherits from.

    Raises:
        SpecError: If its specification, or one that it inherits from, cannot be understood.
        UsageError: If there is no task.
    """
    directory = Path(path).resolve()
    if directory.name == SPEC_NAME:
        directory = directory.parent
    forget_outdated_codebases()
    batch = Batch()
    batch.load(directory)
    task = batch.resolved_tasks.get(directory)
    if task is not None:
        return task
    problems = [problem for problem in batch.problems if problem.severity == "error" and (
        problem.task is None or directory.is_relative_to(problem.task))]
    if (directory / SPEC_NAME).exists() and problems:
        raise SpecError(problems)
    below = [other.relative_to(directory) for other in batch.resolved_tasks if other.is_relative_to(directory)]
    shown = ", ".join(map(str, sorted(below)[:5])) + (", ..." if len(below) > 5 else "")
    hint = f"open_tree opens the tasks below it, {shown}" if below else "there is none below it either"
    raise UsageError(f"{path}: there is no {SPEC_NAME} in this directory; {hint}")


def open_tree(path: PathLike) -> Batch:
    """Return all tasks at and below the directory `path`, and those that they inherit from.

    Of specifications that cannot be understood a warning tells; they are in :attr:`Batch.problems`.

    Raises:
        UsageError: If there is no such directory, or no task in it or below.
    """
    forget_outdated_codebases()
    batch = Batch()
    batch.load(path)
    for problem in batch.problems:
        warnings.warn(str(problem), stacklevel=3)
    if not batch.trees[0].below:
        raise UsageError(f"{path}: there are no tasks: no {SPEC_NAME} in this directory or below")
    return batch
