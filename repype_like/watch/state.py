"""What there is to be shown: the tree as the last look has found it, and what runs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from repype_like.events import StageFailed
from repype_like.status import RunningStage, RunState, TaskState
from repype_like.watch.messages import Report, TaskSeen
from repype_like.watch.options import Options

__all__ = ["LiveRun", "TaskLook", "WatchState"]


@dataclass
class LiveRun:
    """A run that goes on."""

    tasks: dict[str, str]
    """What it works on, and what decided about these tasks when it began."""
    state: RunState = field(default_factory=RunState)
    dropping: set[str] = field(default_factory=set)
    """Tasks that it is to leave, but has not left yet."""

    def path_of(self, task: str) -> str:
        """Return the directory of a task; runs elsewhere may have another root."""
        return os.path.normpath(os.path.join(self.state.root, task))  # noqa: PTH118  asked for all tasks, often


@dataclass(frozen=True)
class TaskLook:
    """How one task stands at this moment."""

    seen: TaskSeen
    live: TaskState | None
    """What a run does for it."""
    stage: RunningStage | None
    """The stage that computes for it; the longest running one of several."""
    failure: StageFailed | None
    """Why it is not tried again."""
    is_cancelled: bool

    @property
    def sign(self) -> str:
        """One letter: Error, Computing, Failed, Runs when its turn comes, Up to date, Template."""
        if self.seen.error:
            return "E"
        if self.stage is not None:
            return "C"
        if self.live is not None and (self.live.failed or self.live.outcome in ("completed", "failed")):
            return "U" if self.live.outcome == "completed" else "F"
        if not self.seen.runnable:
            return "T"
        if self.failure is not None and self.live is None:
            return "F"
        return "U" if self.seen.is_good else "R"


@dataclass
class WatchState:
    """All of it."""

    options: Options
    report: Report | None = None
    runs: list[LiveRun] = field(default_factory=list)
    cancelled: dict[str, str] = field(default_factory=dict)
    """The tasks that the user has cancelled, and what decided about them then."""
    last_failure: StageFailed | None = None
    polling: str = ""
    """Why there is polling, if there is."""
    paused: bool = False
    postponed: bool = False
    gone: bool = False
    """Whether the tree has vanished."""
    refused: str = ""
    """Why there is nothing to be seen."""
    blocked: str = ""
    """Who keeps us from running anything."""
    helps: bool = False
    """Whether the keys are to be explained."""

    def tasks(self) -> list[TaskLook]:
        """Return how each task stands."""
        if self.report is None:
            return []
        failed = [held.failure for held in self.report.held]
        failed += [failure for run in self.runs for failure in run.state.failures]
        failures = {task: failure for failure in failed for task in failure.tasks}
        live: dict[str, TaskState] = {}
        stages: dict[str, RunningStage] = {}
        for run in self.runs:
            live.update((run.path_of(name), task) for name, task in run.state.tasks.items())
            for stage in run.state.running.values():
                for name in stage.tasks:
                    stages.setdefault(run.path_of(name), stage)
        root = LiveRun({}, RunState(root=str(self.report.root)))
        paths = [root.path_of(task.name) for task in self.report.tasks]
        return [TaskLook(task, live.get(path), stages.get(path), failures.get(task.name),
                         bool(task.key) and self.cancelled.get(task.name) == task.key)
                for task, path in zip(self.report.tasks, paths, strict=True)]
