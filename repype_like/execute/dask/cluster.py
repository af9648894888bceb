"""The connection to a cluster of Dask: who is there, what is sent and heard, and whether it is lost."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from repype_like.errors import RepypeError, UsageError
from repype_like.execute.budget import Needs
from repype_like.execute.dask import host
from repype_like.execute.dask.job import MismatchError
from repype_like.execute.dask.library import import_distributed
from repype_like.execute.dask.local import LocalCluster
from repype_like.typing import Any

__all__ = ["Cluster", "ClusterLostError", "Ended", "News", "NoWorkersError", "Part"]

_LOOK_SECONDS = 1.0
"""How often the workers are counted."""

_REPLY_SECONDS = 5.0
"""How long an order to the workers may take. It is no more than a wish: a worker may be gone."""

_COMPARED = ("dask", "distributed")


class ClusterLostError(RepypeError):
    """The scheduler cannot be reached any more."""


class NoWorkersError(RepypeError):
    """There is no worker, and there has been none for too long."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of what a worker says of a batch."""

    batch: int
    worker: str
    number: int
    """Counts the pieces; 0 for one without messages."""
    data: bytes
    """Messages, packed."""
    file: str
    """Where they are instead, if they are too large for the way through the scheduler."""
    result: Mapping[str, Any] | None
    """What came of the batch, if this is the last piece."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The task of Dask for a batch has ended."""

    batch: int
    cause: str
    """``finished``, ``error``, or ``cancelled`` and the like."""
    error: BaseException | None = None


News = Part | Ended


class Cluster:
    """The cluster at an address.

    Arguments:
        address: The address of the scheduler, the path of its scheduler file, or ``local``.
        processes: The number of workers of a local cluster.
        seconds: How long to try to reach the scheduler.

    Raises:
        UsageError: If Dask is not installed, or `address` is none.
        RepypeError: If there is no scheduler at that address.
    """

    def __init__(self, address: str, processes: int, seconds: float):
        if find_spec("distributed") is None:
            raise UsageError('running on a cluster needs Dask, which is not installed; install it with: pip install '
                             '"repype_like[dask]"')
        is_file = Path(address).is_file()
        if address != "local" and ":" not in address and not is_file:
            raise UsageError(f'"{address}" is neither the address of a Dask scheduler nor its scheduler file: give '
                             "tcp://HOST:PORT, the path of the file, or local")
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._client: Any = None
        self._silence = contextlib.ExitStack()
        self._own = LocalCluster(processes) if address == "local" else None
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            distributed = import_distributed()  # meanwhile, a cluster of our own starts
            self._silence = _Silence()
            self.address = self._own.address if self._own is not None else address
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # versions are compared in our own way
                    where = {"scheduler_file" if is_file else "address": self.address}
                    self._client = distributed.Client(**where, timeout=seconds, set_as_default=False)
            except (OSError, ValueError, TypeError) as error:
                raise RepypeError(f"there is no Dask scheduler at {address}: {error}; start one with: dask scheduler"
                                  ) from error
            undo.pop_all()
        self.topic: str = self._client.id  # the scheduler forgets what was said there when the client goes
        self._client.subscribe_topic(self.topic, self._hear)
        self._refused: dict[str, str] = {}
        self._threads: dict[str, int] = {}
        self._counted = self._known = 0.0
        self._offers: dict[str, float] = {}
        self._asked = 0.0

    # --- who is there ------------------------------------------------------------------------------------------------

    def workers(self) -> dict[str, int]:
        """Return the addresses of the workers that can be used, each with its number of threads."""
        now = time.monotonic()
        if now - self._counted > _LOOK_SECONDS:
            with contextlib.suppress(Exception):  # the scheduler may be gone, which is found out elsewhere
                self._threads, self._known = dict(self._client.nthreads()), now
            self._counted = time.monotonic()
        return {worker: count for worker, count in self._threads.items() if worker not in self._refused}

    def is_gone(self, worker: str, since: float) -> bool:
        """Tell whether a worker that was there at that time, by the monotonic clock, is known to be gone."""
        return worker not in self._threads and self._known > since

    def offered(self) -> dict[str, float]:
        """Return the most that any worker offers of each resource."""
        now = time.monotonic()
        if now - self._asked > _LOOK_SECONDS:
            try:
                found = self._client.scheduler_info(n_workers=-1)
            except TypeError:  # an older version of Dask, which gives all
                found = self._client.scheduler_info()
            self._offers = {}
            for worker in found["workers"].values():
                for name, amount in (worker.get("resources") or {}).items():
                    self._offers[name] = max(amount, self._offers.get(name, 0.0))
            self._asked = now
        return self._offers

    @property
    def refused(self) -> dict[str, str]:
        """The workers that must not be used, each with the reason."""
        return self._refused

    def is_lost(self) -> bool:
        """Tell whether the scheduler cannot be reached any more."""
        return bool(self._client.status != "running")

    def compare_versions(self) -> None:
        """Raise a :class:`MismatchError` if scheduler or workers run another version of Dask."""
        versions = self._client.get_versions()
        here = versions["client"]["packages"]
        others = {"the scheduler": versions["scheduler"], **{
            f"the worker {address}": found for address, found in versions["workers"].items()}}
        for who, found in others.items():
            there = (found or {}).get("packages", here)
            wrong = [f"{name} {here.get(name)} here and {there.get(name)} there" for name in _COMPARED
                     if here.get(name) != there.get(name)]
            if wrong:
                raise MismatchError(f"{who} runs another version: {', '.join(wrong)}; install the same version")

    def probe(self, job: Path, expected: str) -> dict[str, str]:
        """Ask all workers whether they can take part in a run, and return the reason of each that cannot."""
        answers: Mapping[str, Any] = self._client.run(host.probe, job, expected, on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, OSError):
                continue  # it is gone, which is another matter
            if isinstance(answer, BaseException) and "No module named 'repype_like" in str(answer):
                self._refused[worker] = "it cannot import repype_like as it is here; install the same version for it"
            elif isinstance(answer, BaseException):
                self._refused[worker] = f"{type(answer).__name__}: {answer}"
            elif answer:
                self._refused[worker] = answer
        return self._refused

    # --- what is sent there and heard from there ---------------------------------------------------------------------

    def submit(self, job: Path, plan: int, batch: int, units: bytes, needs: Needs,
               resources: Mapping[str, float], place: str) -> Any:
        """Have a worker run a batch; news follow.

        Arguments:
            job: The job file.
            plan: The number of the plan.
            batch: The number of the batch.
            units: The units, pickled.
            needs: What each of them needs.
            resources: What the worker has to offer, in the eyes of Dask.
            place: The worker, as long as it is there; if it is empty, Dask chooses.
        """
        where: dict[str, Any] = {}
        if self._refused:
            where = {"workers": list(self.workers()), "allow_other_workers": False}
        elif place:
            where = {"workers": [place], "allow_other_workers": True}
        future = self._client.submit(
            host.run_batch, job, plan, batch, self.topic, units, needs, key=f"repype-{job.stem}-{batch}", pure=False,
            retries=0, resources=dict(resources) or None, **where)
        future.add_done_callback(lambda ended: self._news.put(_ended(batch, ended)))
        return future

    def news(self, seconds: float) -> Iterator[News]:
        """Yield what there is to hear, after having waited for it for that long at most."""
        with contextlib.suppress(queue.Empty):
            yield self._news.get(timeout=seconds)
            while True:
                yield self._news.get_nowait()

    def order(self, job: Path, word: str, workers: list[str] | None = None, batches: list[int] | None = None) -> None:
        """Tell the agents of a run something; see :func:`repype_like.execute.dask.host.order`."""
        if not self.is_lost():
            _bounded(lambda: self._client.run(host.order, job, word, batches, workers=workers, on_error="ignore"))

    def close(self) -> None:
        """Let go of the cluster; a local one ends."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.unsubscribe_topic(self.topic)
            _bounded(lambda: self._client.close(timeout=2))
        self._silence.close()
        if self._own is not None:
            self._own.close()

    def _hear(self, event: tuple[float, Any]) -> None:
        content = event[1]
        if isinstance(content, dict) and "part" in content:
            self._news.put(Part(content["batch"], content["worker"], content["part"], content["data"], content["file"],
                                content["result"]))


def _ended(batch: int, future: Any) -> Ended:
    if future.status != "error":
        return Ended(batch, future.status)
    return Ended(batch, "error", future.exception(timeout=_REPLY_SECONDS))


class _Silence(contextlib.ExitStack):
    """Keeps Dask from writing to the terminal what is told in our own words, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
        for name in (*known, "distributed", "tornado", "tornado.application", "asyncio"):
            logger = logging.getLogger(name)
            self.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.CRITICAL + 1)


def _bounded(action: Callable[[], object]) -> None:
    """Do something, but do not wait for it for ever."""
    def act() -> None:
        with contextlib.suppress(Exception):
            action()

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(_REPLY_SECONDS)
