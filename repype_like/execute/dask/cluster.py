"""The connection to a cluster of Dask: who is there, what is sent there and heard from there, and whether it is lost."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from repype_like.errors import RepypeError, UsageError
from repype_like.execute.dask import host
from repype_like.execute.dask.job import MismatchError
from repype_like.execute.dask.local import LocalCluster
from repype_like.typing import Any

__all__ = ["Cluster", "ClusterLostError", "Ended", "News", "NoWorkersError", "Part"]

_CONNECT_SECONDS = 10.0
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
    data: bytes
    file: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A task of Dask ended: with what :func:`~repype_like.execute.dask.host.run_batch` returned, or without."""

    batch: int
    result: Mapping[str, Any] | None
    error: BaseException | None


News = Part | Ended


class Cluster:
    """The cluster at an address.

    Arguments:
        address: The address of the scheduler, the path of its scheduler file, or ``local``.
        processes: The number of workers of a local cluster.

    Raises:
        UsageError: If Dask is not installed.
        RepypeError: If there is no scheduler at that address.
    """

    def __init__(self, address: str, processes: int):
        distributed = _import_distributed()
        self._own = LocalCluster(processes) if address == "local" else None
        self.address = self._own.address if self._own is not None else address
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._client: Any = None
        try:
            with _quiet():
                where = {"scheduler_file": address} if Path(address).is_file() else {"address": self.address}
                self._client = distributed.Client(**where, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            self.close()
            raise RepypeError(f"there is no Dask scheduler at {address}: {error}; start one with: dask scheduler"
                              ) from error
        self.topic: str = self._client.id  # the scheduler forgets what was said there when the client goes
        self._client.subscribe_topic(self.topic, self._hear)
        self._refused: dict[str, str] = {}
        self._threads: dict[str, int] = {}
        self._counted = 0.0

    # --- who is there ------------------------------------------------------------------------------------------------

    def workers(self) -> dict[str, int]:
        """Return the addresses of the workers that can be used, each with its number of threads."""
        now = time.monotonic()
        if now - self._counted > _LOOK_SECONDS:
            with contextlib.suppress(Exception):  # the scheduler may be gone, which is found out elsewhere
                self._threads = dict(self._client.nthreads())
            self._counted = time.monotonic()
        return {worker: count for worker, count in self._threads.items() if worker not in self._refused}

    @property
    def refused(self) -> dict[str, str]:
        """The workers that must not be used, each with the reason."""
        return self._refused

    def is_lost(self) -> bool:
        """Tell whether the scheduler cannot be reached any more."""
        return self._client.status != "running"

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
            if isinstance(answer, ModuleNotFoundError):
                self._refused[worker] = f"there is no module {answer.name} there; install repype_like for the workers"
            elif isinstance(answer, BaseException):
                self._refused[worker] = f"{type(answer).__name__}: {answer}"
            elif answer:
                self._refused[worker] = answer
        return self._refused

    # --- what is sent there and heard from there ---------------------------------------------------------------------

    def submit(self, job: Path, batch: int, units: bytes, resources: Mapping[str, float]) -> Any:
        """Have a worker run a batch; news follow."""
        where = {"workers": list(self.workers()), "allow_other_workers": False} if self._refused else {}
        future = self._client.submit(
            host.run_batch, job, batch, self.topic, units, key=f"repype-{job.stem}-{batch}", pure=False, retries=0,
            resources=dict(resources) or None, **where)
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
            with _quiet(), contextlib.suppress(Exception):
                self._client.unsubscribe_topic(self.topic)
                _bounded(lambda: self._client.close(timeout=2))
        if self._own is not None:
            self._own.close()

    def _hear(self, event: tuple[float, Any]) -> None:
        content = event[1]
        if isinstance(content, dict) and "part" in content:
            self._news.put(Part(content["batch"], content["worker"], content["part"], content["data"], content["file"]))


def _ended(batch: int, future: Any) -> Ended:
    try:
        return Ended(batch, future.result(timeout=1), None)
    except BaseException as error:  # noqa: BLE001  among them the cancellation
        return Ended(batch, None, error)


def _import_distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise UsageError('running on a cluster needs Dask, which is not installed; install it with: pip install '
                         '"repype_like[dask]"') from error
    return distributed


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from writing to the terminal what is told in our own words."""
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _bounded(action: Callable[[], object]) -> None:
    """Do something, but do not wait for it for ever."""
    def act() -> None:
        with contextlib.suppress(Exception):
            action()

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(_REPLY_SECONDS)
