"""Looks at a single task."""

from __future__ import annotations

from repype_like.batch.context import RunContext
from repype_like.batch.opening import open_task
from repype_like.plan import TaskView
from repype_like.task import inspection
from repype_like.typing import PathLike

__all__ = ["view_task"]


def view_task(path: PathLike, name: str) -> TaskView:
    """Return the task in the directory `path` as planning sees it.

    Arguments:
        path: The directory of the task.
        name: What it is called in what is said of it.

    Raises:
        RepypeError: If there is none, it is a template, or it cannot be understood.
    """
    task = open_task(path)
    with task.codebase.activate():
        context = RunContext(task)
    return inspection.workplace_of(task, context.pipeline, context.config, name).view
