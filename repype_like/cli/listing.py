"""The tasks of a selection, each with its state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from repype_like.cli.glance import keep_answer
from repype_like.cli.problems import report_problems
from repype_like.cli.rows import Row, name_top, print_rows, with_sizes
from repype_like.cli.selection import Selection
from repype_like.cli.terminal import Terminal
from repype_like.cli.words import path_words, problem_words
from repype_like.errors import Problem, UsageError
from repype_like.plan import Request, TaskPlan
from repype_like.spec import TaskSpec

__all__ = ["name_root", "print_status", "require_runnable", "rows_of"]


def print_status(selection: Selection, *, verbose: bool, json: bool, check: bool, sizes: bool) -> int:
    """Print the state of all tasks, and return the exit code."""
    workplaces, plan = selection.plan(Request())
    rows = rows_of(selection, {task.path: task for task in plan.tasks})
    keep_answer(selection, workplaces, plan)
    if sizes:
        rows = with_sizes(rows)
    name_root(selection)
    report_problems(problem for problem in selection.problems if problem.severity == "warning")
    print_rows(rows, verbose=verbose, json=json)
    _report_homeless(selection)
    return 1 if check and (selection.errors or not all(row.is_up_to_date for row in rows)) else 0


def rows_of(selection: Selection, plans: dict[Path, TaskPlan]) -> list[Row]:
    """Return a row for each task; `plans` says what would be done, by directory."""
    told: dict[Problem, str] = {}
    return [_row(selection, spec, plans.get(spec.directory), told) for spec in selection.specs]


def _row(selection: Selection, spec: TaskSpec, plan: TaskPlan | None, told: dict[Problem, str]) -> Row:
    name, problems = selection.name(spec), selection.errors_of(spec)
    if not problems:
        return Row(name, spec.runnable, plan, "", selection.batch.root)
    words = [problem_words(problem) for problem in problems]
    return Row(name, spec.runnable, None, "\n".join(words), selection.batch.root,
               shown_error=_shown(name, problems, told))


def _shown(name: str, problems: Sequence[Problem], told: dict[Problem, str]) -> str:
    """Return what is wrong with a task. What was `told` of another, from which it inherits mostly, is referred to."""
    new, others = [], Counter[str]()
    for problem in problems:
        other = told.setdefault(problem._replace(task=None), name)
        if other == name:
            new.append(problem_words(problem))
        else:
            others[other] += 1
    references = [f"see {other} (the same {'error' if number == 1 else f'{number} errors'})"
                  for other, number in others.items()]
    return (f"{len(new)} errors: " if len(new) > 1 else "") + "\n".join([*new, *references])


def name_root(selection: Selection, terminal: Terminal | None = None) -> None:
    """Say where the tree begins, if that is above the paths that were named."""
    for tree in selection.batch.trees:
        if tree.root != tree.path:
            name_top(tree.root, terminal)
            return


def _report_homeless(selection: Selection) -> None:
    """Report the errors that no task has shown."""
    shown = {problem for spec in selection.specs for problem in selection.errors_of(spec)}
    report_problems(problem for problem in selection.errors if problem not in shown)


def require_runnable(selection: Selection) -> None:
    """Raise an error if there is nothing but templates."""
    if not any(spec.runnable for spec in selection.specs) and not selection.errors:
        spec = selection.specs[0]
        raise UsageError(f"{path_words(spec.directory)}: no task is runnable here or below; write `runnable: true` "
                         "into the task.yml of those that are to be run")
