"""The worker processes of this machine, which may be kept from one run of units to the next."""

from __future__ import annotations

import time
from collections.abc import Sequence

from repype_like.execute.guard import Guard
from repype_like.execute.worker_process import WorkerProcess, start_worker
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit

__all__ = ["Crew"]

_GRACE_SECONDS = 2.0
"""How long a worker that has nothing to do may take to end: threads and children of stages may hold it up."""


class Crew:
    """Worker processes, and what ends them if this process is ended; starts with none."""

    def __init__(self) -> None:
        self.workers: list[WorkerProcess] = []
        self._guard: Guard | None = None

    def start(self, number: int, units: Sequence[Unit], workplaces: Workplaces, share: int,
              devices: tuple[str, ...] = ()) -> WorkerProcess:
        """Return a fresh worker, which is for the caller to count among the others.

        Arguments:
            number: What it is called.
            units: The units that it knows by their positions. Others can be sent to it.
            workplaces: The tasks.
            share: How many cores are its share.
            devices: The GPUs that it is bound to.

        Raises:
            StorageError: If there is no room for what stages print.
        """
        self._guard = self._guard or Guard()
        return start_worker(number, units, workplaces, share, self._guard, devices)

    def rest(self) -> None:
        """Keep those that have nothing to do, but for those that hold GPUs, which others may need meanwhile."""
        self._end([worker for worker in self.workers if worker.busy or worker.devices])

    def close(self, at_once: bool = False) -> None:
        """End all of them, also those that could end by themselves if it is to be `at_once`."""
        self._end(list(self.workers), at_once)
        if self._guard is not None:
            self._guard.close()
            self._guard = None

    def _end(self, workers: Sequence[WorkerProcess], at_once: bool = False) -> None:
        for worker in workers:
            if worker.busy or at_once:
                worker.kill()
            else:
                worker.pipe.close()
        deadline = time.monotonic() + _GRACE_SECONDS
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            worker.close()
            self.workers.remove(worker)
