"""A cluster on this machine, for ``--dask local``: ``python -m repype_like.execute.dask.local N``.

It lives in a process of its own, with a session of its own: Ctrl-C does not reach its workers, and what its scheduler
does takes no time from the run. Scheduler and workers share that process, since nothing is computed in there: agents
do that. So Dask is imported once, and there is nobody to look after who could die by himself. It ends when the process
that started it does, in whatever way. Nothing of it can be reached from other machines.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cached_property

from repype_like.errors import RepypeError
from repype_like.execute.dask.library import import_distributed

__all__ = ["LocalCluster", "main"]


class LocalCluster:
    """A scheduler and workers of one thread each, which start while the caller does something else.

    Arguments:
        workers: The number of workers.
    """

    def __init__(self, workers: int):
        self._process = subprocess.Popen([sys.executable, "-m", __name__, str(workers)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, start_new_session=True, encoding="utf-8")

    @cached_property
    def address(self) -> str:
        """The address of the scheduler, once it is there.

        Raises:
            RepypeError: If it does not start.
        """
        assert self._process.stdout is not None
        address = self._process.stdout.readline().strip()
        if not address:
            raise RepypeError(f"the local Dask cluster did not start (exit code {self._process.wait()})")
        return address

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def main() -> None:
    """Start the cluster, print the address of its scheduler, and wait for the end of stdin."""
    distributed = import_distributed()
    import dask

    # What the agents take is limited by us; what is in here is the same for all workers, and little.
    with dask.config.set({"distributed.worker.memory.pause": False}), distributed.LocalCluster(
            n_workers=int(sys.argv[1]), threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1",
            dashboard_address="127.0.0.1:0", worker_dashboard_address=None, scheduler_kwargs={"dashboard": False},
            silence_logs=50) as cluster:
        sys.stdout.write(f"{cluster.scheduler_address}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
