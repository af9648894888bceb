"""Runs units one after the other in this process, so that a debugger can be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from repype_like.execute.activation import Activation
from repype_like.execute.devices import Devices
from repype_like.execute.messages import Message, Passed, UnitDone
from repype_like.execute.schedule import Schedule
from repype_like.execute.surroundings import Surroundings
from repype_like.execute.unit import run_unit
from repype_like.execute.workplace import Workplaces
from repype_like.plan import GPUS, Files, Unit

__all__ = ["SerialExecutor"]


class SerialExecutor:
    """Runs units in this process; see :class:`repype_like.execute.executor.Executor`.

    Arguments:
        available: How many there are of what stages name in their `resources`; only GPUs matter here.
    """

    workers = 1

    def __init__(self, available: Mapping[str, float] | None = None) -> None:
        self._devices = Devices((available or {}).get(GPUS))
        self.stopped = False
        """Whether no further unit is started."""

    def run(self, units: Sequence[Unit], workplaces: Workplaces, tell: Callable[[Message], None]) -> None:
        """Run units; what happens is told as it happens."""
        surroundings, files, schedule = Surroundings(lambda: self._devices.names), Files(), Schedule(units)
        mouth = _Mouth(tell, schedule)
        with Activation() as activation:
            while schedule.ready and not self.stopped:
                position = schedule.ready.popleft()
                activation.use(units[position], workplaces)
                succeeded = run_unit(units[position], workplaces, mouth.say, surroundings, files,
                                     schedule.given(position))
                mouth.check()
                tell(UnitDone(position, not succeeded))
                for hopeless in schedule.done(position):
                    tell(UnitDone(hopeless, True))

    def stop(self) -> None:
        """Start no further unit."""
        self.stopped = True

    def kill(self) -> None:
        """Do the same: what runs, runs in this very process, and ends with it."""
        self.stopped = True


class _Mouth:
    """Hands messages on. If the listener fails, that is not the fault of the stage which has said something."""

    def __init__(self, tell: Callable[[Message], None], schedule: Schedule):
        self._tell = tell
        self._schedule = schedule
        self._error: Exception | None = None

    def say(self, message: Message) -> None:
        """Tell the listener, or keep what it raised earlier."""
        if isinstance(message, Passed):
            self._schedule.note(message)
        elif self._error is None:
            try:
                self._tell(message)
            except Exception as error:  # noqa: BLE001  kept for :meth:`check`
                self._error = error

    def check(self) -> None:
        """Raise what the listener raised."""
        if self._error is not None:
            raise self._error
