"""The runs of a tree, from their logs."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from repype_like import events
from repype_like.events import Event, from_json
from repype_like.status.log import read, run_logs

__all__ = ["Run", "RunDetails", "StageTimes", "details_of", "runs_of"]

_TAIL = 1 << 16
"""Bytes at the end of a log in which its last event is looked for."""


@dataclass(frozen=True)
class Run:
    """A run, by how it began and ended."""

    name: str
    path: Path
    """The file with its events."""
    started: events.RunStarted | None
    """None if its log is damaged."""
    finished: events.RunFinished | None
    """None if it goes on, or was killed."""


@dataclass
class StageTimes:
    """How long a stage took."""

    count: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    """Of one execution, in seconds."""
    taken: int = 0
    """How many of its results were picked up."""
    failed: int = 0
    memory: int = 0
    """That of a process in which it ran, in bytes, at its peak; 0 if that is not known."""


@dataclass
class RunDetails:
    """What happened in a run."""

    tasks: list[events.TaskFinished] = field(default_factory=list)
    """Those that are not over have the outcome ``unfinished``."""
    computed: int = 0
    """How many times a stage has computed, each counted once however many tasks it was for."""
    seconds: float = 0.0
    """From the first event to the last one."""
    stages: dict[str, StageTimes] = field(default_factory=lambda: defaultdict(StageTimes))
    failures: list[events.StageFailed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def runs_of(top: Path) -> list[Run]:
    """Return the runs whose logs are kept at the topmost task `top`, the latest first."""
    return [_run(path) for path in run_logs(top)]


def details_of(run: Run) -> RunDetails:
    """Return what happened in a run.

    Raises:
        OSError: If its log cannot be read.
    """
    details = RunDetails()
    outcomes: dict[str, events.TaskFinished] = {}
    began = run.started.time if run.started is not None else None
    for event in read(run.path):
        details.seconds = event.time - (event.time if began is None else began)
        if isinstance(event, events.TaskStarted):
            outcomes[event.task] = events.TaskFinished(task=event.task, outcome="unfinished", computed=0, taken=0,
                                                       sources=(), seconds=0.0, saved=0.0)
        elif isinstance(event, events.StageFinished):
            details.computed += 1
            times = details.stages[event.stage]
            times.count += 1
            times.seconds += event.seconds
            times.longest = max(times.longest, event.seconds)
            times.memory = max(times.memory, event.memory)
        elif isinstance(event, events.StageTaken):
            details.stages[event.stage].taken += 1
        elif isinstance(event, events.StageFailed):
            details.failures.append(event)
            details.stages[event.stage].failed += 1
        elif isinstance(event, events.Warned):
            details.warnings.append(event.message)
        elif isinstance(event, events.TaskFinished):
            outcomes[event.task] = event
    details.tasks = list(outcomes.values())
    return details


def _run(path: Path) -> Run:
    first, last = _ends(path)
    return Run(path.stem, path, first if isinstance(first, events.RunStarted) else None,
               last if isinstance(last, events.RunFinished) else None)


def _ends(path: Path) -> tuple[Event | None, Event | None]:
    """Return the first and the last event of a log without reading what is in between."""
    try:
        with path.open("rb") as file:
            first = file.readline()
            file.seek(max(os.fstat(file.fileno()).st_size - _TAIL, 0))
            last = file.read().splitlines()[-1:]
    except OSError:
        return None, None
    return from_json(first.decode(errors="replace")), from_json(last[0].decode(errors="replace")) if last else None
