"""One fold of events into the state of a run. Whoever shows a run shows this state, and nothing else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from repype_like import events
from repype_like.events import Event
from repype_like.typing import Any, InputID, Literal, Plain

__all__ = ["Outcome", "RunState", "RunningStage", "TaskState"]

Outcome = Literal["waiting", "running", "completed", "failed", "interrupted"]

_Key = tuple[str, str, InputID]
"""A task, a stage and an input."""

_OfStage = events.StageStarted | events.StageFinished | events.StageFailed | events.Progress | events.Message


@dataclass
class RunningStage:
    """A stage that computes at this moment."""

    task: str
    stage: str
    input_id: InputID
    tasks: tuple[str, ...]
    """All tasks that its result is for."""
    worker: int
    since: float
    """When it started, in seconds since the epoch."""
    step: int | None = None
    """How far it is by its own account, or None if it has not said."""
    total: int | None = None
    details: Plain = None
    message: Plain = None
    """What it says for the moment."""


@dataclass
class TaskState:
    """One pending task."""

    task: str
    pending: str
    first_stage: str | None
    pickup: str | None
    inputs: int
    stages: int = 0
    """How many stage executions the plan foresees for it."""
    done: int = 0
    """The number of inputs that nothing was to be done for."""
    outcome: Outcome = "waiting"
    computed: int = 0
    """How many stages x inputs were computed for this task, so far."""
    taken: int = 0
    failed: int = 0
    sources: tuple[str, ...] = ()
    """The tasks that results were taken over from."""
    seconds: float = 0.0
    """The time spent in its stages."""
    saved: float = 0.0
    """The time that the results which were kept or taken over had cost, in seconds."""


@dataclass
class RunState:
    """A run, as far as it has got. Feed it every event, in the order in which they happened."""

    run: str = ""
    root: str = ""
    total: int = 0
    """How many stage executions there will be, as far as is known."""
    done: int = 0
    """How many are over, failed ones included."""
    taken: int = 0
    tasks: dict[str, TaskState] = field(default_factory=dict)
    running: dict[_Key, RunningStage] = field(default_factory=dict)
    """What computes at this moment, the longest running first."""
    failures: list[events.StageFailed] = field(default_factory=list)
    warnings: dict[tuple[str | None, str], events.Warned] = field(default_factory=dict)
    """Each warning once, by task and text."""
    finished: events.RunFinished | None = None
    _foreseen: dict[str, int] = field(default_factory=dict)
    """By stage, how many executions the plan foresees."""
    _expected: dict[str, float] = field(default_factory=dict)
    """By stage, how many seconds one has taken before."""
    _ended: Counter[str] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)
    _seconds: dict[str, float] = field(default_factory=dict)
    _workers: set[int] = field(default_factory=set)
    _most_workers: int = 0

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many tasks there are of each outcome."""
        return Counter(task.outcome for task in self.tasks.values())

    @property
    def remaining_seconds(self) -> float | None:
        """How long the rest will take, or None as long as nothing is known.

        A stage is taken to take as long as it has taken on average: in this run, or else in earlier ones. One that has
        never run is taken to take as long as the others.
        """
        means = {**self._expected, **{stage: self._seconds[stage] / count for stage, count in self._counts.items()}}
        if not means or not self.total:
            return None
        foreseen: Mapping[str, float] = self._foreseen
        if not foreseen:  # the log of an older version
            foreseen = dict.fromkeys(means, self.total / len(means))
        missing = {stage: max(count - self._ended[stage], 0.0) for stage, count in foreseen.items()}
        known = [stage for stage in missing if stage in means]
        other = sum(means[stage] for stage in known) / len(known) if known else sum(means.values()) / len(means)
        left = sum(count * means.get(stage, other) for stage, count in missing.items())
        now = time.time()
        left -= sum(min(max(now - stage.since, 0.0), means.get(stage.stage, other)) for stage in self.running.values())
        return max(left, 0.0) / max(self._most_workers or len(self._workers), 1)

    def feed(self, event: Event) -> None:
        """Take in what happened."""
        take_in = _HOW.get(type(event))
        if take_in is not None:  # what a newer version has to say is passed over
            take_in(self, event)

    def _run_started(self, event: events.RunStarted) -> None:
        self.run, self.root, self.total = event.run, event.root, event.stages
        self._foreseen, self._expected = dict(event.foreseen), dict(event.expected)
        self._most_workers = event.workers

    def _task_started(self, event: events.TaskStarted) -> None:
        self.tasks[event.task] = TaskState(event.task, event.pending, event.first_stage, event.pickup, event.inputs,
                                           stages=event.stages, done=event.done)

    def _stage_started(self, event: events.StageStarted) -> None:
        key = event.task, event.stage, event.input_id
        self.running[key] = RunningStage(*key, event.tasks, event.worker, event.time)
        self._workers.add(event.worker)
        for task in self._concerned(event.tasks):
            task.outcome = "running"

    def _stage_finished(self, event: events.StageFinished) -> None:
        self._end(event)
        self._counts[event.stage] += 1
        self._seconds[event.stage] = self._seconds.get(event.stage, 0.0) + event.seconds
        for task in self._concerned(event.tasks):
            task.outcome = "running"
            task.computed += 1

    def _stage_failed(self, event: events.StageFailed) -> None:
        self._end(event)
        self.failures.append(event)
        for task in self._concerned(event.tasks):
            task.failed += 1

    def _stage_retried(self, event: events.StageRetried) -> None:
        self.running.pop((event.task, event.stage, event.input_id), None)

    def _stage_taken(self, event: events.StageTaken) -> None:
        self.taken += 1
        for task in self._concerned((event.task,)):
            task.outcome = "running"
            task.taken += 1

    def _progressed(self, event: events.Progress) -> None:
        if running := self.running.get(_key(event)):
            running.step, running.total, running.details = event.step, event.total, event.details

    def _said(self, event: events.Message) -> None:
        if running := self.running.get(_key(event)):
            running.message = event.content if event.intermediate else None
            if event.intermediate and event.content is None:  # the iteration that it reported on is over
                running.step = running.total = running.details = None

    def _warned(self, event: events.Warned) -> None:
        self.warnings.setdefault((event.task, event.message), event)

    def _task_finished(self, event: events.TaskFinished) -> None:
        task = self.tasks.setdefault(event.task, TaskState(event.task, "", None, None, 0))
        task.outcome = event.outcome  # type: ignore[assignment]  # what else a newer version says is shown as it is
        task.computed, task.taken, task.sources = event.computed, event.taken, event.sources
        task.seconds, task.saved = event.seconds, event.saved

    def _run_finished(self, event: events.RunFinished) -> None:
        self.finished = event
        self.running.clear()

    def _end(self, event: events.StageFinished | events.StageFailed) -> None:
        self.running.pop(_key(event), None)
        self.done += 1
        self._ended[event.stage] += 1
        self.total = max(self.total, self.done)  # what a run writes may call for more than was foreseen

    def _concerned(self, names: tuple[str, ...]) -> list[TaskState]:
        return [self.tasks[name] for name in names if name in self.tasks]


def _key(event: _OfStage) -> _Key:
    return event.task, event.stage, event.input_id


_HOW: dict[type[Event], Callable[[RunState, Any], None]] = {
    events.RunStarted: RunState._run_started, events.TaskStarted: RunState._task_started,
    events.StageStarted: RunState._stage_started, events.StageFinished: RunState._stage_finished,
    events.StageFailed: RunState._stage_failed,
    events.StageRetried: RunState._stage_retried, events.StageTaken: RunState._stage_taken,
    events.Progress: RunState._progressed, events.Message: RunState._said, events.Warned: RunState._warned,
    events.TaskFinished: RunState._task_finished, events.RunFinished: RunState._run_finished}
