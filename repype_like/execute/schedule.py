"""Which units may begin, and what they are given by those before them; every executor keeps account by this."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence

from repype_like.execute.messages import Passed
from repype_like.plan import Stored, Unit

__all__ = ["Given", "Schedule", "can_read"]

Given = Mapping[tuple[str, str], Mapping[str, Stored]]
"""By task and node of another unit, the values of that node by field."""


class Schedule:
    """Keeps account of units that depend on each other.

    Arguments:
        units: The units; each stands behind those in its `after`.
    """

    def __init__(self, units: Sequence[Unit]):
        self.units = units
        self.ready: deque[int] = deque()
        """The positions of the units that may begin and have not; whoever begins one takes it out."""
        self._missing: dict[int, int] = {}
        """By unit, how many of those before it are not done."""
        self._followers: dict[int, list[int]] = {}
        self._values: dict[str, dict[str, Mapping[str, Stored]]] = {}
        """By node and task, the values that units behind it read."""
        self._readers: Counter[str] = Counter()
        """How many units are going to read a node."""
        for position, unit in enumerate(units):
            if not unit.after:
                self.ready.append(position)
                continue
            self._missing[position] = len(unit.after)
            for earlier in unit.after:
                self._followers.setdefault(earlier, []).append(position)
            self._readers.update(_sources(unit))

    def note(self, message: Passed) -> None:
        """Keep values for the units that read them."""
        if self._readers[message.node]:
            self._values.setdefault(message.node, {}).update((task, message.values) for task in message.tasks)

    def given(self, position: int) -> Given:
        """Return what a unit is given, of all that it reads from units before it."""
        unit = self.units[position]
        if not unit.after:
            return {}
        return {(task, name): values for name in _sources(unit) for task, values in self._values.get(name, {}).items()}

    def done(self, position: int) -> list[int]:
        """Take down that a unit is done, whether it succeeded or not.

        Returns:
            The units that cannot do anything any more, since what they read was not made. They are done, too.
        """
        if not self._followers and not self.units[position].after:  # as where there are no aggregates
            return []
        hopeless: list[int] = []
        ended = [position]
        while ended:
            last = ended.pop()
            if self.units[last].after:
                self._release(self.units[last])
            for follower in self._followers.pop(last, ()):
                self._missing[follower] -= 1
                if not self._missing[follower]:
                    if self._is_hopeless(follower):
                        hopeless.append(follower)
                        ended.append(follower)
                    else:
                        self.ready.appendleft(follower)  # what was begun is finished first
        return hopeless

    def _is_hopeless(self, position: int) -> bool:
        unit, given = self.units[position], self.given(position)
        able: set[tuple[str, str]] = set()
        for node in unit.nodes:
            able.update((task, node.name) for task in node.tasks if all(
                (owner, name) in able or can_read(unit, given, owner, field, name)
                for owner, field, name in node.read_by(task)))
        return bool(unit.nodes) and not able

    def _release(self, unit: Unit) -> None:
        for name in _sources(unit):
            self._readers[name] -= 1
            if not self._readers[name]:
                self._values.pop(name, None)


def can_read(unit: Unit, given: Given, task: str, field: str, name: str) -> bool:
    """Tell whether a task has a field of a node or record from elsewhere than from the unit itself."""
    return (task, name) in given or (name, field) in unit.stored


def _sources(unit: Unit) -> set[str]:
    """Return the nodes of other units that a unit reads."""
    own = {node.name for node in unit.nodes}
    return {name for node in unit.nodes for _, field, name in node.read_by("")
            if name not in own and (name, field) not in unit.stored}
