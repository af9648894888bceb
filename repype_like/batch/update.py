"""Brings tasks up to date.

    lock the trees
    carry out the plan
    complete the tasks that nothing is left to do for
    plan again what is left but did not fail, and carry that out: files that stages wrote may have changed what others see
    say what came of it
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from repype_like import events
from repype_like.batch.provenance import provenance
from repype_like.events import Listener
from repype_like.execute import Executor, Outcome, Workplaces, execute, settle
from repype_like.plan import Files, Plan, Request, TaskPlan
from repype_like.status import EventLog
from repype_like.store import RunLock

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
    tops = {place.tree: [other.view.path for other in workplaces.values() if other.tree == place.tree]
            for name, place in workplaces.items() if any(task.task == name for task in active)}
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
        _run_rounds(plan, workplaces, request, executor, tell, planner, summary, provenance(command))
        for name in sorted({place for task in active for place in [task.task]}):
            workplaces[name].view.store.sync()
        _finish(summary, tell, started)
    return summary


def _run_rounds(plan: Plan, workplaces: Workplaces, request: Request, executor: Executor, listen: Listener,
                planner: Planner, summary: Summary, origin: dict[str, object]) -> None:
    """Carry out the plan and what follows from it, and complete tasks; what fails is not tried twice."""
    done: Counter[str] = Counter()
    most = 1 + max((len(place.view.stages) for place in workplaces.values()), default=0)
    left = {task.task: task for task in plan.tasks if task.pending or task.refresh}
    for _ in range(most):
        outcome = execute(plan, workplaces, executor, listen)
        summary.failures.extend(outcome.failures)
        broken = {task for failure in outcome.failures for task in failure.tasks}
        done.update(outcome.computed)
        summary.computed += sum(1 for _ in outcome.seconds)
        again: list[str] = []
        for name in sorted(left):
            rest = settle(workplaces[name], origin, Files()) if workplaces[name].view.opaque is False else None
            pending = _still_pending(rest, workplaces, name)
            if pending and name not in broken and name in outcome.touched and not _partial(request):
                again.append(name)
                continue
            _close(left.pop(name), pending, name in broken, outcome, listen, summary)
        if not again:
            return
        plan = planner({name: workplaces[name] for name in again}, Request(pick_up=request.pick_up))
    for name, task in left.items():
        _close(task, "incomplete", False, outcome, listen, summary)


def _still_pending(rest: TaskPlan | None, workplaces: Workplaces, name: str) -> str:
    if rest is not None:
        return rest.pending
    store = workplaces[name].view.store
    store.refresh()
    return "" if not store.damage and store.digest is not None else "incomplete"


def _partial(request: Request) -> bool:
    return request.last is not None or request.inputs is not None


def _close(task: TaskPlan, pending: str, broken: bool, outcome: Outcome, listen: Listener, summary: Summary) -> None:
    if not task.pending:
        return
    name = task.task
    result = "failed" if broken else "interrupted" if pending else "completed"
    {"failed": summary.failed, "interrupted": summary.unfinished, "completed": summary.completed}[result].append(name)
    summary.taken += outcome.taken[name]
    listen(events.TaskFinished(task=name, outcome=result, computed=outcome.computed[name], taken=outcome.taken[name],
                               sources=tuple(sorted(outcome.sources.get(name, ()))), seconds=outcome.seconds[name],
                               saved=task.saved))


def _finish(summary: Summary, listen: Listener, started: float) -> None:
    summary.seconds = time.monotonic() - started
    outcome = "failed" if not summary.succeeded else "interrupted" if summary.unfinished else "completed"
    listen(events.RunFinished(
        outcome=outcome, completed=len(summary.completed), failed=len(summary.failed), up_to_date=summary.up_to_date,
        computed=summary.computed, taken=summary.taken, seconds=summary.seconds, saved=summary.saved))
