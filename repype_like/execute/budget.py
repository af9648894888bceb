"""What is shared by the units that run at the same time on one machine: cores, memory, and whatever else is scarce."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repype_like.execute.devices import Devices
from repype_like.execute.memory import free_memory, resident_memory
from repype_like.execute.workplace import Workplaces
from repype_like.plan import GPUS, Unit

__all__ = ["Budget", "Needs", "needs_of"]

_SMALL = 4
"""A stage whose peak memory, for this many times the number of workers, is free, may run whenever it likes."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a unit holds while it runs."""

    cpus: int = 1
    memory: int = 0
    """At its peak, in bytes; 0 if that is not known."""
    tokens: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether it needs nothing but a worker."""
        return self.cpus == 1 and not self.memory and not self.tokens

    @property
    def gpus(self) -> float:
        """How many GPUs."""
        return self.tokens.get(GPUS, 0.0)


PLAIN = Needs()


def needs_of(unit: Unit, workplaces: Workplaces, peaks: Mapping[str, int], small: int = 0) -> Needs:
    """Return what a unit needs: the most that any of its stages does.

    Arguments:
        unit: The unit.
        workplaces: The tasks.
        peaks: The peak memory of stages, as measured, in bytes; what a stage declares takes precedence.
        small: How much memory is not worth asking for, in bytes.
    """
    cpus, memory = 1, 0
    tokens: dict[str, float] = {}
    for node in unit.nodes:
        limits = workplaces[node.tasks[0]].limits(node.stage)
        cpus = max(cpus, limits.cpus)
        memory = max(memory, limits.memory or peaks.get(node.stage, 0))
        for name, amount in limits.tokens.items():
            tokens[name] = max(tokens.get(name, 0.0), amount)
    memory = memory if memory > small else 0
    return PLAIN if cpus == 1 and not memory and not tokens else Needs(cpus, memory, tokens)


class Budget:
    """Keeps account of what is in use. Whatever a unit needs: if no other runs, it may.

    Arguments:
        workers: The number of cores that may be used.
        available: How many there are of what stages name in their `resources`; one of everything that is not here.
        devices: The GPUs, if they are not to be found out.
    """

    def __init__(self, workers: int, available: Mapping[str, float], devices: Sequence[str] | None = None):
        self._cpus = workers
        self._available = available
        self._held: dict[int, Needs] = {}
        """By process."""
        self.devices = Devices(available.get(GPUS), devices)
        """The GPUs."""
        free = free_memory()
        self.small = sys.maxsize if free is None else free // (_SMALL * workers)
        """How much memory every unit may take without asking, in bytes."""

    def fits(self, needs: Needs, process: int) -> bool:
        """Tell whether a unit may begin in a process."""
        others = [held for holder, held in self._held.items() if holder != process]
        if not others:
            return True
        if sum(held.cpus for held in others) + needs.cpus > self._cpus:
            return False
        used: defaultdict[str, float] = defaultdict(float)
        for held in others:
            for name, amount in held.tokens.items():
                used[name] += amount
        if not all(self.devices.has_room(amount) if name == GPUS else
                   used[name] + amount <= self._available.get(name, 1.0) for name, amount in needs.tokens.items()):
            return False
        return needs.memory <= self.small or self._has_room(needs, process)

    def take(self, needs: Needs, process: int, devices: tuple[str, ...] = ()) -> None:
        """Have a process hold what its unit needs, on these GPUs if it needs any."""
        self._held[process] = needs
        if needs.gpus:
            self.devices.hold(process, devices, needs.gpus)

    def give_back(self, process: int) -> None:
        """Have a process hold nothing any more."""
        self._held.pop(process, None)
        self.devices.give_back(process)

    def _has_room(self, needs: Needs, process: int) -> bool:
        """Tell whether there is memory for a unit besides what those that run have not asked for yet."""
        to_come = sum(max(0, held.memory - resident_memory(holder))
                      for holder, held in self._held.items() if holder != process)
        return needs.memory - resident_memory(process) <= (free_memory() or 0) - to_come
