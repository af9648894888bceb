"""The command line of repype 1.0.4, for a project's own script that calls it with a task class of its own.

    if __name__ == "__main__":
        sys.exit(0 if repype_like.cli.run_cli(MyTask) else 1)

The commands behind it are those of ``repype``: what is listed is what ``repype run --dry-run`` lists.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path

from repype_like.batch import RunContext
from repype_like.cli.app import guarded
from repype_like.cli.deletion import Options as Deleting
from repype_like.cli.resetting import reset_tasks
from repype_like.cli.running import Options, run_tasks
from repype_like.cli.selection import Selection, Wanted, select
from repype_like.cli.terminal import err
from repype_like.errors import UsageError
from repype_like.task import Task
from repype_like.typing import Any, PathLike

__all__ = ["main", "run_cli", "run_cli_ex"]


class _BothError(UsageError, AssertionError):
    """A run and a reset were asked for at once."""


def run_cli(task_cls: type[Task] = Task, status_reader_cls: type[Any] | None = None) -> bool:
    """Do what the command line of this process asks for, in the form of repype 1.0.4.

    Arguments:
        task_cls: The class of the tasks.
        status_reader_cls: Accepted, and not used: what happens is shown as by ``repype run``.

    Returns:
        Whether everything succeeded.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("path", help="the directory of the tasks")
    parser.add_argument("--task", action="append", default=[], metavar="PATH", help="only this task (repeatable)")
    parser.add_argument("--task-dir", action="append", default=[], metavar="PATH",
                        help="only this task and those below it (repeatable)")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--run", action="store_true", help="run the tasks, instead of listing those that would run")
    action.add_argument("--reset", action="store_true", help="delete the results of the tasks")
    args = parser.parse_args()
    return run_cli_ex(args.path, args.run, args.reset, args.task, args.task_dir, task_cls, status_reader_cls)


def run_cli_ex(path: PathLike, run: bool = False, reset: bool = False, tasks: Sequence[PathLike] = (),
               task_dirs: Sequence[PathLike] = (), task_cls: type[Task] = Task,
               status_reader_cls: type[Any] | None = None) -> bool:  # noqa: ARG001
    """List, run or reset tasks, and return whether that succeeded; errors are written to stderr.

    Arguments:
        path: The directory of the tasks.
        run: Whether to run the tasks, instead of listing those that would run.
        reset: Whether to delete their results instead; asks before it does.
        tasks: Only these tasks, relative to the working directory.
        task_dirs: Only these tasks and those below them.
        task_cls: The class of the tasks.
        status_reader_cls: Accepted, and not used.

    Raises:
        AssertionError: If both `run` and `reset` are asked for.
    """
    if run and reset:
        raise _BothError("either run or reset, not both")
    return guarded(lambda: _perform(path, run, reset, tasks, task_dirs, task_cls)) == 0


def main(path: PathLike, run: bool = False, reset: bool = False, tasks: Sequence[PathLike] = (),
         task_dirs: Sequence[PathLike] = (), task_cls: type[Task] = Task,
         status_reader_cls: type[Any] | None = None) -> Callable[[], Coroutine[Any, Any, bool]]:
    """Return a coroutine function that does what :func:`run_cli_ex` does: ``asyncio.run(main(path)())``.

    It does not let others run meanwhile.
    """
    if run and reset:
        raise _BothError("either run or reset, not both")

    async def perform() -> bool:
        return run_cli_ex(path, run, reset, tasks, task_dirs, task_cls, status_reader_cls)

    return perform


def _perform(path: PathLike, run: bool, reset: bool, tasks: Sequence[PathLike], task_dirs: Sequence[PathLike],
             task_cls: type[Task]) -> int:
    selection = select(Wanted((str(path),)), task_cls)
    if tasks or task_dirs:
        _restrict(selection, _resolved(tasks), _resolved(task_dirs))
    if reset:
        return reset_tasks(selection, Deleting("reset"))
    code = run_tasks(selection, Options(dry_run=not run, command=tuple(sys.argv)))
    if not run and code == 0:
        err().line('Nothing was run; add "--run" to run the tasks.')
    return code


def _resolved(paths: Iterable[PathLike]) -> set[Path]:
    return {Path(path).resolve() for path in paths}


def _restrict(selection: Selection, tasks: set[Path], folders: set[Path]) -> None:
    """Leave in the selection only the tasks that are named, or lie in a folder that is."""
    def is_named(directory: Path) -> bool:
        return directory in tasks | folders or not folders.isdisjoint(directory.parents)

    def is_chosen(context: RunContext) -> bool:
        return is_named(context.task.path.resolve())

    selection.specs = [spec for spec in selection.specs if is_named(spec.directory)]
    selection.contexts = [context for context in selection.contexts if is_chosen(context)]
    if not selection.specs:
        raise UsageError("there are no such tasks: " + ", ".join(map(str, sorted(tasks | folders))))
