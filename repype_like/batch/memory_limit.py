"""Ends worker processes that take more memory than they may.

The worker of Dask would end itself when it takes too much; but the stages run in processes of their own.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
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
        for process, taken in _processes():
            if taken > self._limit:
                self._ended = True
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        self._looked = time.monotonic()

    def is_half_taken(self) -> bool:
        """Tell whether a process has so much that what it does next could miss it."""
        return self._limit is not None and any(taken > self._limit / 2 for _, taken in _processes())

    def explained(self, failure: StageFailed) -> StageFailed:
        """Return a failure with its cause, if it is that a process was ended here."""
        if not self._ended or "SIGKILL" not in failure.error:
            return failure
        self._ended = False
        assert self._limit is not None
        return replace(failure, error=f"ran out of memory (limit {_in_words(self._limit)})")


def _processes() -> Iterator[tuple[int, int]]:
    """Yield the worker processes, each with the memory that it takes, in bytes."""
    import psutil  # comes with Dask

    for process in multiprocessing.active_children():
        with contextlib.suppress(psutil.Error):
            yield int(process.pid or 0), psutil.Process(process.pid).memory_info().rss


def _in_words(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size < 1e10 else f"{size / 1e9:.1f} GB"
