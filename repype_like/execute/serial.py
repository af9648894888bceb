"""Runs units one after the other in this process, so that a debugger can be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repype_like.execute.messages import Message, UnitDone
from repype_like.execute.surroundings import Surroundings
from repype_like.execute.unit import run_unit
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Files, Unit

__all__ = ["SerialExecutor"]


class SerialExecutor:
    """Runs units in this process; see :class:`repype_like.execute.run.Executor`."""

    def __init__(self) -> None:
        self.stopped = False
        """Whether no further unit is started."""

    def run(self, units: Sequence[Unit], workplaces: Workplaces) -> Iterator[Message]:
        """Yield what happens while `units` run, in order."""
        surroundings, files = Surroundings(), Files()
        messages: list[Message] = []
        for position, unit in enumerate(units):
            if self.stopped:
                return
            try:
                succeeded = run_unit(unit, workplaces, messages.append, surroundings, files)
            except KeyboardInterrupt:
                yield from messages  # what was finished is kept
                raise
            yield from messages
            messages.clear()
            yield UnitDone(position, not succeeded)

    def stop(self) -> None:
        """Start no further unit."""
        self.stopped = True

    def kill(self) -> None:
        """Do the same: what runs, runs in this very process, and ends with it."""
        self.stopped = True
