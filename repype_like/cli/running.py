"""Brings the selected tasks up to date: checks them, plans, and has the plan executed if there is something to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from repype_like.batch import ClusterOptions
from repype_like.cli.glance import keep_answer
from repype_like.cli.listing import name_root, require_runnable, rows_of
from repype_like.cli.problems import report_problems
from repype_like.cli.rows import print_rows
from repype_like.cli.selection import Selection
from repype_like.cli.terminal import Terminal, err
from repype_like.cli.words import clean, up_to_date_words
from repype_like.plan import Plan, Request

__all__ = ["Options", "run_tasks"]

FAILED = 1
SPEC_ERROR = 2


@dataclass(frozen=True)
class Options:
    """How tasks are run."""

    dry_run: bool = False
    force: bool = False
    pick_up: bool = True
    keep_going: bool = False
    jobs: int | None = None
    """The number of worker processes; 0 for none, None for as many as there are cores."""
    wait: bool = False
    json: bool = False
    cluster: ClusterOptions | None = None
    """The cluster to run on, instead of this machine alone."""
    timeout: float | None = None
    """Seconds that a stage may take unless it says so itself."""
    retries: int | None = None
    resources: Mapping[str, float] = field(default_factory=dict)
    """How many there are of what stages name in their `resources`."""
    fail_fast: bool = False
    command: tuple[str, ...] = ()


def run_tasks(selection: Selection, options: Options) -> int:
    """Check, plan, run and summarise; return the exit code."""
    require_runnable(selection)
    chosen = frozenset(selection.batch.name_of(context.task) for context in selection.contexts)
    request = Request(force=options.force, first=selection.wanted.first, last=selection.wanted.last,
                      inputs=selection.inputs, pick_up=options.pick_up, chosen=chosen)
    workplaces, plan = selection.plan(request)
    if request == Request(pick_up=options.pick_up, chosen=chosen):
        keep_answer(selection, workplaces, plan)
    report_problems(selection.problems)
    if selection.errors and not options.keep_going:
        err().line("Nothing was run. To run the tasks that are in order, add -k.")
        return SPEC_ERROR
    if not selection.contexts and selection.errors:
        err().line("Nothing was run: none of the selected tasks is in order.")
        return FAILED
    if options.dry_run:
        return _print_plan(selection, plan, options)
    _name_sources(selection, plan, err())
    if options.json or options.cluster is not None or any(task.pending or task.refresh for task in plan.tasks):
        from repype_like.cli.execution import execute  # with all that computes, and shows it

        code = execute(selection, workplaces, plan, request, options)
    else:
        err().line_for_anybody(f"Nothing to do: {up_to_date_words(len(plan.tasks))}.")
        code = 0
    return code or (FAILED if selection.errors else 0)


def _print_plan(selection: Selection, plan: Plan, options: Options) -> int:
    name_root(selection)
    found = rows_of(selection, {task.path: task for task in plan.tasks})
    rows = [row for row in found if row.plan is not None and row.plan.pending]  # errors were reported before
    print_rows(rows, json=options.json)
    terminal = err()
    if not plan.pending:
        terminal.line(f"Nothing to do: {len(plan.tasks)} up to date.")
    else:
        runs = sum(len(unit.nodes) for unit in plan.units)
        opaque = sum(unit.opaque is not None for unit in plan.units)
        takes = sum(task.takes for task in plan.pending)
        parts = [f"{runs} to be computed"] if runs or not opaque else []
        parts += [f"{opaque} run as a whole"] if opaque else []
        parts += [f"{takes} to be picked up"] if takes else []
        _name_sources(selection, plan, terminal)
        terminal.line(f"{len(plan.pending)} of {len(plan.tasks)} tasks would run: {', '.join(parts)}.")
    return FAILED if selection.errors else 0


def _name_sources(selection: Selection, plan: Plan, terminal: Terminal) -> None:
    """Say which tasks are brought up to date although they were not named, because others read them."""
    named = {context.task.directory for context in selection.contexts}
    others = [clean(task.task) for task in plan.pending if task.path not in named]
    if others:
        terminal.line(f"Brought up to date first, since it is read: {', '.join(others)}")
