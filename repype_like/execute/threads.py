"""Numerics libraries start as many threads as there are cores, in every process. Workers have to share."""

from __future__ import annotations

import os
import sys

__all__ = ["VARIABLES", "Threads"]

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
              "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")


class Threads:
    """How many threads BLAS, OpenMP and the like use in this process and in those that it starts.

    Libraries that are yet to be loaded look at environment variables; those that are loaded already can only be told by
    threadpoolctl, if it is installed. What the user has set in the environment is left alone.

    Arguments:
        share: The number of threads, unless a stage asks for more cores.
    """

    def __init__(self, share: int):
        self._share = share
        self._now: int | None = None
        self._is_ours = not any(name in os.environ for name in VARIABLES)
        if self._is_ours:
            os.environ.update(dict.fromkeys(VARIABLES, str(share)))

    def use(self, cpus: int) -> None:
        """Have libraries that are loaded use the share, or `cpus` if that is more."""
        wanted = max(self._share, cpus)
        if self._is_ours and wanted != self._now and "numpy" in sys.modules:
            try:
                import threadpoolctl
            except ImportError:
                self._is_ours = False
                return
            threadpoolctl.threadpool_limits(wanted)
            self._now = wanted
