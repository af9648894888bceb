"""Carries out a plan.

    what is taken over from other tasks is put in place
    the executor runs the units and says what happens
    every record is appended to the logs of the tasks that want it, at most 50 ms after it was made
    whoever has to complete a task is told when the last unit for it is done
    everything that happens is told to the listener

Only this process writes logs; workers write nothing but blobs and the files of the stages.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from repype_like.config import to_plain
from repype_like.events import Event, Listener, StageFailed, StageFinished, StageRetried, Tick, Warned
from repype_like.execute.executor import Executor
from repype_like.execute.messages import GaveUp, Happened, Lost, Made, Message, Pause, Printed, UnitDone
from repype_like.execute.outcome import Outcome
from repype_like.execute.recording import Recorder
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Node, Plan, Unit, cut
from repype_like.store import StageLog
from repype_like.typing import Plain

__all__ = ["execute"]

_TICK = 0.5
"""Seconds between two events that tell nothing but that time goes by."""

_PLENTY = 4
"""With so many units for each worker, they are done whole: the last ones to end are a small part of it all."""


def execute(plan: Plan, workplaces: Workplaces, executor: Executor, listen: Listener,
            before: Outcome | None = None, retry: bool = False,
            finished: Callable[[str, Outcome], None] = lambda task, outcome: None) -> Outcome:
    """Do what `plan` says.

    Arguments:
        plan: What to do.
        workplaces: The tasks of the plan, by name.
        executor: Where units are run.
        listen: Told every event.
        before: What came of earlier plans of the same run.
        retry: Whether another plan follows in which stages that failed are tried again, as far as they may be.
        finished: Told each task for which everything was done and nothing failed, and what came of it all so far.

    Returns:
        What came of it. A failure of the user's code is no exception here.

    Raises:
        StorageError: If results cannot be stored any more. What was finished before is kept.
    """
    return _Execution(plan, workplaces, executor, listen, before or Outcome(), retry, finished).run()


class _Execution:
    def __init__(self, plan: Plan, workplaces: Workplaces, executor: Executor, listen: Listener,
                 before: Outcome, retry: bool, finished: Callable[[str, Outcome], None]):
        self.plan = plan
        self.workplaces = workplaces
        self.executor = executor
        self.listen = listen
        self.before = before
        self.retry = retry
        self.ticked = time.monotonic()
        self.outcome = Outcome(warnings=set(before.warnings))
        self.apart = before.contested
        self.recorder = Recorder(workplaces, plan.claims, self.outcome, self._tell)
        self.logs = self.recorder.logs
        self.units = self._cut() if executor.workers > 1 else plan.units
        self.finished = finished
        self.outstanding = Counter(task for unit in self.units for task in unit.tasks)
        """By task, how many units are not done."""

    def run(self) -> Outcome:
        for place in self.workplaces.values():
            place.forget()
        try:
            for transfer in self.plan.transfers:
                if not self.executor.stopped:
                    self.recorder.take(transfer)
            self.logs.flush()
            for task in sorted(self.outcome.touched - self.outstanding.keys()):
                self.finished(task, self.outcome)
            if self.units and not self.executor.stopped:
                self.executor.run(self.units, self.workplaces, self._understand)
        except BaseException:  # workers were ended as they wrote, maybe since the disk is full
            for place in self.workplaces.values():
                place.view.store.tidy()
            raise
        finally:
            self.logs.flush()
            for task in {node.tasks[0] for unit in self.units if unit.passes for node in unit.nodes}:
                self.workplaces[task].view.store.clear_passing()
        return self.outcome

    def _cut(self) -> Sequence[Unit]:
        """Return the units of the plan, cut into pieces if there are few; those of contested tasks one by one."""
        plenty = len(self.plan.units) >= _PLENTY * self.executor.workers
        pipelines = {id(place.view.stages): place.view.stages for place in self.workplaces.values()}
        is_scarce = any(stage.limits.exclusive for stages in pipelines.values() for stage in stages) or any(
            place.limits(stage_id).exclusive for place in self.workplaces.values() for stage_id in place.stated
            if stage_id in place.view.stage)
        if plenty and not is_scarce and not self.apart:
            return self.plan.units

        def needs(node: Node) -> tuple[tuple[str, float], ...]:
            return self.workplaces[node.tasks[0]].limits(node.stage).exclusive

        def whole(unit: Unit) -> bool:
            if unit.tasks & self.apart or any(self.workplaces[task].hooked for task in unit.tasks):
                return True  # hooks see what was computed, wherever it is kept
            return plenty and not any(map(needs, unit.nodes))

        units = cut(self.plan.units, whole, needs)
        if not self.apart:
            return units
        return list(_one_by_one(units, lambda unit: bool(unit.tasks & self.apart)))

    def _understand(self, message: Message) -> None:
        if isinstance(message, Happened):
            self._tell(message.event)
        elif isinstance(message, Made):
            self.recorder.store(message)
            self.logs.flush_if_due(message.record.seconds)
        elif isinstance(message, UnitDone):
            self._count_off(self.units[message.unit])
        elif isinstance(message, Pause):
            self._tick()
        elif isinstance(message, Printed):
            self._write_down(message)
        elif isinstance(message, Lost):
            self.recorder.forget_lost(message)
        elif isinstance(message, GaveUp):
            raise message.error

    def _tick(self) -> None:
        self.logs.flush_if_due()
        if time.monotonic() - self.ticked > _TICK:
            self.ticked = time.monotonic()
            self.listen(Tick())

    def _count_off(self, unit: Unit) -> None:
        """Take down that a unit is done, and hand on the tasks that it was the last one for."""
        if unit.opaque is not None:
            self.outcome.touched.add(unit.opaque)
            self.outcome.wrote_files = True  # nobody has looked
        done = []
        for task in unit.tasks:
            self.outstanding[task] -= 1
            if not self.outstanding[task]:
                done.append(task)
        if done:
            self.logs.flush()
            broken = self.outcome.broken
            for task in done:
                if task not in broken:
                    self.finished(task, self.outcome)

    def _tell(self, event: Event) -> None:
        outcome = self.outcome
        if isinstance(event, StageFinished):
            outcome.computed[event.task] += 1
            outcome.executed += 1
            outcome.seconds[event.task] = outcome.seconds.get(event.task, 0.0) + event.seconds
            outcome.touched.add(event.task)
        elif isinstance(event, Warned):
            about = event.about or event.message
            if about in outcome.warnings:
                return
            outcome.warnings.add(about)
        elif isinstance(event, StageFailed):
            outcome.touched.update(event.tasks)
            event = replace(event, config=self._config(event))
            again = self._again(event)
            if again is None:
                outcome.failures.append(event)
                self._write_down(event)
            event = again or event
        self.listen(event)

    def _again(self, failure: StageFailed) -> StageRetried | None:
        """Take down that a stage is going to be tried again, if it may be."""
        if not self.retry or failure.kind == "unfit" or not failure.stage or self.executor.stopped:
            return None
        key = failure.task, failure.stage, failure.input_id
        attempts = self.workplaces[failure.task].limits(failure.stage).retries or 0
        attempt = self.before.attempts[key] + self.outcome.attempts[key] + 1
        if attempt > attempts:
            return None
        self.outcome.attempts[key] += 1
        return StageRetried(task=failure.task, stage=failure.stage, input_id=failure.input_id, tasks=failure.tasks,
                            error=failure.error, attempt=attempt, attempts=attempts)

    def _config(self, failure: StageFailed) -> Plain:
        """Return the section of the configuration that was in force, as far as it can be told."""
        view = self.workplaces[failure.task].view
        stage = view.stage.get(failure.stage)
        if stage is None:
            return None
        try:
            section = view.configure(failure.input_id, stage.id).get(stage.id) or {}
        except Exception:  # noqa: BLE001  if that fails, it is what the failure is about
            return None
        return to_plain(stage.effective_config(section))

    def _write_down(self, item: StageFailed | Printed) -> None:
        """Have what a stage printed in the logs of the tasks; with the first one in full, which has computed."""
        now = time.time()
        for task in dict.fromkeys((item.task, *item.tasks)):
            place = self.workplaces[task]
            entry: dict[str, Plain] = {"time": now, "stage": item.stage, "input": item.input_id}
            if task != item.task:
                entry["computed_by"] = os.path.relpath(self.workplaces[item.task].view.path, place.view.path)
            elif isinstance(item, StageFailed):
                entry |= {"output": item.output, "traceback": item.traceback, "config": item.config}
            else:
                entry["output"] = item.output
            if isinstance(item, StageFailed):
                entry["error"] = item.error
            problem = StageLog(place.view.path).append(entry)
            if problem:
                self._tell(Warned(message=problem))


def _one_by_one(units: Iterable[Unit], chosen: Callable[[Unit], bool]) -> Iterator[Unit]:
    """Yield units, each of the `chosen` ones behind the one before it."""
    before: int | None = None
    for position, unit in enumerate(units):
        if not chosen(unit):
            yield unit
            continue
        yield unit if before is None else unit._replace(after=tuple(dict.fromkeys((*unit.after, before))))
        before = position
