"""Which GPUs there are for this process, and which of them each worker computes on.

A process that has begun to compute on some GPUs cannot go over to others: CUDA looks at its environment once. So a
worker is bound to those that it was started with, and whoever needs others gets a fresh process.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Collection, Sequence
from functools import cached_property

__all__ = ["VARIABLE", "Devices", "share_of", "visible_devices"]

VARIABLE = "CUDA_VISIBLE_DEVICES"
"""Tells a process which GPUs it may use; that of AMD understands it, too."""

_PATIENCE = 20
"""Seconds after which the driver is not waited for any more."""


class Devices:
    """Keeps account of who computes on which GPU.

    Arguments:
        wanted: How many stages that need one may run at the same time, if the user says so: with fewer than there are
            GPUs, some are left alone; with more, each is shared.
        names: What they are called; found out when it is needed, if it is not given.
    """

    def __init__(self, wanted: float | None = None, names: Sequence[str] | None = None):
        self._wanted = wanted
        self._names = names
        self._held: dict[int, tuple[tuple[str, ...], float]] = {}
        """By process, which ones, and how much of each."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the GPUs are called; empty if nothing is known of them."""
        found = visible_devices() if self._names is None else tuple(self._names)
        if self._wanted is None:
            return found or ()
        count = math.ceil(self._wanted)
        return tuple(map(str, range(count))) if found is None else found[:count]

    def has_room(self, amount: float) -> bool:
        """Tell whether there is as much as `amount` that nobody holds."""
        count, share = _split(amount)
        if not self.names:
            return sum(held for _, held in self._held.values()) + amount <= self._most
        return sum(self._used(name) + share <= self._most for name in self.names) >= count

    def choose(self, amount: float, own: tuple[str, ...] = (), others: Collection[str] = ()) -> tuple[str, ...]:
        """Return the GPUs for a process, as many as there are if it needs more.

        Arguments:
            amount: What it needs; less than 1 is a part of one.
            own: Those that the process is bound to.
            others: Those that other processes are bound to.
        """
        count, share = _split(amount)

        def rank(name: str) -> tuple[bool, bool, float]:
            return self._used(name) + share > self._most, name in others, self._used(name)

        if len(own) == min(count, len(self.names)) and not any(rank(name)[0] for name in own):
            return own
        chosen = sorted(self.names, key=rank)[:count]
        return tuple(name for name in self.names if name in chosen)

    def hold(self, process: int, names: tuple[str, ...], amount: float) -> None:
        """Have a process hold what it needs."""
        self._held[process] = names, (_split(amount)[1] if names else amount)

    def is_held_by(self, process: int) -> bool:
        """Tell whether a process holds any."""
        return process in self._held

    def give_back(self, process: int) -> None:
        """Have a process hold nothing any more."""
        self._held.pop(process, None)

    @cached_property
    def _most(self) -> float:
        """How much of each may be held at the same time; or of all, if nothing is known of them."""
        if not self.names:
            return 1.0 if self._wanted is None else self._wanted
        return max(1.0, (self._wanted or 0.0) / len(self.names))

    def _used(self, name: str) -> float:
        return sum(share for names, share in self._held.values() if name in names)


def share_of(names: Sequence[str], amount: float) -> str:
    """Return what a stage finds in :data:`VARIABLE` that needs `amount` in a process with these GPUs."""
    return ",".join(names[:_split(amount)[0]])


def visible_devices() -> tuple[str, ...] | None:
    """Return what the GPUs are called that this process may use; None if there is no telling."""
    named = os.environ.get(VARIABLE)
    if named is None:
        count = _count_by_driver()
        return None if count is None else tuple(map(str, range(count)))
    found = []
    for name in (part.strip() for part in named.split(",")):
        if not name or name == "-1":  # CUDA ignores what is behind one that does not exist
            break
        found.append(name)
    return tuple(found)


def _count_by_driver() -> int | None:
    program = shutil.which("nvidia-smi")
    if program is not None:
        import subprocess

        with contextlib.suppress(OSError, subprocess.SubprocessError):
            listed = subprocess.run([program, "-L"], capture_output=True, text=True, errors="replace", check=True,
                                    stdin=subprocess.DEVNULL, timeout=_PATIENCE).stdout
            return sum(line.startswith("GPU ") for line in listed.splitlines())
    try:
        return len(os.listdir("/proc/driver/nvidia/gpus"))  # noqa: PTH208  only their number is wanted
    except OSError:
        return None


def _split(amount: float) -> tuple[int, float]:
    """Return how many GPUs are needed, and how much of each."""
    return max(1, math.ceil(amount)), min(amount, 1.0)
