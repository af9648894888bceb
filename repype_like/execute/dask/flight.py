"""One batch of units that was handed out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from repype_like.execute.dask.cluster import Ended
from repype_like.typing import Any

__all__ = ["Flight"]


@dataclass
class Flight:
    """A batch of units that was handed out."""

    units: list[int]
    future: Any
    left: list[int]
    """Those that are neither done nor given back."""
    place: str = ""
    """The worker that it was sent to; empty if that was left to Dask."""
    worker: str = ""
    """Where it runs, once it does."""
    since: float = 0.0
    """When it began, by the monotonic clock."""
    node: int = -1
    """The position of the node, in the first unit that is left, that began last."""
    heard: int = 0
    """The number of the last piece of what it says that was heard."""
    result: Mapping[str, Any] | None = None
    """What came of it."""
    ended: Ended | None = None
    """How the task of Dask for it has ended."""
    ended_at: float = 0.0
    recalled: bool = False
    given_up: bool = False
    """Whether it was ended because of what it was running."""

    def begin(self, worker: str) -> None:
        """Take down that it runs in a worker."""
        self.worker, self.since = worker, time.monotonic()
