"""Hands units out to a cluster in batches, and sees to it that each is done once, whatever becomes of its worker."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from repype_like import events
from repype_like.execute.budget import Needs, needs_of
from repype_like.execute.dask.cluster import Cluster, ClusterLostError, Ended, NoWorkersError, Part
from repype_like.execute.dask.flight import Flight
from repype_like.execute.dask.host import MOST_SENT
from repype_like.execute.dask.job import MismatchError
from repype_like.execute.dask.protocol import GivenBack, begin_once, begun_by, last_words, pack, sibling
from repype_like.execute.dask.tokens import Tokens
from repype_like.execute.death import report_of_death
from repype_like.execute.messages import Happened, Message, Passed, Pause, UnitDone
from repype_like.execute.schedule import Schedule
from repype_like.execute.unit import with_worker
from repype_like.execute.wire import unpacked
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit
from repype_like.typing import Protocol, cast

__all__ = ["Dispatch"]

_BATCH_SECONDS = 1.0
"""Units are handed out in batches of about this duration: a batch costs some milliseconds on its way, and as many for
the process that is made for it."""

_HELD_UP_SECONDS = 1.0
"""How long a batch may have been under way until what it has not begun is taken back for workers that are idle."""

_MOST_BATCHED = 256
_LOOK_SECONDS = 0.05

_MOST_DEATHS = 2
"""How many workers a unit may take with it before it is left alone."""

_LATE_SECONDS = 20.0
"""How long to wait for the last that a batch has said, when it is known to have ended."""

_LAST_WORDS_SECONDS = 2.0
"""How long to wait for what an agent had to say when its host was lost. Where it was lost as well, it says nothing."""


class _Orders(Protocol):
    stopped: bool
    killed: bool
    dropped: frozenset[str]


class Dispatch:
    """Runs units on a cluster.

    Arguments:
        cluster: The cluster.
        job: What it knows of the tasks.
        units: The units.
        workplaces: The tasks.
        tell: Told what happens.
        orders: Whether to stop, or to end at once; and the tasks that nothing more is to be done for.
        wait: Seconds after which a run without workers is given up.
        available: How many there are of what stages name in their `resources`.
        first: The number of the first batch.
    """

    def __init__(self, cluster: Cluster, job: Path, units: Sequence[Unit], workplaces: Workplaces,
                 tell: Callable[[Message], None], orders: _Orders, wait: float, available: Mapping[str, float],
                 first: int):
        self._cluster = cluster
        self._job = job
        self._units = units
        self._places = workplaces
        self._tokens = Tokens(available, cluster.offered)
        self._tell = tell
        self._orders = orders
        self._wait = wait
        self._plan = self._next = first
        self._schedule = Schedule(units)
        self._flights: dict[int, Flight] = {}
        self._deaths: Counter[int] = Counter()
        self._numbers: dict[str, int] = {}
        """What workers are called where they are shown."""
        self._seconds_per_unit = math.inf
        self._alone_since: float | None = None
        self._saved = 0
        self._stopping = False

    def run(self) -> int:
        """Run the units, and return the number of the next batch.

        Raises:
            ClusterLostError, NoWorkersError, MismatchError: If the cluster cannot go on.
        """
        try:
            while self._flights or (self._schedule.ready and not self._orders.stopped):
                self._obey()
                self._give_up()
                self._hand_out()
                for news in self._cluster.news(_LOOK_SECONDS):
                    self._take_in(news)
                self._check()
                self._tell(Pause())
        finally:
            if self._flights:
                self._end()
        return self._next

    # --- handing out -------------------------------------------------------------------------------------------------

    def _obey(self) -> None:
        if self._orders.killed:
            self._schedule.ready.clear()
            self._end()
        elif self._orders.stopped and not self._stopping:
            self._stopping = True
            for number, flight in list(self._flights.items()):
                self._call_off(number, flight)
            self._cluster.order(self._job, "stop")

    def _call_off(self, number: int, flight: Flight) -> bool:
        """Forget a batch that has not begun, and tell whether it had not."""
        if flight.worker or not begin_once(self._job, number, "nobody"):  # or it has begun just now
            return False
        del self._flights[number]
        self._tokens.give_back(number)
        flight.future.cancel()
        return True

    def works_for(self, tasks: Collection[str]) -> bool:
        """Tell whether any unit for one of these tasks runs, or could begin."""
        under_way = (position for flight in self._flights.values() for position in flight.left)
        positions = [*self._schedule.ready, *under_way]
        return any(not self._units[position].tasks.isdisjoint(tasks) for position in positions)

    def _give_up(self) -> None:
        """Take away the units for tasks that were dropped. Those that share a batch with them are done by others."""
        if not self._orders.dropped:
            return
        for number, flight in list(self._flights.items()):
            if not any(map(self._is_dropped, flight.left)) or flight.given_up:
                continue
            if self._call_off(number, flight):
                self._put_back(list(flight.left), flight)
            elif flight.worker and self._is_dropped(flight.left[0]):
                flight.given_up = True
                self._cluster.order(self._job, "kill", [flight.worker], [number])
            elif flight.worker and not flight.recalled:
                flight.recalled = True
                self._cluster.order(self._job, "recall", [flight.worker], [number])
        while dropped := [position for position in self._schedule.ready if self._is_dropped(position)]:
            for position in dropped:
                self._schedule.ready.remove(position)
                self._done(UnitDone(position, failed=True))

    def _is_dropped(self, position: int) -> bool:
        return not self._units[position].tasks.isdisjoint(self._orders.dropped)

    def _end(self) -> None:
        """End what runs, and forget it."""
        flights, self._flights = self._flights, {}
        self._cluster.order(self._job, "kill")
        if not self._cluster.is_lost():
            for flight in flights.values():
                flight.future.cancel()

    def _hand_out(self) -> None:
        if self._orders.stopped:
            return
        threads = sum(self._cluster.workers().values())
        self._hand_out_ready(threads)
        if not self._schedule.ready:
            if self._call_back():
                self._hand_out_ready(threads)
            if len(self._flights) < threads:
                self._recall()

    def _hand_out_ready(self, threads: int) -> None:
        while self._schedule.ready and len(self._flights) < self._most(threads):
            batch = self._batch(threads)
            if not batch:
                break
            self._submit(batch)

    def _most(self, threads: int) -> int:
        """Return how many batches may be under way.

        There is one ahead for each thread, so that none waits for the next one. What holds something scarce, which
        nobody else can have meanwhile, is ahead only while there is plenty to do.
        """
        ready = self._schedule.ready
        may_wait = len(ready) > 4 * threads or self._needs(ready[0]).is_plain
        return 2 * threads if may_wait else threads

    def _batch(self, threads: int) -> list[int]:
        """Take units that may begin, to be handed out together; none if all that wait need what others hold."""
        ready = self._schedule.ready
        first = next((position for position in ready if self._tokens.fit(self._needs(position).tokens)), None)
        if first is None:
            return []
        fair = len(ready) // (2 * threads)
        count = max(1, min(fair, int(_BATCH_SECONDS / max(self._seconds_per_unit, 1e-6)), _MOST_BATCHED))
        ready.remove(first)
        batch = [first]
        needs = self._needs(first)
        while len(batch) < count and ready and self._needs(ready[0]) == needs and not (
                self._deaths[first] or self._deaths[ready[0]]):
            batch.append(ready.popleft())
        return batch

    def _needs(self, position: int) -> Needs:
        return needs_of(self._units[position], self._places, {})

    def _submit(self, batch: list[int]) -> None:
        number, self._next = self._next, self._next + 1
        units = pack([(self._units[position], self._schedule.given(position)) for position in batch])
        if len(units) > MOST_SENT:
            sibling(self._job, f"b{number}u").write_bytes(units)
            units = b""
        needs = self._needs(batch[0])
        resources = self._tokens.take(number, needs)
        place = "" if resources else self._idlest()  # who has them is for Dask to say
        future = self._cluster.submit(self._job, self._plan, number, units, needs, resources, place)
        self._flights[number] = Flight(batch, future, list(batch), place)

    def _load(self) -> Counter[str]:
        """Return how many batches each worker has."""
        return Counter(flight.worker or flight.place for flight in self._flights.values())

    def _idlest(self) -> str:
        """Return the worker that has the least to do; empty if there is none."""
        load, threads = self._load(), self._cluster.workers()
        return min(threads, key=lambda worker: load[worker] / threads[worker], default="")

    def _call_back(self) -> bool:
        """Take back what waits behind something else while a worker has nothing to do; tell whether there was any."""
        threads = self._cluster.workers()
        is_any = False
        for number, flight in list(self._flights.items()):
            load = self._load()
            if all(load[worker] >= count for worker, count in threads.items()):
                break
            waits = not flight.worker and load[flight.place] > threads.get(flight.place, math.inf)
            if waits and self._call_off(number, flight):
                self._put_back(list(flight.left), flight)
                is_any = True
        return is_any

    def _recall(self) -> None:
        """Have units back that wait behind a long one while other workers have nothing to do."""
        for number, flight in self._flights.items():
            if flight.worker and len(flight.left) > 1 and not flight.recalled and (
                    time.monotonic() - flight.since > _HELD_UP_SECONDS):
                flight.recalled = True
                self._cluster.order(self._job, "recall", [flight.worker], [number])

    # --- taking in ---------------------------------------------------------------------------------------------------

    def _take_in(self, news: Part | Ended) -> None:
        flight = self._flights.get(news.batch)
        if flight is None:
            return  # of a batch that was taken for lost, and was handed out anew
        if isinstance(news, Ended):
            flight.ended, flight.ended_at = news, flight.ended_at or time.monotonic()
        else:
            if news.result is not None:
                flight.result, flight.ended_at = news.result, flight.ended_at or time.monotonic()
            if news.result is None or "refused" in news.result:
                flight.begin(news.worker)
            path = sibling(self._job, news.file) if news.file else None
            data = path.read_bytes() if path is not None else news.data
            self._hear(flight, news.number, data)
            if path is not None:
                path.unlink(missing_ok=True)
        self._close(news.batch, flight)

    def _hear(self, flight: Flight, number: int, data: bytes) -> None:
        """Take in a piece of what is said of a batch, unless it was heard before."""
        if number > flight.heard:
            flight.heard = number
            for message in cast("list[Message | GivenBack]", unpacked(data)):
                self._understand(flight, message)

    def _understand(self, flight: Flight, message: Message | GivenBack) -> None:
        if isinstance(message, GivenBack):
            self._put_back([flight.units[index] for index in message.units], flight)
        elif isinstance(message, UnitDone):
            position = flight.units[message.unit]
            flight.left.remove(position)
            flight.node = -1
            self._saved += not message.failed
            self._done(UnitDone(position, message.failed))
        elif isinstance(message, Passed):
            self._schedule.note(message)
        elif isinstance(message, Happened):
            event = message.event
            if isinstance(event, events.StageStarted):
                flight.node = self._node_of(flight, event)
            number = self._numbers.setdefault(flight.worker, len(self._numbers))
            self._tell(Happened(with_worker(event, number)))
        else:
            self._tell(message)

    def _node_of(self, flight: Flight, event: events.StageStarted) -> int:
        unit = self._units[flight.left[0]] if flight.left else None
        return next((index for index, node in enumerate(unit.nodes if unit is not None else ())
                     if node.stage == event.stage and event.task in node.tasks), -1)

    def _put_back(self, positions: list[int], flight: Flight) -> None:
        for position in positions:
            flight.left.remove(position)
        self._schedule.ready.extendleft(reversed(positions))

    def _close(self, number: int, flight: Flight) -> None:
        """Put away a batch that has ended, when all that it has said was heard."""
        if not flight.ended_at:
            return
        result, waited = flight.result, time.monotonic() - flight.ended_at
        if result is None and flight.ended is not None and flight.ended.cause == "finished" and waited < _LATE_SECONDS:
            return  # that is on its way
        if result is None or "again" in result:
            words = last_words(self._job, number)
            begun = flight.worker or result is not None
            if begun and not words and waited < _LAST_WORDS_SECONDS:
                return
            for said in words:
                self._hear(flight, said.number, said.data)
        del self._flights[number]
        self._tokens.give_back(number)
        if result is None:
            self._close_without_result(flight)
        elif "refused" in result:
            self._refuse(flight.worker, result["refused"])
        elif "again" in result or "died" in result:
            self._bury(flight, result.get("died", "its worker was lost"))
        else:
            self._seconds_per_unit = result["seconds"] / len(flight.units)
        self._put_back(list(flight.left), flight)

    def _close_without_result(self, flight: Flight) -> None:
        ended = flight.ended
        if ended is None:
            return
        error = type(ended.error).__name__
        if ended.cause == "finished" or error == "KilledWorker":
            self._bury(flight, "its worker was lost")
        elif ended.cause == "error":
            raise MismatchError(f"a worker cannot run what it is sent: {error}: {ended.error}; install the same "
                                "versions of repype_like and of Dask for it")
        else:
            self._raise_lost()

    def _refuse(self, worker: str, reason: str) -> None:
        """Use a worker no more that does not have what the work was planned with."""
        self._cluster.refused[worker] = reason
        text = f"the worker {worker} is not used: {reason}"
        self._tell(Happened(events.Warned(message=text)))
        if not self._cluster.workers():
            raise MismatchError(f"no worker can be used; {text}")

    def _bury(self, flight: Flight, cause: str) -> None:
        """Take down that a batch was lost with its worker; whoever was running is suspected."""
        if not flight.left or flight.given_up:
            return
        suspect = flight.left[0]
        self._deaths[suspect] += 1
        if self._deaths[suspect] < _MOST_DEATHS:
            where = flight.worker or "a worker"
            self._tell(Happened(events.Warned(message=f"{where} was lost ({cause}); what it was at is done again")))
            return
        flight.left.remove(suspect)
        told = f"crashed: {cause}, {_MOST_DEATHS} times while it ran"
        self._tell(Happened(report_of_death(self._units[suspect], flight.node, told, "")))
        self._done(UnitDone(suspect, failed=True))

    def _done(self, message: UnitDone) -> None:
        self._tell(message)
        for position in self._schedule.done(message.unit):
            self._tell(UnitDone(position, failed=True))

    # --- whether there is a cluster ----------------------------------------------------------------------------------

    def _check(self) -> None:
        if self._orders.killed:
            return
        if self._cluster.is_lost():
            self._raise_lost()
        workers = self._cluster.workers()
        for number, flight in list(self._flights.items()):
            self._give_up_lost(number, flight)
            self._close(number, flight)
        if workers:
            self._alone_since = None
            return
        self._alone_since = self._alone_since or time.monotonic()
        if time.monotonic() - self._alone_since > self._wait:
            raise NoWorkersError(f"the cluster at {self._cluster.address} has had no workers for {self._wait:.0f} s; "
                                 f"{self._kept()}")

    def _give_up_lost(self, number: int, flight: Flight) -> None:
        """Look after a batch whose worker is gone. Dask may wait for just that worker, as no other was there."""
        where = flight.worker or flight.place
        if flight.ended_at or not where or not self._cluster.is_gone(where, flight.since):
            return
        if self._call_off(number, flight):
            self._put_back(list(flight.left), flight)
        elif flight.worker:
            flight.future.cancel()
            flight.result, flight.ended_at = {"again": True}, time.monotonic()
        elif who := begun_by(self._job, number):  # maybe another one, of which we have not heard, and may never hear
            flight.begin(who)

    def _raise_lost(self) -> None:
        raise ClusterLostError(f"lost the cluster at {self._cluster.address}; {self._kept()}")

    def _kept(self) -> str:
        inputs = "1 input is" if self._saved == 1 else f"{self._saved} inputs are"
        return f"{inputs} saved, run again to continue"
