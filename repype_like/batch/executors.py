"""Where the units of a run are run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from repype_like.batch.cluster import ClusterOptions
from repype_like.events import Listener, Warned
from repype_like.execute.executor import DroppingExecutor, Executor
from repype_like.execute.serial import SerialExecutor
from repype_like.execute.workplace import Workplaces
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repype_like.execute.dask.job import Job

__all__ = ["executor_for", "worker_executor_for"]


@contextlib.contextmanager
def executor_for(jobs: int, cluster: ClusterOptions | None,
                 make_job: Callable[[Workplaces], Job], listen: Listener,
                 available: Mapping[str, float] | None = None) -> Iterator[Executor]:
    """Give what runs units: on a cluster, in `jobs` processes of this machine, or in this process if that is 0."""
    if cluster is None and not jobs:
        yield SerialExecutor(available)
        return
    with worker_executor_for(jobs, cluster, make_job, listen, available) as executor:
        yield executor


@contextlib.contextmanager
def worker_executor_for(jobs: int, cluster: ClusterOptions | None,
                        make_job: Callable[[Workplaces], Job], listen: Listener,
                        available: Mapping[str, float] | None = None) -> Iterator[DroppingExecutor]:
    """Give what runs units: on a cluster, or in `jobs` processes of this machine."""
    if cluster is None:
        from repype_like.execute.local import LocalExecutor  # with all that is needed to start processes

        yield LocalExecutor(jobs, available=available)
        return
    from repype_like.execute.dask.executor import DaskExecutor  # rarely needed

    with DaskExecutor(cluster.address, max(jobs, 1), cluster.wait, make_job,
                      lambda text: listen(Warned(message=text)), available) as executor:
        yield executor
