"""Runs units on a cluster of Dask; see :class:`repype_like.execute.executor.Executor`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from repype_like.execute.dask.cluster import Cluster, NoWorkersError
from repype_like.execute.dask.dispatch import Dispatch
from repype_like.execute.dask.job import Job, MismatchError, write_job
from repype_like.execute.messages import Message
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit
from repype_like.store.atomic import new_file
from repype_like.store.layout import Layout

__all__ = ["DaskExecutor"]

_CONNECT_SECONDS = 10.0

_PATIENCE = 5.0
"""How long to wait for workers without saying so."""


class DaskExecutor:
    """Runs units on a cluster; a context manager.

    Arguments:
        address: The address of the scheduler, the path of its scheduler file, or ``local`` for a cluster of its own.
        processes: The number of workers of a local cluster.
        wait: Seconds after which a run without workers is given up.
        make_job: Tells what workers need to know of tasks.
        say: Told what a user who waits may want to know.
        available: How many there are in the whole cluster of what stages name in their `resources`; one of everything
            that is not here. What workers offer as resources of Dask is counted by Dask.
    """

    def __init__(self, address: str, processes: int, wait: float, make_job: Callable[[Workplaces], Job],
                 say: Callable[[str], None], available: Mapping[str, float] | None = None):
        self._address = address
        self._processes = processes
        self._wait = wait
        self._make_job = make_job
        self._say = say
        self._available = available or {}
        self._cluster: Cluster | None = None
        self._jobs: dict[int, tuple[Workplaces, Path]] = {}
        self._files = contextlib.ExitStack()
        self._batches = 0
        self.stopped = False
        """Whether no further unit is started."""
        self.killed = False
        """Whether all of it is to end now."""
        self.dropped: frozenset[str] = frozenset()
        """The tasks that nothing more is done for."""
        self._dispatch: Dispatch | None = None

    def __enter__(self) -> DaskExecutor:
        return self

    def __exit__(self, *exception: object) -> None:
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            for _, job in self._jobs.values():
                cluster.order(job, "end")
            cluster.close()
        self._files.close()

    @property
    def workers(self) -> int:
        """How many units run at the same time: as many as the workers have threads, now.

        Raises:
            RepypeError: If there is no cluster.
            NoWorkersError: If it has no workers.
        """
        return sum(self._connected().workers().values())

    def run(self, units: Sequence[Unit], workplaces: Workplaces, tell: Callable[[Message], None]) -> None:
        """Run units; what happens is told in the order in which it happens on each worker.

        Raises:
            RepypeError, NoWorkersError: If there is no cluster, or no worker.
            MismatchError: If a worker has other code or versions. Nothing was run then.
            ClusterLostError: If the scheduler is gone. What was told before is good.
        """
        cluster = self._connected()
        if not self.stopped:
            job = self._ship(cluster, workplaces)
            self._dispatch = Dispatch(cluster, job, units, workplaces, tell, self, self._wait, self._available,
                                      self._batches)
            self._batches = self._dispatch.run()

    def stop(self) -> None:
        """Start no further unit; those that run are finished."""
        self.stopped = True

    def kill(self) -> None:
        """End everything now."""
        self.stopped = self.killed = True

    def drop(self, tasks: Iterable[str]) -> None:
        """Do nothing more for these tasks, while the others go on; what runs for them is ended.

        Work that is for others as well is given up with them: it has to be planned anew.
        """
        self.dropped = self.dropped.union(tasks)

    def works_for(self, tasks: Collection[str]) -> bool:
        """Tell whether any unit for one of these tasks runs, or could begin."""
        return self._dispatch is not None and self._dispatch.works_for(tasks)

    def _connected(self) -> Cluster:
        """Return the cluster, when it has workers."""
        if self._cluster is None:
            self._cluster = Cluster(self._address, self._processes, min(self._wait, _CONNECT_SECONDS))
        started, said = time.monotonic(), False
        while not self._cluster.workers() and not self.stopped:
            waited = time.monotonic() - started
            if waited > self._wait:
                raise NoWorkersError(f"the cluster at {self._cluster.address} has had no workers for {self._wait:g} s; "
                                     "start some, or wait longer with --dask-wait SECONDS")
            if waited > _PATIENCE and not said:
                said = True
                self._say(f"the cluster at {self._cluster.address} has no workers yet; waiting for them")
            time.sleep(0.1)
        return self._cluster

    def _ship(self, cluster: Cluster, workplaces: Workplaces) -> Path:
        """Give workers what they need to know of the tasks, and have it checked by those that are there."""
        known = self._jobs.get(id(workplaces))
        if known is not None:
            return known[1]
        tree = min(place.tree for place in workplaces.values())
        job = self._files.enter_context(new_file(Layout(tree), ".job"))
        self._files.callback(_delete_siblings, job)
        expected = write_job(self._make_job(workplaces), job)
        self._jobs[id(workplaces)] = workplaces, job
        cluster.compare_versions()
        refused = cluster.probe(job, expected)
        if refused:
            worker, reason = next(iter(refused.items()))
            more = f" (and {len(refused) - 1} other workers)" if len(refused) > 1 else ""
            raise MismatchError(f"the worker {worker} cannot be used{more}: {reason}")
        return job


def _delete_siblings(job: Path) -> None:
    for path in job.parent.glob(f"{job.stem}.*"):
        with contextlib.suppress(OSError):
            path.unlink()

