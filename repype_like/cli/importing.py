"""Takes over results of repype 1.0.4, task by task."""

from __future__ import annotations

import contextlib
import json as _json
from dataclasses import dataclass
from pathlib import Path

from repype_like.batch import RunContext
from repype_like.cli.problems import report_problems
from repype_like.cli.selection import Selection
from repype_like.cli.terminal import err, out
from repype_like.cli.words import clean, count, near
from repype_like.errors import RepypeError, UsageError
from repype_like.store import RunLock, sync
from repype_like.task.importing import has_foreign_results, import_results

__all__ = ["Options", "import_tasks"]

FAILED = 1
SPEC_ERROR = 2


@dataclass(frozen=True)
class Options:
    """How to go about it."""

    trust: bool = False
    dry_run: bool = False
    wait: bool = False
    json: bool = False


def import_tasks(selection: Selection, options: Options) -> int:
    """Take over the results of all selected tasks that have some of repype 1.0.4 and none of ours.

    Raises:
        LockedError: If a run holds one of the trees.
        UsageError: If it was not said that the files can be trusted.
    """
    report_problems(selection.problems)
    if selection.errors:
        return SPEC_ERROR
    chosen = [context for context in selection.contexts if has_foreign_results(context.task.directory)
              and not context.task.results.exists()]
    if chosen and not options.trust and not options.dry_run:
        raise UsageError(f"{count(len(chosen), 'task')} with results of repype 1.0.4: these are pickles, which can run "
                         "any code when they are loaded; add --trust if you trust whoever has written them, or -n to "
                         "list the tasks only")
    errors = {} if options.dry_run else _import(chosen, options)
    names = {context.task.directory: selection.batch.name_of(context.task) for context in chosen}
    if options.json:
        print(_json.dumps({"schema": 1, "tasks": [
            {"task": names[context.task.directory], "imported": not options.dry_run
             and context.task.directory not in errors, "error": errors.get(context.task.directory)}
            for context in chosen]}, indent=1))
    else:
        for context in chosen:
            if context.task.directory not in errors:
                out().line(clean(names[context.task.directory]))
    for directory, error in errors.items():
        err().line(clean(f"{names[directory]}: not taken over: {near(error)}"))
    if not chosen:
        err().line("Nothing to take over: no task has results of repype 1.0.4 and none of repype_like.")
    elif not options.dry_run:
        err().line(f"Took over the results of {count(len(chosen) - len(errors), 'task')}.")
    return FAILED if errors else 0


def _import(chosen: list[RunContext], options: Options) -> dict[Path, str]:
    """Take over the results, and return what went wrong, by task."""
    errors: dict[Path, str] = {}
    trees: dict[Path, list[Path]] = {}
    for context in chosen:
        trees.setdefault(context.task.root.directory, []).append(context.task.directory)
    with contextlib.ExitStack() as held:
        for top, directories in sorted(trees.items()):
            held.enter_context(RunLock(top, directories, command="repype import", wait=options.wait))
        for context in chosen:
            try:
                import_results(context.task, context.pipeline)
            except RepypeError as error:
                errors[context.task.directory] = str(error)
        sync([context.task.results for context in chosen])
    return errors
