"""What the watcher and its helpers say to each other, pickled, through a pipe of their own.

A helper gets an order at a time; while it runs tasks, it listens for :class:`Drop` and :class:`Kill`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.batch import ClusterOptions
from repype_like.events import Event
from repype_like.plan import TaskPlan
from repype_like.watch.held import Held

__all__ = ["Answer", "Drop", "Ended", "Happened", "Kill", "Look", "Looked", "Order", "Refused", "Released",
           "Report", "Run", "TaskSeen"]


@dataclass(frozen=True)
class TaskSeen:
    """One task, as a look has found it."""

    name: str
    """The path relative to the root, with ``/``."""
    runnable: bool
    plan: TaskPlan | None
    """What would be done; None for templates and for tasks with something wrong."""
    error: str
    """What is wrong with it, in words, or an empty text."""
    key: str = ""
    """Hash of all that decides about the results, but for files."""
    files: frozenset[str] = frozenset()
    """The files that its results depend on."""
    outputs: frozenset[str] = frozenset()
    """The files that its stages have written."""
    wanted: bool = False
    """Whether there is anything to be done that did not fail before."""
    reads: frozenset[str] = frozenset()
    """The tasks that its aggregates read."""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with it and nothing is to be done."""
        return not self.error and not (self.plan is not None and self.plan.pending)


@dataclass(frozen=True)
class Report:
    """What a look has found."""

    root: Path
    """The directory that the names of tasks are relative to."""
    tasks: tuple[TaskSeen, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong beyond single tasks, in words."""
    warnings: tuple[str, ...] = ()
    tops: tuple[Path, ...] = ()
    """The topmost tasks, where runs are locked and logged."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The content of all files that have a say, by path, as hashes."""
    loaded: frozenset[str] = frozenset()
    """Those that code of the user's was loaded from, or has read: if one changes, a fresh interpreter is needed."""
    folders: frozenset[str] = frozenset()
    """The directories in which these are, and others that were searched."""
    held: tuple[Held, ...] = ()
    """The failures that would only be repeated."""

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by task."""
        found = {task.name: task.error for task in self.tasks if task.error}
        return {**found, "": "\n".join(self.problems)} if self.problems else found

    @property
    def is_good(self) -> bool:
        """Whether all is up to date, and nothing is wrong."""
        return not self.problems and all(task.is_good for task in self.tasks)


@dataclass(frozen=True)
class Look:
    """Look at the tree and plan."""

    path: str
    held: tuple[Held, ...] = ()


@dataclass(frozen=True)
class Run:
    """Run tasks, as planned by the last look."""

    tasks: tuple[str, ...]
    jobs: int
    command: tuple[str, ...]
    cluster: ClusterOptions | None = None


@dataclass(frozen=True)
class Drop:
    """Do nothing more for these tasks, and go on with the others."""

    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Kill:
    """End the run now; what is finished is kept."""


@dataclass(frozen=True)
class Looked:
    """The answer to :class:`Look`."""

    report: Report


@dataclass(frozen=True)
class Refused:
    """There is nothing that could be looked at, or run, and why."""

    reason: str


@dataclass(frozen=True)
class Happened:
    """Something happened in a run."""

    event: Event


@dataclass(frozen=True)
class Released:
    """Nothing is done any more for tasks that were dropped."""

    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """A run is over."""

    held: tuple[Held, ...] = ()
    """What failed in it."""
    error: str = ""
    """Why it could not go on, in words."""


Order = Look | Run | Drop | Kill
Answer = Looked | Refused | Happened | Released | Ended
