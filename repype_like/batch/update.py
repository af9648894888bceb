"""Brings tasks up to date.

    lock the trees
    carry out the plan
    complete the tasks that nothing is left to do for
    plan again what is left but did not fail, and carry that out: files that stages wrote may have changed what others
    see, stored values may have turned out to be damaged, and a worker that died may have left work behind
    say what came of it

A task that fails is not tried twice.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from repype_like import events
from repype_like.batch.provenance import provenance
from repype_like.events import Listener
from repype_like.execute import Executor, Outcome, Workplace, Workplaces, execute, settle
from repype_like.plan import Files, Plan, Request, TaskPlan
from repype_like.status import EventLog
from repype_like.store import RunLock, StorageError

__all__ = ["Summary", "bring_up_to_date"]

Planner = Callable[[Workplaces, Request], Plan]


@dataclass
class Summary:
    """What came of a run."""

    completed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    """Tasks that were not completed although nothing failed: the run was stopped, or part of the work was asked for."""
    failures: list[events.StageFailed] = field(default_factory=list)
    up_to_date: int = 0
    computed: int = 0
    taken: int = 0
    seconds: float = 0.0
    saved: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether nothing failed."""
        return not self.failures and not self.failed


def bring_up_to_date(plan: Plan, workplaces: Workplaces, request: Request, executor: Executor, listen: Listener,
                     planner: Planner, root: Path, command: tuple[str, ...], wait: bool) -> Summary:
    """Carry out `plan` and complete its tasks; see :meth:`repype_like.batch.Batch.execute`."""
    started = time.monotonic()
    summary = Summary(up_to_date=sum(not task.pending for task in plan.tasks),
                      saved=sum(task.saved for task in plan.tasks))
    active = [task for task in plan.tasks if task.pending or task.refresh]
    if not active:
        _finish(summary, listen, started)
        return summary
    tops: dict[Path, list[Path]] = {}
    for name in (task.task for task in active):
        tops.setdefault(workplaces[name].tree, []).append(workplaces[name].view.path)
    with contextlib.ExitStack() as held:
        for top, paths in sorted(tops.items()):
            held.enter_context(RunLock(top, paths, command=" ".join(command), wait=wait))
        log = held.enter_context(EventLog.new(min(tops), command))

        def tell(event: events.Event) -> None:
            log.write(event)
            listen(event)

        tell(events.RunStarted(run=log.name, root=str(root), command=command, tasks=len(plan.pending),
                               inputs=sum(task.total - task.done for task in plan.pending),
                               stages=sum(len(unit.nodes) for unit in plan.units)))
        for task in plan.pending:
            tell(events.TaskStarted(task=task.task, pending=task.pending, first_stage=task.first_stage,
                                    pickup=task.pickup, inputs=task.total))
        try:
            _run_rounds(plan, workplaces, request, executor, tell, planner, summary, provenance(command))
            for task in active:
                workplaces[task.task].view.store.sync()
        except StorageError:
            summary.failed += summary.unfinished  # the reason why they were not completed is an error
            summary.unfinished = []
            raise
        finally:
            _finish(summary, tell, started)
    return summary


def _run_rounds(plan: Plan, workplaces: Workplaces, request: Request, executor: Executor, listen: Listener,
                planner: Planner, summary: Summary, origin: dict[str, object]) -> None:
    """Carry out the plan and what follows from it, and complete tasks; what fails is not tried twice.

    Raises:
        StorageError: If results cannot be stored any more.
    """
    total = Outcome()
    left = {task.task: task for task in plan.tasks if task.pending or task.refresh}
    rounds = Counter[str]()
    try:
        while True:
            outcome = execute(plan, workplaces, executor, listen, total)
            total.add(outcome)
            for name in sorted(left):
                if _complete(workplaces[name], origin):
                    _close(left.pop(name), True, total, listen, summary)
            if not outcome.failures:
                rounds.update(outcome.touched)
            again = {name: workplaces[name] for name in left if name not in total.broken
                     and not workplaces[name].view.opaque and rounds[name] < _most_rounds(workplaces[name])}
            if executor.stopped or not again or not outcome.touched:
                break
            plan = planner(again, replace(request, force=False, first=None))
            if not plan.units and not plan.transfers:
                break
        if not executor.stopped and request.last is None and request.inputs is None:
            _report_unsettled([name for name in left if name not in total.broken], plan, total, listen)
    finally:
        for task in left.values():
            _close(task, False, total, listen, summary)
        summary.failures = total.failures
        summary.computed = total.executed


def _most_rounds(place: Workplace) -> int:
    """Return in how many rounds a task has to settle: a file passes one stage in each, damage may add some."""
    return 2 + sum(1 + len(stage.outputs) for stage in place.view.stages)


def _report_unsettled(names: Sequence[str], plan: Plan, total: Outcome, listen: Listener) -> None:
    """Report the tasks that something is left to do for although everything was done."""
    reasons = {task.task: task.reasons for task in plan.tasks}
    for name in names:
        found = reasons.get(name)
        why = f": {found[0].text}" if found else ""
        failure = events.StageFailed(
            task=name, stage="", input_id="", tasks=(name,), traceback="", output="",
            error=f"the task does not settle{why}; maybe a stage reads a file that a later stage or another input "
                  "changes, or files were changed while they were read")
        total.failures.append(failure)
        listen(failure)


def _complete(place: Workplace, origin: dict[str, object]) -> bool:
    """Complete a task if nothing is left to do for it, and tell whether it is complete."""
    if not place.view.opaque:
        return settle(place, origin, Files())
    place.view.store.refresh()  # it was completed in another process, or was not
    return not place.view.store.damage and place.view.store.digest is not None


def _close(task: TaskPlan, complete: bool, total: Outcome, listen: Listener, summary: Summary) -> None:
    if not task.pending:
        return
    name = task.task
    result = "failed" if name in total.broken else "completed" if complete else "interrupted"
    {"failed": summary.failed, "interrupted": summary.unfinished, "completed": summary.completed}[result].append(name)
    summary.taken += total.taken[name]
    listen(events.TaskFinished(task=name, outcome=result, computed=total.computed[name], taken=total.taken[name],
                               sources=tuple(sorted(total.sources.get(name, ()))), seconds=total.seconds.get(name, 0.0),
                               saved=task.saved))


def _finish(summary: Summary, listen: Listener, started: float) -> None:
    summary.seconds = time.monotonic() - started
    outcome = "failed" if not summary.succeeded else "interrupted" if summary.unfinished else "completed"
    listen(events.RunFinished(
        outcome=outcome, completed=len(summary.completed), failed=len(summary.failed), up_to_date=summary.up_to_date,
        computed=summary.computed, taken=summary.taken, seconds=summary.seconds, saved=summary.saved))
