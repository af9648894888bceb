"""What stages leave behind in their process: memory, open files, threads, children."""

from __future__ import annotations

import os

from repype_like.execute.memory import free_memory, resident_memory

__all__ = ["Wear"]

_MOST_FILES = 256
_MOST_THREADS = 256
_MOST_CHILDREN = 32
_MEMORY_FACTOR = 2
"""More memory than that many times what it had after its first units, and more than is left, is too much."""


class Wear:
    """Tells when this process had better be replaced by a fresh one. Made when it is fresh."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._files = _count("/proc/self/fd")
        self._memory = 0

    def is_worn(self) -> bool:
        """Tell whether so much was left behind that a fresh process is worth its start."""
        if _count("/proc/self/fd") > self._files + _MOST_FILES or _count("/proc/self/task") > _MOST_THREADS:
            return True
        return self._has_grown() or self._children() > _MOST_CHILDREN

    def _has_grown(self) -> bool:
        memory = resident_memory(self._process)
        if not self._memory:  # what the first units have loaded may be there to stay
            self._memory = memory
        if memory <= _MEMORY_FACTOR * self._memory:
            return False
        free = free_memory()
        return free is not None and memory > free / _MEMORY_FACTOR

    def _children(self) -> int:
        try:
            with open(f"/proc/self/task/{self._process}/children", "rb") as file:
                return len(file.read().split())
        except OSError:
            return 0


def _count(folder: str) -> int:
    try:
        return len(os.listdir(folder))  # noqa: PTH208  only their number is wanted
    except OSError:
        return 0
