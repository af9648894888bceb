"""Has a plan executed, shows what happens, and hands signals on to what runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from repype_like import events
from repype_like.batch import Batch, Summary
from repype_like.cli.console import Console
from repype_like.cli.selection import Selection
from repype_like.cli.signals import Interruption
from repype_like.cli.streams import give_up_stdout
from repype_like.cli.summary import print_summary
from repype_like.cli.terminal import Terminal, err
from repype_like.cli.words import clean
from repype_like.collector import collector_resumed
from repype_like.execute.cores import usable_cores
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Limits, Plan, Request
from repype_like.store import holders
from repype_like.typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from repype_like.cli.running import Options

__all__ = ["execute"]

_FAILED = 1


def execute(selection: Selection, workplaces: Workplaces, plan: Plan, request: Request, options: Options) -> int:
    """Do what `plan` says, and return the exit code.

    Arguments:
        selection: The tasks that are selected.
        workplaces: What the plan was made of.
        plan: What is to be done.
        request: What the plan was made for.
        options: How it is to be done.
    """
    jobs = usable_cores() if options.jobs is None else options.jobs
    show = _Show(selection.batch, err(), sys.stdout if options.json else None, serial=not jobs)
    console, interruption = show.console, show.interruption
    if options.wait:
        _name_holders(workplaces, console)
    with collector_resumed(), console, interruption, _stdout_for_data(serial=not jobs):
        try:
            summary = selection.batch.execute(plan, workplaces, request, jobs=jobs, listen=show.feed,
                                              command=options.command, wait=options.wait,
                                              fail_fast=options.fail_fast, defaults=_defaults(options),
                                              available=options.resources, cluster=options.cluster)
        except KeyboardInterrupt:
            if interruption.exit_code is None:
                raise
            console.say("Killed; what was finished before is kept." if show.runs else "Interrupted; nothing ran.")
            return interruption.exit_code
    if interruption.killed:
        _forget_killed(summary)
    with contextlib.suppress(OSError, ValueError):  # nobody is there any more
        print_summary(show.terminal, summary, console.state, selection)
        if interruption.exit_code is not None:
            show.terminal.line("Interrupted; the next run goes on from here.")
    return interruption.exit_code or (0 if summary.succeeded and not show.problem else _FAILED)


class _Show:
    """Shows what happens in a run, and hands signals on to it.

    Arguments:
        batch: What runs.
        terminal: What people look at.
        data: Where events are written to, if anywhere.
        serial: Whether everything runs in this process.
    """

    def __init__(self, batch: Batch, terminal: Terminal, data: TextIO | None, *, serial: bool):
        self.terminal = terminal
        self.console = Console(terminal)
        self.interruption = Interruption(self._stop, self._kill, self.console.interject)
        self._batch = batch
        self._data = data
        self._serial = serial
        self.problem = ""
        """Why events are not written any more."""

    @property
    def runs(self) -> bool:
        """Whether the run has begun; before that, it may wait for the tree."""
        return bool(self.console.state.run)

    def feed(self, event: events.Event) -> None:
        """Show what happened."""
        if self.interruption.killed:  # the deaths of workers that were killed are no news
            self.console.state.feed(event)
        else:
            self.console.feed(event)
        if self._data is not None and not isinstance(event, events.Tick):
            self._write(self._data, event)

    def _write(self, data: TextIO, event: events.Event) -> None:
        try:
            data.write('{"schema": 1, ' + events.to_json(event)[1:] + "\n")
            data.flush()
        except BrokenPipeError:  # who read it has seen enough
            raise
        except OSError as error:
            self._data = None
            give_up_stdout()
            self.problem = f"cannot write to stdout: {error.strerror}"
            self.console.say(f"warning: {self.problem}; the run goes on without")

    def _stop(self) -> None:
        if not self.runs:
            raise KeyboardInterrupt  # there is nothing that could be finished
        self._batch.stop()

    def _kill(self) -> None:
        if self._serial or not self.runs:
            raise KeyboardInterrupt  # what runs, runs in this process
        self._batch.kill()


def _name_holders(workplaces: Workplaces, console: Console) -> None:
    """Say which other runs may have to be waited for."""
    for top in sorted({place.tree for place in workplaces.values()}):
        for holder in holders(top):
            console.say(clean(f"{holder}; waiting for it where it is in the way"))


def _forget_killed(summary: Summary) -> None:
    """Leave out of the failures what failed because it was killed."""
    summary.failures = [failure for failure in summary.failures if not failure.error.startswith("crashed: killed by")]
    broken = {task for failure in summary.failures for task in failure.tasks}
    summary.unfinished += [task for task in summary.failed if task not in broken]
    summary.failed = [task for task in summary.failed if task in broken]


@contextlib.contextmanager
def _stdout_for_data(*, serial: bool) -> Iterator[None]:
    """Have what stages print in this very process go to stderr; workers capture it."""
    if not serial:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _defaults(options: Options) -> Limits | None:
    """Return what holds for stages that do not limit themselves, if anything does."""
    if options.timeout is None and options.retries is None:
        return None
    return Limits(options.timeout, options.retries)
