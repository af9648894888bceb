"""In the worker of Dask: what its batches hold of its cores, its memory and its GPUs.

Dask hands out as many tasks as a worker has threads. A batch whose stage needs more than the share of one thread waits
here for its turn, as it would on a machine of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from repype_like.execute.budget import Needs
from repype_like.execute.devices import Devices, visible_devices

__all__ = ["Place", "Room"]

_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Place:
    """What one batch has."""

    cpus: int
    memory: int | None
    """In bytes; None if there is no limit."""
    devices: tuple[str, ...] = ()
    """The GPUs."""


class Room:
    """What there is in one worker.

    Arguments:
        threads: How many threads it has.
        memory: How many bytes it may take; None for no limit.
    """

    def __init__(self, threads: int, memory: int | None):
        self._threads = max(threads, 1)
        self._memory = memory
        self._places: dict[int, Place] = {}
        self._waiting: deque[int] = deque()
        self._changed = threading.Condition()
        self._claims = _Claims()

    @contextlib.contextmanager
    def place(self, batch: int, needs: Needs, is_given_up: Callable[[], bool]) -> Iterator[Place | None]:
        """Wait for room for a batch, and keep it; None if the batch is given up before. Who comes first is first."""
        entered = self._enter(batch, needs, is_given_up)
        try:
            yield entered
        finally:
            with self._changed:
                if self._places.pop(batch, None) is not None:
                    self._claims.give_back(batch)
                self._changed.notify_all()

    def _enter(self, batch: int, needs: Needs, is_given_up: Callable[[], bool]) -> Place | None:
        with self._changed:
            self._waiting.append(batch)
            try:
                while self._waiting[0] != batch or not self._fits(needs):
                    if is_given_up():
                        return None
                    self._changed.wait(_LOOK_SECONDS)
                devices = self._claims.take(batch, needs.gpus) if needs.gpus else ()
                place = self._places[batch] = Place(needs.cpus, self._share(needs), devices)
                return place
            finally:
                self._waiting.remove(batch)
                self._changed.notify_all()

    def _fits(self, needs: Needs) -> bool:
        """Tell whether there is room beside the others; if there are none, there is."""
        places = self._places.values()
        if not places:
            return True
        if sum(place.cpus for place in places) + needs.cpus > self._threads:
            return False
        held = sum(place.memory or 0 for place in places)
        return self._memory is None or held + (self._share(needs) or 0) <= self._memory

    def _share(self, needs: Needs) -> int | None:
        """Return how much memory a batch may take: what it needs, and at least the share of a thread."""
        if self._memory is None:
            return None
        return min(max(needs.memory, self._memory // self._threads), self._memory)


class _Claims:
    """Which batches compute on which GPUs of the machine, which other workers on it may see as well.

    A GPU is claimed by a lock on a file, which ends with the process.
    """

    def __init__(self) -> None:
        self._devices: Devices | None = None
        self._names: dict[int, tuple[str, ...]] = {}
        self._locks: dict[str, int] = {}

    def take(self, batch: int, amount: float) -> tuple[str, ...]:
        """Return the GPUs for a batch."""
        if self._devices is None:
            self._devices = Devices(names=visible_devices() or ())
        others = {name for name in self._devices.names if name not in self._locks and not self._lock(name)}
        names = self._devices.choose(amount, others=others)
        self._devices.hold(batch, names, amount)
        self._names[batch] = names
        self._unlock_unused()
        return names

    def give_back(self, batch: int) -> None:
        """Have a batch hold none."""
        if self._names.pop(batch, None) is not None and self._devices is not None:
            self._devices.give_back(batch)
            self._unlock_unused()

    def _lock(self, name: str) -> bool:
        path = Path(tempfile.gettempdir()) / f"repype-gpu-{os.getuid()}-{name.replace('/', '_')}"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return True  # whoever else is there cannot be known
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._locks[name] = descriptor
        return True

    def _unlock_unused(self) -> None:
        used = {name for names in self._names.values() for name in names}
        for name in self._locks.keys() - used:
            os.close(self._locks.pop(name))
