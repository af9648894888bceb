"""The program of a helper: takes orders through a pipe, until it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from repype_like import events
from repype_like.batch.executors import worker_executor_for
from repype_like.batch.update import Control, bring_up_to_date
from repype_like.cli.live.attention import Attention
from repype_like.cli.live.looking import Sight, look
from repype_like.errors import RepypeError, SpecError
from repype_like.execute.executor import DroppingExecutor
from repype_like.execute.messages import Message, Pause
from repype_like.execute.worker import die_with
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Files, Plan, Request, Unit, task_key
from repype_like.typing import TYPE_CHECKING
from repype_like.watch import (
    Answer,
    Drop,
    Ended,
    Happened,
    Held,
    Kill,
    Look,
    Looked,
    Refused,
    Released,
    Run,
    without,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["main"]


def main(descriptor: int) -> None:
    """Serve the watcher at the other end of a pipe."""
    from multiprocessing.connection import Connection

    die_with(os.getppid())
    _Helper(Connection(descriptor)).serve()


class _Helper:
    def __init__(self, connection: Connection):
        self.connection = connection
        self.attention = Attention()
        self.sight: Sight | None = None

    def serve(self) -> None:
        while True:
            try:
                order = self.connection.recv()
            except (EOFError, OSError):
                return
            if isinstance(order, Look):
                self.connection.send(self._look(order))
            elif isinstance(order, Run) and self.sight is not None:
                self.connection.send(_Running(self.connection, self.sight, order).run())

    def _look(self, order: Look) -> Answer:
        try:
            self.sight = look(order.path, order.held, self.attention)
        except RepypeError as error:
            self.sight = None
            return Refused(_words(error))
        return Looked(self.sight.report)


class _Running:
    """One run, which may be told to leave tasks while it goes on."""

    def __init__(self, connection: Connection, sight: Sight, order: Run):
        self.connection = connection
        self.sight = sight
        self.order = order
        shown = {task.name for task in sight.report.tasks}  # others are there because they are read
        self.workplaces = {name: place for name, place in sight.workplaces.items()
                           if name in order.tasks or name not in shown}
        self.held = tuple(item for item in sight.report.held
                          if not self.workplaces.keys().isdisjoint(item.failure.tasks))
        self.control = Control(locked=True, failures=tuple(item.failure for item in self.held))
        self.executor: _SteeredExecutor | None = None
        self.failed: list[Held] = []
        self.has_planned = False

    def run(self) -> Ended:
        batch = self.sight.selection.batch
        try:
            with worker_executor_for(self.order.jobs, self.order.cluster, batch.make_job, self._tell) as executor:
                self.executor = _SteeredExecutor(executor, self.connection, self.control)
                bring_up_to_date(self._plan(self.workplaces, Request()), self.workplaces, Request(), self.executor,
                                 self._tell, self._plan, batch.root, self.order.command, False, self.control)
        except RepypeError as error:
            return Ended(tuple(self.failed), _words(error))
        return Ended(tuple(self.failed))

    def _plan(self, workplaces: Workplaces, request: Request) -> Plan:
        """Plan what is left of the tasks, without what would only fail once more."""
        left = {name: place for name, place in workplaces.items() if name not in self.control.dropped}
        plan, is_first = self.sight.plan, not self.has_planned
        self.has_planned = True
        if not is_first or left.keys() != {task.task for task in plan.tasks if task.pending or task.refresh}:
            plan = self.sight.selection.batch.plan(left, request)
        return without(self.held, plan)

    def _tell(self, event: events.Event) -> None:
        if isinstance(event, events.StageFailed):
            if self.executor is not None and self.executor.is_killed:  # that workers die then is no news
                return
            self.failed.append(self._as_held(event))
        self.connection.send(Happened(event))

    def _as_held(self, failure: events.StageFailed) -> Held:
        files = Files()
        met = {path: files.content(Path(path)) for path in failure.met} if failure.met is not None else None
        return Held(failure, task_key(self.workplaces[failure.task].view), met=met)


class _SteeredExecutor:
    """Takes orders while another executor runs units."""

    def __init__(self, executor: DroppingExecutor, connection: Connection, control: Control):
        self._executor = executor
        self.is_killed = False
        self._connection = connection
        self._control = control
        self._dropping: set[str] = set()

    @property
    def workers(self) -> int:
        return self._executor.workers

    @property
    def stopped(self) -> bool:
        return self._executor.stopped

    def run(self, units: Sequence[Unit], workplaces: Workplaces, tell: Callable[[Message], None]) -> None:
        def listen(message: Message) -> None:
            tell(message)
            if isinstance(message, Pause):
                self._take_orders()

        self._executor.run(units, workplaces, listen)

    def stop(self) -> None:
        self._executor.stop()

    def kill(self) -> None:
        self._executor.kill()

    def _take_orders(self) -> None:
        while self._connection.poll():
            try:
                order = self._connection.recv()
            except (EOFError, OSError):  # nobody is there any more
                order = Kill()
            if isinstance(order, Kill):
                self.is_killed = True
                self.kill()
                return
            if isinstance(order, Drop):
                self._dropping.update(order.tasks)
                self._control.dropped.update(order.tasks)
                self._executor.drop(order.tasks)
        if self._dropping and not self._executor.works_for(self._dropping):
            self._connection.send(Released(tuple(sorted(self._dropping))))
            self._dropping.clear()


def _words(error: RepypeError) -> str:
    from repype_like.cli.words import problem_words

    if isinstance(error, SpecError):
        return "\n".join(map(problem_words, error.problems))
    return str(error)
