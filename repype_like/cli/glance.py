"""What can be told at a glance: that nothing has changed since nothing was to be done."""

from __future__ import annotations

from pathlib import Path

from repype_like.cli.rows import Row, UpToDate, name_top, print_rows, with_sizes
from repype_like.cli.terminal import err
from repype_like.cli.words import up_to_date_words
from repype_like.snapshot import Answer, standing
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repype_like.cli.selection import Selection
    from repype_like.execute.workplace import Workplaces
    from repype_like.plan import Plan

__all__ = ["keep_answer", "say_nothing_to_do", "show_status"]


def show_status(path: str, *, verbose: bool, json: bool, sizes: bool) -> bool:
    """Print the state of all tasks at and below `path`, if that can be told at a glance, and tell whether it could."""
    answer = standing(path)
    if answer is None:
        return False
    rows = _rows(answer)
    if sizes:
        rows = with_sizes(rows)
    if answer.top != answer.root:
        name_top(Path(answer.top))
    print_rows(rows, verbose=verbose, json=json)
    return True


def say_nothing_to_do(path: str) -> bool:
    """Say that nothing is to be done at and below `path`, if that can be told at a glance; tell whether it could."""
    answer = standing(path)
    if answer is None:
        return False
    err().line_for_anybody(f"Nothing to do: {up_to_date_words(sum(task.runnable for task in answer.tasks))}.")
    return True


def keep_answer(selection: Selection, workplaces: Workplaces, plan: Plan) -> None:
    """Keep what was found out about whole trees, if nothing is to be done for any task."""
    batch = selection.batch
    tasks = {context.task.directory: context.task for context in selection.contexts}
    known = len(batch.trees) == 1 and tasks.keys() == {task.path for task in plan.tasks}  # aggregates may read others
    if not known or plan.pending or selection.problems or selection.is_restricted:
        return
    from repype_like.snapshot.taking import Look, take

    take(batch.trees[0], [Look(tasks[task.path], workplaces[task.task].view, task) for task in plan.tasks], batch.began)


def _rows(answer: Answer) -> list[Row]:
    root = Path(answer.root)
    return [Row(name, runnable, UpToDate(inputs) if runnable else None, "", root)
            for name, runnable, inputs in answer.tasks]
