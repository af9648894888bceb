"""What every executor is to the run: where units of work are done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from repype_like.execute.messages import Message
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit
from repype_like.typing import Protocol

__all__ = ["DroppingExecutor", "Executor"]


class Executor(Protocol):
    """Where units are run.

    What an executor owes: a unit begins when all those in its `after` are done, whether they succeeded or not, and is
    given what they have passed on; :class:`~repype_like.execute.schedule.Schedule` keeps account of both. What happens
    in a unit is told in order, and that it is done last of all: :class:`UnitDone` comes once for each unit that was
    run, and for each that cannot do anything because what it reads was not made.
    """

    @property
    def workers(self) -> int:
        """How many units it runs at the same time, about. If there are few for so many, they are cut into pieces."""

    @property
    def stopped(self) -> bool:
        """Whether no further unit is started."""

    def run(self, units: Sequence[Unit], workplaces: Workplaces, tell: Callable[[Message], None]) -> None:
        """Run `units`, and tell what happens as it happens. What `tell` raises ends the run.

        May be called several times, one after the other.
        """

    def stop(self) -> None:
        """Start no further unit; those that run are finished."""

    def kill(self) -> None:
        """End everything now."""


class DroppingExecutor(Executor, Protocol):
    """One that can leave tasks while it goes on with others."""

    def drop(self, tasks: Iterable[str]) -> None:
        """Do nothing more for these tasks; what runs for them is ended.

        Work that is for others as well is given up with them: it has to be planned anew.
        """

    def works_for(self, tasks: Collection[str]) -> bool:
        """Tell whether any unit for one of these tasks runs, or could begin."""
