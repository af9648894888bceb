"""The runs that go on: which helper works on which tasks, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from repype_like import events
from repype_like.store import LockedError, RunLock, StorageError
from repype_like.watch.held import Held
from repype_like.watch.helper import Crew, Helper
from repype_like.watch.messages import Drop, Ended, Happened, Kill, Released, Report, Run
from repype_like.watch.news import News, Notice, Ran, RunBegan
from repype_like.watch.options import Options
from repype_like.watch.state import LiveRun, WatchState

__all__ = ["Cycle", "Runs"]

_MOST_ATTEMPTS = 3
"""How often a task is run while nothing changes, if it does not fail and does not get complete either."""

_INTERVAL = 0.5
"""Seconds between two attempts to hold a tree that others hold."""

_PATIENCE = 5.0
"""Seconds that a helper gets to end its workers."""


@dataclass
class Cycle:
    """From the first thing that is done to the moment when nothing is left."""

    began: float = field(default_factory=time.monotonic)
    computed: int = 0
    failed: int = 0
    attempts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each task was begun, by what decides about it."""


class Runs:
    """Begins runs, listens to them, and has them leave what has changed.

    A task is in one run at most. The tree is held for as long as there is any.

    Arguments:
        state: Where it is noted what runs.
        crew: Where helpers go when they have nothing to do.
        tell: Told what is new.
        tree: The directory that is held.
    """

    def __init__(self, state: WatchState, crew: Crew, tell: Callable[[News], None], tree: Path):
        self.live: dict[Helper, LiveRun] = {}
        self.ended: list[LiveRun] = []
        """Those that have ended since the last look, which is what is known of their tasks."""
        self.held: tuple[Held, ...] = ()
        """What failed and is not tried again for the moment."""
        self.cycle: Cycle | None = Cycle()
        self._state = state
        self._options: Options = state.options
        self._crew = crew
        self._tell = tell
        self._tree = tree
        self._lock: list[RunLock] = []
        self._blocked_until = 0.0
        self._has_told_of_locks = False
        self._again: set[str] = set()
        """Tasks that were dropped, and are to be begun again."""
        self._killed: set[Helper] = set()

    @property
    def tasks(self) -> set[str]:
        """What is worked on."""
        return {task for run in self.live.values() for task in run.tasks}

    @property
    def is_blocked(self) -> bool:
        """Whether the tree is held by others, and it is not time yet to see whether it still is."""
        return bool(self._state.blocked) and time.monotonic() < self._blocked_until

    def is_given_up(self, task: str, key: str) -> bool:
        """Tell whether a task is not begun before something changes."""
        tried = self.cycle.attempts[task, key] if self.cycle is not None else 0
        return self._state.cancelled.get(task) == key or tried >= _MOST_ATTEMPTS

    # --- orders ------------------------------------------------------------------------------------------------------

    def begin(self, helper: Helper, keys: dict[str, str], report: Report) -> bool:
        """Have a helper run tasks that it has planned; return False if others hold the tree.

        Arguments:
            helper: Who runs them.
            keys: The tasks, and what decides about them.
            report: What was planned.
        """
        if not self._hold(report.tops):
            return False
        self.cycle = self.cycle or Cycle()
        self.cycle.attempts.update(keys.items())
        self.live[helper] = LiveRun(keys)
        helper.send(Run(tuple(keys), self._options.jobs, self._options.command, self._options.cluster))
        self._tell(RunBegan(tuple(keys), tuple(task for task in keys if task in self._again)))
        self._again -= keys.keys()
        return True

    def drop_changed(self, report: Report, changed: Collection[str]) -> None:
        """Have the runs leave the tasks that are not what they were when the runs began.

        Arguments:
            report: How the tasks are now.
            changed: The files that have changed.
        """
        now = {task.name: task for task in report.tasks}
        for helper, run in self.live.items():
            left = []
            for name, key in run.tasks.items():
                task = now.get(name)
                if name not in run.dropping and (task is None or (not task.error and (
                        task.key != key or not task.files.isdisjoint(changed)))):
                    left.append(name)
            if left:
                run.dropping.update(left)
                helper.send(Drop(tuple(left)))

    def outdate(self) -> None:
        """Have no helper that runs be used again: code has changed."""
        for helper in self.live:
            helper.is_outdated = True

    def cancel(self) -> None:
        """End what runs; what was not finished is given up."""
        for helper, run in self.live.items():
            self._killed.add(helper)
            self._state.cancelled.update(run.tasks)
            helper.send(Kill())

    def end(self) -> None:
        """End everything."""
        for helper in self.live:
            helper.send(Kill())
        for helper in self.live:
            while helper.connection.poll(_PATIENCE) and not isinstance(helper.receive(), Ended | None):
                pass
            helper.end(_PATIENCE)
        self.live = {}
        self._release_tree()

    # --- answers -----------------------------------------------------------------------------------------------------

    def hear(self, helper: Helper) -> bool:
        """Take in what a helper says, and tell whether there is a reason to look."""
        run = self.live[helper]
        asked = False
        while not asked:
            answer = helper.receive()
            if isinstance(answer, Happened):
                run.state.feed(answer.event)
                self.take_in(answer.event)
            elif isinstance(answer, Released):
                self._release(run, answer.tasks)
                asked = True
            else:
                self._end(helper, run, answer if isinstance(answer, Ended) else None)
                asked = True
            if not asked and not helper.connection.poll():
                break
        return asked

    def take_in(self, event: events.Event) -> None:
        """Take in what has happened in a run, be it one of ours or not."""
        if isinstance(event, events.StageFailed):
            self._state.last_failure = event
            if self.cycle is not None:
                self.cycle.failed += 1
        elif isinstance(event, events.StageFinished) and self.cycle is not None:
            self.cycle.computed += 1
        self._tell(Ran(event))

    def _release(self, run: LiveRun, tasks: Iterable[str]) -> None:
        for task in tasks:
            run.tasks.pop(task, None)
            run.state.tasks.pop(task, None)
            run.dropping.discard(task)
            self._again.add(task)

    def _end(self, helper: Helper, run: LiveRun, ended: Ended | None) -> None:
        """Take in that a run is over, or that the helper is dead; what it could not do waits for a change."""
        self.ended.append(self.live.pop(helper))
        self._release(run, list(run.dropping))
        error = helper.last_words() if ended is None else ended.error
        if error:
            self._tell(Notice(error, is_error=True))
            self._state.cancelled.update(run.tasks)
        if ended is not None and helper not in self._killed:
            self.held += tuple(item for item in ended.held if not run.tasks.keys().isdisjoint(item.failure.tasks))
        self._killed.discard(helper)
        if not self.live:
            self._release_tree()
        if ended is None:
            helper.end()
        else:
            self._crew.give_back(helper)

    # --- the tree ----------------------------------------------------------------------------------------------------

    def _hold(self, tops: Iterable[Path]) -> bool:
        """Have no other run work on the tree; return False if one does."""
        if self._lock:
            return True
        try:
            for top in tops:
                lock = RunLock(top, [self._tree], command=" ".join(self._options.command))
                lock.__enter__()
                self._lock.append(lock)
                if lock.problem and not self._has_told_of_locks:
                    self._has_told_of_locks = True
                    self._tell(Notice(lock.problem))
        except (LockedError, StorageError) as error:
            self._release_tree()
            words = str(error).partition("; wait for it")[0]
            if words != self._state.blocked:
                self._tell(Notice(f"{words}; waiting", is_error=not isinstance(error, LockedError)))
            self._state.blocked = words
            self._blocked_until = time.monotonic() + _INTERVAL
            return False
        self._state.blocked = ""
        return True

    def _release_tree(self) -> None:
        for lock in self._lock:
            lock.__exit__(None, None, None)
        self._lock = []
