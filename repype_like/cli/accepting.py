"""Accepts results, and says which."""

from __future__ import annotations

import contextlib
from pathlib import Path

from repype_like.batch.accept import Accepted, accept
from repype_like.cli.listing import require_runnable
from repype_like.cli.problems import report_problems
from repype_like.cli.selection import Selection, Wanted, select
from repype_like.cli.terminal import err, out
from repype_like.cli.words import clean, count, near
from repype_like.errors import UsageError, did_you_mean
from repype_like.execute.workplace import Workplaces
from repype_like.store import RunLock

__all__ = ["accept_stages"]

REFUSED = 2


def accept_stages(path: str, stages: tuple[str, ...], command: tuple[str, ...]) -> int:
    """Accept the results of stages for a task and those below it; return the exit code.

    Raises:
        UsageError: If there is no such task or stage.
        LockedError: If a run holds the tree.
    """
    selection = select(Wanted((path,)))
    require_runnable(selection)
    _check_stages(selection, stages)
    report_problems(selection.problems)
    trees: dict[Path, list[Path]] = {}
    for context in selection.contexts:
        trees.setdefault(context.task.root.directory, []).append(context.task.directory)
    with contextlib.ExitStack() as held:
        for top, paths in sorted(trees.items()):
            held.enter_context(RunLock(top, paths, command=" ".join(command), wait=False))
        named = {context.task.directory for context in selection.contexts}
        workplaces = {name: place for name, place in selection.workplaces().items()
                      if place.view.path in named and not place.view.opaque and place.view.verdict is None}
        wanted = {name: [stage for stage in stages if stage in place.view.stage] for name, place in workplaces.items()}
        done = accept(workplaces, wanted, command)
    return _report(done, workplaces, stages)


def _check_stages(selection: Selection, stages: tuple[str, ...]) -> None:
    known = list(dict.fromkeys(stage.id for context in selection.contexts for stage in context.pipeline.stages))
    for name in stages:
        if name not in known and known:
            hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
            raise UsageError(f'--stage: there is no stage "{name}"; {hint}')


def _report(done: Accepted, workplaces: Workplaces, stages: tuple[str, ...]) -> int:
    for name, found in done.tasks.items():
        if found.records:
            state = "up to date" if name in done.complete else "still pending: see repype status -v"
            out().line(clean(f"{name}: {count(len(found.records), 'result')} accepted, {state}"))
        for refusal in found.refusals:
            err().line(clean(near(f"{name}: not accepted: {refusal}")))
    if done.count:
        return 0
    if not workplaces:
        err().line("Nothing was accepted: the class of the task decides itself how it runs.")
        return REFUSED
    if any(found.refusals for found in done.tasks.values()):
        err().line("Nothing was accepted.")
        return REFUSED
    err().line(f"Nothing to accept: the results of {' and '.join(stages)} are those of the code as it is.")
    return 0
