"""What aggregates read: many records at once, named together.

For each field, and for each task if it is an aggregate over tasks, there is one :class:`Gather`: which records it is
read from, for which inputs. A hash of their names, with the inputs and in order, takes the place of the name of the one
record that another stage would read the field from. So whatever changes in any of them, and whatever joins or leaves,
changes the pre-key of the aggregate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from repype_like.fingerprint.canonical import hash_value
from repype_like.plan.keys import combined
from repype_like.typing import InputID, NamedTuple, Plain

__all__ = ["CONFIGS", "GATHERED", "Gather", "Members", "name_of_configs", "reads_of", "told", "with_configs"]

CONFIGS = "configs"
"""What an aggregate over tasks reads the configurations of these under."""

GATHERED = "gathered"
"""What the note of a record says under which name each of the tasks was read."""

Members = tuple[tuple[InputID, str], ...]


class Gather(NamedTuple):
    """The records that an aggregate reads a field from, in one task."""

    field: str
    key: str
    """The path of the task relative to that of the aggregate; empty for an aggregate over inputs."""
    task: str
    """The name of the task in the plan; empty for that of the aggregate itself."""
    many: bool
    """Whether there is a value for every input; otherwise there is one for the task, under None."""
    members: Members
    """By input, the names of the records, or planned names."""

    @property
    def name(self) -> str:
        """What takes the place of the name of a record; planned if that of any member is."""
        return combined(self.members) if self.many or not self.members else self.members[0][1]

    def renamed(self, names: Mapping[str, str]) -> Gather:
        """Return the same with other names where `names` has them: those that planned names have come to stand for."""
        return self._replace(members=tuple((input_id, names.get(name, name)) for input_id, name in self.members))


def reads_of(gathers: Iterable[Gather]) -> dict[str, str]:
    """Return by field what takes the place of the name of a record."""
    by_field: dict[str, list[Gather]] = {}
    for gather in gathers:
        by_field.setdefault(gather.field, []).append(gather)
    return {field: found[0].name if not found[0].key else combined((gather.key, gather.name) for gather in found)
            for field, found in by_field.items()}


def name_of_configs(configs: Mapping[str, Plain]) -> str:
    """Return what takes the place of the name of a record for the configurations of tasks."""
    return hash_value(dict(configs))


def with_configs(reads: dict[str, str], configs: Mapping[str, Plain] | None) -> dict[str, str]:
    """Return `reads` with what stands for the configurations of tasks, if they are read."""
    return reads if configs is None else {**reads, CONFIGS: name_of_configs(configs)}


def told(gathers: Sequence[Gather]) -> dict[str, str]:
    """Return by task what names all that is read of it; nothing for an aggregate over inputs."""
    by_key: dict[str, list[tuple[str, str]]] = {}
    for gather in gathers:
        if gather.key:
            by_key.setdefault(gather.key, []).append((gather.field, gather.name))
    return {key: combined(sorted(found)) for key, found in by_key.items()}
