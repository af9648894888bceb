"""The loop: waits for something to happen, and decides what follows.

What happens to files is left to settle; what has changed no content is forgotten. Then a helper looks. What has got
worse is looked at once more before it is believed. Tasks that have changed while they run are dropped there; what is
wanted and does not run is run by the helper that has planned it. When nothing runs and nothing is wanted, a cycle is
over.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

from repype_like.spec import no_directory
from repype_like.typing import Any
from repype_like.watch.changes import is_code
from repype_like.watch.face import Face
from repype_like.watch.following import Following
from repype_like.watch.helper import Crew, Helper
from repype_like.watch.messages import Look, Looked, Refused, Report
from repype_like.watch.news import Changed, CycleEnded, LastFailure, Notice, TreeSeen
from repype_like.watch.options import Options
from repype_like.watch.runs import Cycle, Runs
from repype_like.watch.senses import Senses
from repype_like.watch.state import WatchState

__all__ = ["Watcher"]

_DOUBT = 0.4
"""Seconds for which something that got worse has to stand before it is believed: it may be half of a save."""

_GLANCE = 0.1
"""Seconds between two looks at what is shown while anything runs, and at the logs of others."""


class Watcher:
    """Watches a tree.

    Arguments:
        options: What is asked for.
        face: What is shown.
        crew: Those who look and run.
    """

    def __init__(self, options: Options, face: Face, crew: Crew):
        self.state = WatchState(options, postponed=options.postpone and options.runs)
        self._options = options
        self._face = face
        self._crew = crew
        self._tree = Path(options.path).expanduser().resolve()
        self._senses = Senses(self._tree, self.state, face.tell)
        self._following = Following()
        self._runs = Runs(self.state, crew, face.tell, self._tree)
        self._looker: Helper | None = None
        self._about: set[str] = set()
        """What has changed since the last look that was believed."""
        self._asked = True
        """Whether to look without waiting for anything."""
        self._allowed = False
        """Whether something is run though there is a pause."""
        self._only: set[str] | None = None
        """The tasks that are run next; None for all."""
        self._is_late = False
        """Whether the last look had to be thrown away."""
        self._doubt: float | None = None
        """When something that got worse is looked at again; infinite for a look that is to be believed."""
        self._glance = 0.0
        """When to look at the runs of others."""
        self._good: bool | None = None
        self._code: int | None = None

    # --- what keys and signals ask for -------------------------------------------------------------------------------

    def run_now(self) -> None:
        """Do what waits, now."""
        self.state.cancelled.clear()
        self.state.postponed = False
        self._asked = self._allowed = True

    def run_all(self) -> None:
        """Do all that is not up to date, what failed before included."""
        self._runs.held = ()
        self.run_now()

    def run_failed(self) -> None:
        """Try again what failed, and nothing else."""
        failed = {task for held in self._runs.held for task in held.failure.tasks}
        if failed:
            self.run_all()
            self._only = failed
        else:
            self._face.tell(Notice("Nothing has failed."))

    def cancel(self) -> None:
        """End what runs; it is not begun again before something changes that it depends on."""
        self._runs.cancel()

    def pause(self) -> None:
        """Begin nothing new; or go on."""
        self.state.paused = not self.state.paused
        self._asked = self._asked or not self.state.paused

    def show_failure(self) -> None:
        """Show what failed last."""
        self._face.tell(LastFailure(self.state.last_failure))

    def help(self) -> None:
        """Explain the keys, or cease to."""
        self.state.helps = not self.state.helps

    def quit(self) -> None:
        """End; the exit code tells whether the last cycle was good."""
        self.end(0 if not self._options.runs or (self._good and not self._runs.live) else 1)

    def end(self, code: int) -> None:
        """End with this exit code; may be called by signal handlers."""
        if self._code is None:
            self._code = code
        self._senses.wake()

    # --- the loop ----------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Watch until the end is asked for, and return the exit code.

        Raises:
            UsageError: If there is no such directory.
        """
        if not self._tree.is_dir():
            raise no_directory(self._options.path)
        try:
            self._senses.open()
            while self._code is None:
                ready = self._wait()
                now = time.monotonic()
                self._senses.take_in(now, woken=self._senses.reader in ready)
                self._listen(ready)
                if not self._options.runs and now >= self._glance:
                    self._follow_others(now)
                if self._looker is None and not self.state.gone and self._is_time(now):
                    self._consider(now)
                self.state.runs = [*self._runs.ended, *self._runs.live.values(), *self._following.runs]
                self._face.show(self.state)
            return self._code
        finally:
            self._senses.close()
            self._runs.end()
            if self._looker is not None:
                self._looker.end()
            self._crew.end()

    def _wait(self) -> list[Any]:
        """Wait until something can be read, or is due."""
        from multiprocessing.connection import wait

        helpers = [*self._runs.live, *([self._looker] if self._looker is not None else [])]
        handles: list[Any] = [self._senses.reader, *(helper.connection for helper in helpers)]
        if self._face.keys is not None:
            handles.append(self._face.keys)
        now = time.monotonic()
        due = [self._senses.due]
        if self._looker is None and not self.state.gone:
            settled = self._senses.settled
            due += [moment for moment in (settled, self._doubt) if moment is not None]
            due += [now] if self._asked and settled is None and not self._runs.is_blocked else []
        if not self._options.runs:
            due.append(self._glance)
        if self.state.runs:
            due.append(now + _GLANCE)
        return wait(handles, max(0.0, min(due) - now))

    def _listen(self, ready: list[Any]) -> None:
        if self._face.keys is not None and self._face.keys in ready:
            for name in self._face.pressed():
                getattr(self, name)()
        for helper in [helper for helper in self._runs.live if helper.connection in ready]:
            if self._runs.hear(helper):
                self._asked = True
                if not self._runs.live:
                    self._senses.recall()
        if self._looker is not None and self._looker.connection in ready:
            self._hear_looker(self._looker)

    # --- looking -----------------------------------------------------------------------------------------------------

    def _follow_others(self, now: float) -> None:
        """See what the runs of others do."""
        self._glance = now + _GLANCE
        found, has_ended = self._following.poll(self.state.report.tops if self.state.report is not None else ())
        for event in found:
            self._runs.take_in(event)
        self._asked = self._asked or has_ended

    def _is_time(self, now: float) -> bool:
        """Tell whether to look: not in the midst of a save."""
        asked = (self._asked and not self._runs.is_blocked) or (self._doubt is not None and now >= self._doubt)
        return (asked or self._senses.settled is not None) and self._senses.is_settled(now)

    def _consider(self, now: float) -> None:
        """Have a helper look, if there is a reason to."""
        changed, is_another = self._senses.changed(self._runs.tasks)
        stands = self._doubt is not None and now >= self._doubt
        if not (changed or is_another or self._asked or stands):
            return
        if changed:
            self._note_changed(changed)
        self._asked, self._doubt = False, math.inf if stands and not changed else None
        self._looker = self._crew.take()
        self._looker.send(Look(self._options.path, self._runs.held))

    def _note_changed(self, changed: set[str]) -> None:
        self._about |= changed
        report = self.state.report
        if report is None:
            return
        named = sorted(path for path in changed if path in report.files or is_code(path) or path.endswith(".yml"))
        if named:
            self._face.tell(Changed(tuple(named)))
        if not changed.isdisjoint(report.loaded) or any(map(_brings_code, changed)):
            self._crew.outdate()
            self._runs.outdate()
        if not all(path.endswith((".yml", ".yaml")) for path in changed):
            self._runs.held = tuple(held for held in self._runs.held if held.met is not None)

    # --- what helpers find -------------------------------------------------------------------------------------------

    def _hear_looker(self, helper: Helper) -> None:
        answer = helper.receive()
        self._looker = None
        if isinstance(answer, Looked):
            has_changed = self._senses.has_changed(self._runs.tasks)  # since it began to look
            self._asked = self._asked or has_changed
            self._is_late = has_changed and not self._is_late
            if self._is_late:  # once more, but not for ever
                self._crew.give_back(helper)
            else:
                self._judge(helper, answer.report)
            return
        self._doubt = None
        words = answer.reason if isinstance(answer, Refused) else helper.last_words()
        helper.end()
        if self._senses.see_whether_it_is_gone():
            return
        if words != self.state.refused:
            self.state.refused = words
            self._face.tell(Notice(words, is_error=True))
        self._finish_cycle(good=False)

    def _judge(self, helper: Helper, report: Report) -> None:
        """Believe a report, unless it is worse than the one before: that may be half of a save."""
        before = self.state.report
        if before is not None and self._doubt is None and _is_worse(report, before):
            self._doubt = time.monotonic() + _DOUBT
            self._crew.give_back(helper)
            return
        self._doubt = None
        self.state.refused = ""
        self.state.report, self._runs.held, self._runs.ended = report, report.held, []
        self._senses.aim(report)
        changed, self._about = self._about, set()
        if changed:
            self._take_up_again(report, changed)
        self._runs.drop_changed(report, changed)
        if before is None or _differ(report, before):
            self._face.tell(TreeSeen(report, before))
        self._go_on(helper, report)

    def _take_up_again(self, report: Report, changed: set[str]) -> None:
        """Give up no longer what depends on something that has changed."""
        self.state.postponed = False
        self.state.cancelled = {task.name: task.key for task in report.tasks if task.files.isdisjoint(changed)
                                and self.state.cancelled.get(task.name) == task.key}
        if self._runs.cycle is not None:
            self._runs.cycle.attempts.clear()

    def _go_on(self, helper: Helper, report: Report) -> None:
        """Run what is wanted and does not run; if there is nothing, a cycle is over."""
        busy = self._runs.tasks
        keys = {task.name: task.key for task in report.tasks if task.wanted and task.name not in busy
                and task.reads.isdisjoint(busy)  # when these are done, there is another look
                and (self._only is None or task.name in self._only)
                and not self._runs.is_given_up(task.name, task.key)}
        waits = not self._options.runs or self.state.postponed or (self.state.paused and not self._allowed)
        if keys and not waits and not helper.is_outdated:
            if self._runs.begin(helper, keys, report):
                self._only, self._allowed = None, False
                self._crew.have_spare()
                return
            self._asked = True
        else:
            self.state.blocked = ""
        self._crew.give_back(helper)
        if not self._runs.live and not self._asked:
            self._only, self._allowed = None, False
            self._finish_cycle(good=report.is_good, has_ended=not (keys and waits and self._options.runs))

    def _finish_cycle(self, *, good: bool, has_ended: bool = True) -> None:
        cycle, self._runs.cycle = self._runs.cycle, None
        before, self._good = self._good, good
        if not has_ended or (cycle is None and before == good):
            return
        cycle = cycle or Cycle()
        if self._options.runs:
            self._face.tell(CycleEnded(good, before, time.monotonic() - cycle.began, cycle.computed, cycle.failed))
        if self._options.once:
            self.end(0 if good else 1)


def _brings_code(path: str) -> bool:
    """Tell whether what has come or gone at a path may be a module, or a folder with modules."""
    return is_code(path) or (Path(path).is_dir() and any(is_code(name) for _, _, names in os.walk(path)
                                                        for name in names))


def _is_worse(report: Report, before: Report) -> bool:
    """Tell whether something is wrong that was not, or a task is gone."""
    known, names = before.errors, {task.name for task in report.tasks}
    return any(known.get(name) != error for name, error in report.errors.items()) or any(
        task.name not in names for task in before.tasks)


def _differ(report: Report, before: Report) -> bool:
    """Tell whether there is anything new to be shown."""
    def shown(found: Report) -> object:
        return (found.problems, found.warnings, [(task.name, task.plan, task.error) for task in found.tasks])

    return shown(report) != shown(before)
