"""Runs units one after the other in this process, so that a debugger can be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

    def run(self, units: Sequence[Unit], workplaces: Workplaces, tell: Callable[[Message], None]) -> None:
        """Run units in order; what happens is told as it happens."""
        surroundings, files = Surroundings(), Files()
        mouth = _Mouth(tell)
        for position, unit in enumerate(units):
            if self.stopped:
                return
            succeeded = run_unit(unit, workplaces, mouth, surroundings, files)
            mouth.check()
            tell(UnitDone(position, not succeeded))

    def stop(self) -> None:
        """Start no further unit."""
        self.stopped = True

    def kill(self) -> None:
        """Do the same: what runs, runs in this very process, and ends with it."""
        self.stopped = True


class _Mouth:
    """Hands messages on. If the listener fails, that is not the fault of the stage which has said something."""

    def __init__(self, tell: Callable[[Message], None]):
        self._tell = tell
        self._error: Exception | None = None

    def __call__(self, message: Message) -> None:
        if self._error is None:
            try:
                self._tell(message)
            except Exception as error:  # noqa: BLE001  kept for :meth:`check`
                self._error = error

    def check(self) -> None:
        """Raise what the listener raised."""
        if self._error is not None:
            raise self._error
