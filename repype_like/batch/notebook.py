"""What a notebook shows of many tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from repype_like.errors import Problem, RepypeError
from repype_like.graph import table_html
from repype_like.task import Task

__all__ = ["html_of"]

_MOST_SHOWN = 50


def html_of(tasks: Iterable[Task], named: Callable[[Task], str], problems: Sequence[Problem]) -> str:
    """Return a table of tasks; whether they are up to date is not looked into, which would take its time.

    Arguments:
        tasks: The tasks.
        named: Gives the name of a task.
        problems: What is wrong with any of them.
    """
    ordered = sorted(tasks, key=lambda task: task.directory)
    rows = [_row(task, named(task)) for task in ordered[:_MOST_SHOWN]]
    more = [f"and {len(ordered) - _MOST_SHOWN} tasks more"] if len(ordered) > _MOST_SHOWN else []
    wrong = [str(problem) for problem in problems[:_MOST_SHOWN]]
    heading = f"{len(ordered)} task{'s' if len(ordered) != 1 else ''}"
    return table_html(heading, ("task", "inputs", "last completed"), rows, "; ".join([*more, *wrong]))


def _row(task: Task, name: str) -> tuple[str, str, str]:
    try:
        if not task.runnable:
            return name, "", "a template"
        digest = task.completion
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(digest.completed)) if digest is not None else (
            f"damaged: {task.results.damage}" if task.results.damage else "never")
        return name, str(len(task.input_ids)), when
    except RepypeError as error:
        return name, "", str(error)
