"""The process in which stages run on a cluster: ``python -m repype_like.batch.agent DESCRIPTOR``.

It is started by the host in a worker of Dask, makes the tasks of one run, runs units of work in a worker process of its
own, as a run without a cluster does, and tells what happens. It ends when its host does, or when it has had nothing to
do for a while.
"""

from __future__ import annotations

import os
import sys

if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109  see repype_like.__main__
    del sys.path[0]

import contextlib
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from repype_like.batch.memory_limit import MemoryLimit
from repype_like.batch.parcels import ReceivedTasks
from repype_like.collector import collector_relieved, last_collection_skipped
from repype_like.errors import RepypeError
from repype_like.events import StageFailed
from repype_like.execute.crew import Crew
from repype_like.execute.dask.job import MismatchError, read_job
from repype_like.execute.dask.protocol import (
    Done,
    GivenBack,
    Open,
    Order,
    Ready,
    Refused,
    Run,
    Said,
    leave_last_words,
    send,
    unpack,
)
from repype_like.execute.local import LocalExecutor
from repype_like.execute.messages import Happened, Message, Passed, Pause, UnitDone
from repype_like.execute.schedule import Given, Schedule
from repype_like.execute.wire import packed
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit

__all__ = ["Agent", "Batch", "main"]

_IDLE_SECONDS = 30.0
"""How long an agent waits for work. A run that needs it after all makes another one."""

_KEPT_SECONDS = 2.0
"""How long the worker process waits for another batch, with what its stages have left in memory. One is made within
milliseconds."""

_FLUSH_SECONDS = 0.05
"""How long a message waits for others to travel with."""

_REPEATED = 100
"""How much of what it has said an agent repeats when its host is gone."""

_LOOKS_UNTIL_RECALLED = 3


def main() -> None:
    """Serve the host at the other end of the descriptor that is given as argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides what Ctrl-C means
    pipe = Connection(int(sys.argv[1]))
    os.set_inheritable(pipe.fileno(), False)
    try:
        opening = pickle.loads(pipe.recv_bytes())
        agent = Agent(pipe, opening.job, _open(opening))
        last_collection_skipped()
        with contextlib.closing(agent), collector_relieved():  # so are the worker processes, which are forked
            send(pipe, Ready())
            agent.serve()
    except RepypeError as error:
        send(pipe, Refused(str(error)))
    except (EOFError, ConnectionError):
        return


def _open(opening: Open) -> ReceivedTasks:
    job = read_job(opening.job)
    try:
        os.chdir(job.directory)
    except OSError as error:
        raise MismatchError(f"the directory {job.directory}, in which the run was started, cannot be entered there: "
                            f"{error.strerror}") from error
    tasks = ReceivedTasks(job)
    tasks.check_versions()
    if opening.check:
        tasks.check_samples()
    return tasks


class Agent:
    """Runs batches of units of one run.

    The worker process is kept from batch to batch, as it is in a run without a cluster. As there, work that was planned
    anew is done by a fresh one. So are tasks that it was started without: what runs is what was compared with the plan.

    Arguments:
        pipe: Leads to the host.
        job: The job file.
        tasks: The tasks of the run.
    """

    def __init__(self, pipe: Connection, job: Path, tasks: ReceivedTasks):
        self._pipe = pipe
        self._job = job
        self._tasks = tasks
        self._crew = Crew()
        self._plan = -1

    def serve(self) -> None:
        """Run what comes, until there is nothing to do, or nobody to do it for.

        Raises:
            MismatchError: If a task is not here what was planned.
        """
        while self._has_news():
            message = pickle.loads(self._pipe.recv_bytes())
            if isinstance(message, Run):
                if not self._run(message):
                    return
                send(self._pipe, Done())
            elif isinstance(message, Order) and message.word == "kill":
                return

    def close(self) -> None:
        """End the worker process."""
        self._crew.close()

    def _has_news(self) -> bool:
        """Wait for something to do, and tell whether there is any. The worker process does not wait for long."""
        if self._pipe.poll(_KEPT_SECONDS):
            return True
        self._crew.close()
        return self._pipe.poll(_IDLE_SECONDS)

    def _run(self, work: Run) -> bool:
        """Run a batch, and tell whether to go on afterwards."""
        batch = Batch(self._pipe, work, self._job, self._crew)
        if self._tasks.load(batch.tasks) or work.plan != self._plan:
            self._plan = work.plan
            self._crew.close()
        goes_on = batch.run(self._tasks)
        if batch.memory.is_half_taken():
            self._crew.close()
        return goes_on


class Batch:
    """Units that an agent is given together."""

    def __init__(self, pipe: Connection, work: Run, job: Path, crew: Crew):
        self._pipe = pipe
        self._work = work
        self._job = job
        self._units, self._given = unpack(work.units)
        self.memory = MemoryLimit(work.memory)
        """What its stages may take."""
        self._executor = LocalExecutor(1, lambda units: _Relay(units, self._given, self._said.append), cores=1,
                                       devices=work.devices, crew=crew)
        self._left = list(range(len(self._units)))
        self._looks = 0
        """How many times the executor has looked around since the units were recalled."""
        self._recalled = False
        self._killed = False
        self._said: list[Message | GivenBack] = []
        self._flushed = time.monotonic()
        self._number = 0
        self._latest: deque[Said] = deque(maxlen=_REPEATED)
        self._is_orphan = False
        """Whether the host is gone."""

    @property
    def tasks(self) -> set[str]:
        """The tasks that the units are for."""
        return {task for unit in self._units for task in unit.tasks}

    def run(self, tasks: Workplaces) -> bool:
        """Run the units, and tell whether the agent is to go on afterwards."""
        self._executor.run(self._units, tasks, self._tell)
        self._flush()
        if self._is_orphan:  # what was sent while the host died was heard by nobody
            leave_last_words(self._job, self._work.batch, list(self._latest))
        return not self._killed

    def _tell(self, message: Message) -> None:
        if isinstance(message, Pause):
            self._obey()
            self.memory.enforce()
            if time.monotonic() - self._flushed > _FLUSH_SECONDS:
                self._flush()
            return
        if isinstance(message, UnitDone):
            self._left.remove(message.unit)
        elif isinstance(message, Happened) and isinstance(message.event, StageFailed):
            message = Happened(self.memory.explained(message.event))
        self._said.append(message)

    def _obey(self) -> None:
        try:
            while self._pipe.poll(0):
                self._follow(pickle.loads(self._pipe.recv_bytes()).word)
        except (EOFError, OSError):
            self._is_orphan = True
            self._follow("kill")
        if self._recalled:
            self._give_back()

    def _follow(self, word: str) -> None:
        if word == "kill":
            self._killed = True
            self._executor.kill()
        else:
            self._executor.stop()
            self._recalled = self._recalled or word == "recall"

    def _give_back(self) -> None:
        """Give back all units but the first that is left, as soon as it is certain that none of them begins."""
        self._looks += 1
        if self._looks == _LOOKS_UNTIL_RECALLED and len(self._left) > 1:
            self._said.append(GivenBack(tuple(self._left[1:])))
            del self._left[1:]
            self._flush()

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        if self._said:
            self._number += 1
            said = Said(self._number, packed(self._said))
            self._said.clear()
            self._latest.append(said)
            if not send(self._pipe, said):
                self._is_orphan = True


class _Relay(Schedule):
    """Has the account of what units pass on to each other kept by the coordinator, which knows all units."""

    def __init__(self, units: Sequence[Unit], given: Sequence[Given], tell: Callable[[Message], None]):
        super().__init__(units)
        self._given = given
        self._tell = tell

    def note(self, message: Passed) -> None:
        """Pass it on."""
        self._tell(message)

    def given(self, position: int) -> Given:
        """Return what came with the unit."""
        return self._given[position]


if __name__ == "__main__":
    main()
