"""How much memory there is, how much a process has, and how much one has had at its peak."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from repype_like.typing import Any

resource: Any
try:
    import resource
except ImportError:  # not on this platform
    resource = None

__all__ = ["PeakMemory", "free_memory", "peak_memory", "resident_memory"]

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_UNIT = 1 if sys.platform == "darwin" else 1024
"""What ``ru_maxrss`` counts in."""

_LITTLE = 4 << 20 if _UNIT == 1 else 4 << 10
"""4 MB, as the system counts it."""

_CGROUPS = (("/sys/fs/cgroup", "memory.max", "memory.current"),
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"))
_UNLIMITED = 1 << 60


class PeakMemory:
    """Measures how much memory this process has at its peak, from the moment at which it is made."""

    __slots__ = ("_before", "_is_exact")

    def __init__(self) -> None:
        self._before = _Readings.latest or _peak()
        self._is_exact = self._before <= _Readings.lowest + _LITTLE or _reset_peak()

    def bytes(self) -> int:
        """Return the peak in bytes, or 0 if it is not known: where it cannot be reset, an earlier one was higher."""
        peak = _Readings.latest = _peak()
        return peak * _UNIT if self._is_exact or peak > self._before else 0


def peak_memory() -> int:
    """Return how much memory this process has had at its peak so far, in bytes; 0 if that is not known.

    Where a :class:`PeakMemory` was made meanwhile, only what came after it counts.
    """
    return _peak() * _UNIT


class _Readings:
    """What the peak was, as the system counts it."""

    lowest = 0
    """When it was reset last. Resetting takes its time, so a little more does not matter."""
    latest = 0
    """At the end of the last stage. Between two stages little is done, or what is there when the next one runs."""


def _reset_peak() -> bool:
    try:
        descriptor = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(descriptor, b"5")
    except OSError:
        return False
    finally:
        os.close(descriptor)
    _Readings.lowest = _peak()
    return True


def _peak() -> int:
    """Return the highest amount of memory that this process has had since it was reset, as the system counts it."""
    return _high_water() if _counts_another() else _counted()


def _counted() -> int:
    return 0 if resource is None else int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


@cache
def _counts_another() -> bool:
    """Tell whether what the system has counted is the program that started this one.

    On Linux, ``ru_maxrss`` survives ``execve`` and cannot be reset below that; see getrusage(2). What the memory itself
    says takes ten times as long to ask for.
    """
    own = _high_water()
    return 0 < own < _counted() - _LITTLE


def _high_water() -> int:
    """Return the same from the memory of this process alone; 0 where the system does not say so."""
    try:
        with open("/proc/self/status", "rb") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(b"VmHWM:")), 0)
    except OSError:
        return 0


def resident_memory(process: int) -> int:
    """Return how much memory a process has, in bytes; 0 if that is not known."""
    try:
        with open(f"/proc/{process}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def free_memory() -> int | None:
    """Return how much memory is left, in bytes, for this process and its children; None if that is not known.

    What a container or a batch system allows counts as well.
    """
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            available = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None
    return min([available, *_left_in_groups()])


def _left_in_groups() -> Iterator[int]:
    """Yield what the control groups of this process, and those around them, have left."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root, limit_name, used_name = _CGROUPS[controllers == "memory"]
        group = Path(root + path)
        while len(group.parts) >= len(Path(root).parts):
            limit, used = _number(group / limit_name), _number(group / used_name)
            if limit is not None and used is not None and limit < _UNLIMITED:
                yield max(0, limit - used + _reclaimable(group))
            group = group.parent


def _reclaimable(group: Path) -> int:
    """Return how much of what a group uses is files that the kernel has read and can forget."""
    try:
        with (group / "memory.stat").open(encoding="ascii") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(("inactive_file ",))), 0)
    except (OSError, ValueError):
        return 0


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # it is not there, or says "max"
        return None
