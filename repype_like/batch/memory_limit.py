"""Ends worker processes that take more memory than they may.

The worker of Dask would end itself when it takes too much; but the stages run in processes of their own.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace

from repype_like.events import StageFailed

__all__ = ["MemoryLimit"]

_INTERVAL = 0.05


class MemoryLimit:
    """A limit in bytes for the worker processes of this process; None for none."""

    def __init__(self, limit: int | None):
        self._limit = limit
        self._looked = 0.0
        self._ended = False

    def enforce(self) -> None:
        """End the processes that take more; called often."""
        if self._limit is None or time.monotonic() - self._looked < _INTERVAL:
            return
        import psutil  # comes with Dask

        for process in multiprocessing.active_children():
            try:
                if psutil.Process(process.pid).memory_info().rss > self._limit:
                    self._ended = True
                    os.kill(int(process.pid or 0), signal.SIGKILL)
            except (psutil.Error, ProcessLookupError):
                continue
        self._looked = time.monotonic()

    def explained(self, failure: StageFailed) -> StageFailed:
        """Return a failure with its cause, if it is that a process was ended here."""
        if not self._ended or "SIGKILL" not in failure.error:
            return failure
        self._ended = False
        assert self._limit is not None
        return replace(failure, error=f"ran out of memory (limit {_in_words(self._limit)})")


def _in_words(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size < 1e10 else f"{size / 1e9:.1f} GB"
