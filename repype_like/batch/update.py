"""Brings tasks up to date.

    lock the trees
    carry out the plan
    complete each task as soon as nothing is left to do for it
    plan again what is left but did not fail, and carry that out: files that stages wrote may have changed what others
    see, stored values may have turned out to be damaged, and a worker that died may have left work behind
    say what came of it

A task that fails is not tried twice.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from repype_like import events
from repype_like.batch.failed import note_failures
from repype_like.batch.provenance import provenance
from repype_like.batch.summary import Summary
from repype_like.events import Listener
from repype_like.execute.asides import put_away_removed
from repype_like.execute.executor import Executor
from repype_like.execute.history import past_costs
from repype_like.execute.memory import peak_memory
from repype_like.execute.outcome import Outcome
from repype_like.execute.run import execute
from repype_like.execute.settle import settle
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.plan import Files, Plan, Request, TaskPlan, TaskView, Waiting
from repype_like.status import EventLog
from repype_like.store import Holder, RunLock, StorageError, begin, sync
from repype_like.typing import Any

__all__ = ["Control", "bring_up_to_date"]

Planner = Callable[[Workplaces, Request], Plan]


@dataclass
class Control:
    """What whoever starts a run decides about it, also while it goes on."""

    locked: bool = False
    """Whether the trees are held already, on behalf of this run."""
    failures: tuple[events.StageFailed, ...] = ()
    """What failed before and is not tried again: the tasks count as failed, and `plan` leaves it out."""
    dropped: set[str] = field(default_factory=set)
    """The tasks that nothing more is to be done for. The executor has to be told, too."""


def bring_up_to_date(plan: Plan, workplaces: Workplaces, request: Request, executor: Executor, listen: Listener,
                     planner: Planner, root: Path, command: tuple[str, ...], wait: bool,
                     control: Control | None = None, fail_fast: bool = False) -> Summary:
    """Carry out `plan` and complete its tasks; see :meth:`repype_like.batch.Batch.execute`."""
    control = control or Control()
    started = time.monotonic()
    summary = Summary()
    summary.expect(plan)
    active = _active(plan, workplaces)
    if not active:
        _finish(summary, listen, started)
        return summary
    tops: dict[Path, list[Path]] = {}
    for name in (task.task for task in active):
        for view in (workplaces[name].view, *_read_by(workplaces[name])):
            tops.setdefault(view.tree, []).append(view.path)
    with contextlib.ExitStack() as held:
        waited: list[Holder] = []
        locks = [RunLock(top, paths, command=" ".join(command), wait=wait, on_wait=waited.append)
                 for top, paths in sorted(tops.items())]
        problems = [held.enter_context(lock).problem for lock in locks if not control.locked]
        if waited:  # the other run has changed what there is to do
            for place in workplaces.values():
                place.view.store.refresh()
        stores = [workplaces[task.task].view.store for task in active]
        changed = begin(stores)
        changed += [put_away_removed(workplaces[task.task]) for task in active]
        if any(changed) or waited:
            plan = planner(workplaces, request)
            summary.expect(plan)
        log = held.enter_context(EventLog.new(min(tops), command))

        def tell(event: events.Event) -> None:
            log.write(event)
            listen(event)
            if fail_fast and isinstance(event, events.StageFailed):
                executor.stop()

        origin = provenance(command, (Path.cwd(), *sorted(tops)))
        tell(_run_started(log.name, root, command, origin, plan, workplaces, executor))
        for problem in filter(None, problems):
            tell(events.Warned(message=problem))
        for task in plan.pending:
            tell(events.TaskStarted(task=task.task, pending=task.pending, first_stage=task.first_stage,
                                    pickup=task.pickup, inputs=task.total, stages=task.computes, done=task.done))
        try:
            _Rounds(workplaces, request, executor, tell, planner, summary, origin, control).run(plan)
            sync(stores)
        except StorageError:
            summary.failed += summary.unfinished  # the reason why they were not completed is an error
            summary.unfinished = []
            raise
        finally:
            _finish(summary, tell, started)
    return summary


class _Rounds:
    """Carries out the plan and what follows from it, and completes tasks.

    What fails is not tried twice, unless its stage says that it may be: then it is in the next round.
    """

    def __init__(self, workplaces: Workplaces, request: Request, executor: Executor, listen: Listener,
                 planner: Planner, summary: Summary, origin: dict[str, object], control: Control):
        self.workplaces = workplaces
        self.request = request
        self.executor = executor
        self.listen = listen
        self.planner = planner
        self.summary = summary
        self.origin = origin
        self.control = control
        self.files = Files()
        self.total = Outcome(failures=list(control.failures))
        self.left: dict[str, TaskPlan] = {}
        self.told: set[str] = set()
        """The tasks whose completion was announced."""

    def run(self, plan: Plan) -> None:
        """Go on until nothing is left that can be done.

        Raises:
            StorageError: If results cannot be stored any more.
        """
        self.left = {task.task: task for task in _active(plan, self.workplaces)}
        rounds = Counter[str]()
        try:
            while True:
                dropped = len(self.control.dropped)
                outcome = execute(plan, self.workplaces, self.executor, self.listen, self.total, retry=True,
                                  finished=self._finished)
                self.total.add(outcome)
                self._close_complete()
                if not outcome.failures and not outcome.attempts:
                    rounds.update(outcome.touched)
                again = {name: place for name, place in ((name, self.workplaces[name]) for name in self._unbroken())
                         if not place.view.opaque and rounds[name] < _most_rounds(place)}
                interfered = len(self.control.dropped) > dropped
                if self.executor.stopped or not again or not (outcome.touched or interfered):
                    break
                plan = self.planner(again, self.request._replace(force=False, first=None))
                if not plan.units and not plan.transfers:
                    break
            if not self.executor.stopped and self.request.last is None and self.request.inputs is None:
                self._report_unsettled(plan)
        finally:
            for task in self.left.values():
                self._close(task, False)
            self._note_failures()
            self.summary.failures = self.total.failures
            self.summary.computed = self.total.executed

    def _note_failures(self) -> None:
        by_task: dict[str, list[events.StageFailed]] = {}
        for failure in self.total.failures:
            for name in failure.tasks:
                by_task.setdefault(name, []).append(failure)
        for name, failures in by_task.items():
            note_failures(self.workplaces[name], failures, self.files)

    def _unbroken(self) -> list[str]:
        return [name for name in self.left if name not in self.total.broken and name not in self.control.dropped]

    def _finished(self, name: str, outcome: Outcome) -> None:
        """Complete a task when the last unit for it is done, while others go on."""
        task = self.left.get(name)
        if task is not None and task.pending and self._complete(name) and name not in self.told:
            self.told.add(name)
            self.listen(_task_finished(task, "completed", self.total, outcome))

    def _close_complete(self) -> None:
        """Close the tasks that are complete. Where stages wrote files, those that were so before may have changed."""
        for name in sorted(self.left):
            if (name in self.told and not self.total.wrote_files) or self._complete(name):
                self._close(self.left.pop(name), True)

    def _complete(self, name: str) -> bool:
        """Complete a task if nothing is left to do for it, and tell whether it is complete."""
        place = self.workplaces[name]
        if not place.view.opaque:
            return settle(place, self.origin, self.files)
        place.view.store.refresh()  # it was completed in another process, or was not
        return not place.view.store.damage and place.view.store.digest is not None

    def _close(self, task: TaskPlan, complete: bool) -> None:
        if not task.pending:
            return
        name, summary = task.task, self.summary
        result = "failed" if name in self.total.broken else "completed" if complete else "interrupted"
        lists = {"failed": summary.failed, "interrupted": summary.unfinished, "completed": summary.completed}
        lists[result].append(name)
        summary.taken += self.total.taken[name]
        if result != "completed" or name not in self.told:
            self.listen(_task_finished(task, result, self.total))

    def _report_waiting(self, plan: Plan) -> set[str]:
        """Report each task that waits for what failed in others, once, and return them."""
        found: dict[str, list[Waiting]] = {}
        for item in plan.waiting:
            found.setdefault(item.task, []).append(item)
        for name, items in found.items():
            others = dict.fromkeys(task for item in items for task, _ in item.sources if task != name)
            if others and name not in self.total.broken:
                message = f'{name}: the stage "{items[0].stage}" was not run, since it waits for {", ".join(others)}'
                self.listen(events.Warned(task=name, message=message))
        return set(found)

    def _report_unsettled(self, plan: Plan) -> None:
        """Report the tasks that something is left to do for although everything was done."""
        running = {task.task: task.first_stage for task in plan.tasks}
        waiting = self._report_waiting(plan)
        for name in self._unbroken():
            if name in waiting:
                continue
            stage = running.get(name)
            what = f'the stage "{stage}" would run again and again' if stage else "something is always left to do"
            failure = events.StageFailed(
                task=name, stage="", input_id="", tasks=(name,), traceback="", output="",
                error=f"the task does not settle, {what}; maybe it reads a file that a later stage or another input "
                      "changes, or files were changed while they were read")
            self.total.failures.append(failure)
            self.listen(failure)


def _run_started(run: str, root: Path, command: tuple[str, ...], origin: dict[str, Any], plan: Plan,
                 workplaces: Workplaces, executor: Executor) -> events.RunStarted:
    foreseen = Counter(node.stage for unit in plan.units for node in unit.nodes)
    past = past_costs(workplaces.values(), foreseen.keys())
    return events.RunStarted(
        run=run, root=str(root), command=command,
        provenance={**origin, "pid": os.getpid(), "distributions": _distributions(workplaces)},
        tasks=len(plan.pending), inputs=sum(task.total - task.done for task in plan.pending),
        stages=sum(foreseen.values()), foreseen=foreseen, workers=executor.workers,
        expected={stage: cost.seconds for stage, cost in past.items()})


def _distributions(workplaces: Workplaces) -> dict[str, str]:
    """Return the versions of the distributions that the code of the stages uses."""
    stages = {id(stage): stage for place in workplaces.values() for stage in place.view.stages}
    found = {name: version for stage in stages.values() for name, version in stage.distributions.items()}
    return dict(sorted(found.items()))


def _read_by(place: Workplace) -> list[TaskView]:
    """Return the tasks that the aggregates of a task read, which nobody else may change meanwhile."""
    view = place.view
    return [source.view for stage in view.stages if stage.over == "tasks" for source in view.sources(stage.id)]


def _active(plan: Plan, workplaces: Workplaces) -> list[TaskPlan]:
    """Return the tasks that something is to be done for.

    What a class of the user's own calls complete is left alone, whatever its digest says.
    """
    return [task for task in plan.tasks
            if task.pending or (task.refresh and workplaces[task.task].view.verdict is None)]


def _most_rounds(place: Workplace) -> int:
    """Return in how many rounds a task has to settle: a file passes one stage in each, damage may add some."""
    return 2 + sum(1 + len(stage.outputs) for stage in place.view.stages)


def _task_finished(task: TaskPlan, result: str, *outcomes: Outcome) -> events.TaskFinished:
    name = task.task
    return events.TaskFinished(
        task=name, outcome=result, computed=sum(item.computed[name] for item in outcomes),
        taken=sum(item.taken[name] for item in outcomes),
        sources=tuple(sorted({source for item in outcomes for source in item.sources.get(name, ())})),
        seconds=sum(item.seconds.get(name, 0.0) for item in outcomes), saved=task.saved)


def _finish(summary: Summary, listen: Listener, started: float) -> None:
    summary.seconds = time.monotonic() - started
    outcome = "failed" if not summary.succeeded else "interrupted" if summary.unfinished else "completed"
    listen(events.RunFinished(
        outcome=outcome, completed=len(summary.completed), failed=len(summary.failed), up_to_date=summary.up_to_date,
        computed=summary.computed, taken=summary.taken, seconds=summary.seconds, saved=summary.saved,
        memory=peak_memory()))
