"""What an aggregate is given: mappings whose values are read when they are asked for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from repype_like.errors import DamagedError
from repype_like.execute.schedule import Given
from repype_like.execute.values import LostValueError, StoredSlot
from repype_like.plan import CONFIGS, Gather, Node, Stored, Unit, name_of_configs, reads_of
from repype_like.store import Store
from repype_like.typing import Any, InputID

__all__ = ["Gathered", "GatheredSlot", "as_dicts", "gathered_fields"]

_Key = TypeVar("_Key")


class Gathered(Mapping[_Key, Any], Generic[_Key]):
    """Values by input or by task. Each is read anew whenever it is asked for, so that only what is held is in memory.

    Arguments:
        load: By key, what reads the value.
    """

    def __init__(self, load: Mapping[_Key, Callable[[], Any]]):
        self._load = load

    def __getitem__(self, key: _Key) -> Any:
        return self._load[key]()

    def __contains__(self, key: object) -> bool:
        return key in self._load

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._load)

    def __len__(self) -> int:
        return len(self._load)

    def __reduce__(self) -> tuple[Any, ...]:  # elsewhere, the stores may not be there
        return dict, (dict(self),)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(map(str, self))}>"


def as_dicts(value: Any, around: frozenset[int] = frozenset()) -> Any:
    """Return what an aggregate has made, with dictionaries in place of the mappings that it was given.

    Arguments:
        value: That, in which such mappings may be at any depth of plain dictionaries, lists and tuples.
        around: The identities of what this is an item of, which may be an item of itself.
    """
    if isinstance(value, Gathered):
        return {key: as_dicts(item) for key, item in value.items()}
    if type(value) not in (dict, list, tuple) or id(value) in around:
        return value
    around |= {id(value)}
    items = list(value.values()) if type(value) is dict else value
    made = [as_dicts(item, around) if isinstance(item, (Gathered, dict, list, tuple)) else item for item in items]
    if all(new is old for new, old in zip(made, items, strict=True)):
        return value
    return dict(zip(value, made, strict=True)) if type(value) is dict else type(value)(made)


class GatheredSlot:
    """A field that an aggregate reads.

    Arguments:
        gathers: What it is made of, with the names of the records as they are.
        stored: Where they are: by task as in `gathers`, and input.
    """

    def __init__(self, gathers: list[Gather], stored: Mapping[tuple[str, InputID], Stored]):
        self.gathered = {gather.key: gather for gather in gathers}
        self.lost: list[LostValueError] = []
        """What turned out to be damaged when the stage wanted it, whatever the stage has made of that."""
        self._stored = stored
        self._stores: dict[Path, Store] = {}

    def read(self) -> Any:
        """Return the mapping, or the value of a field that there is once."""
        values = {key: self._value(gather) for key, gather in self.gathered.items()}
        return values[""]() if "" in values else Gathered(values)

    def peek(self) -> Any:
        """Do the same."""
        return self.read()

    def release(self) -> None:
        """Take notice that the stage is done; the values are stored anyway."""

    def _value(self, gather: Gather) -> Callable[[], Any]:
        leaves = {input_id: self._leaf(gather, input_id) for input_id, _ in gather.members}
        return (lambda: Gathered(leaves)) if gather.many else leaves[None]

    def _leaf(self, gather: Gather, input_id: InputID) -> Callable[[], Any]:
        def read() -> Any:
            stored = self._stored[gather.key, input_id]
            store = self._stores.setdefault(stored.store, Store(stored.store))
            slot = StoredSlot(stored.record, gather.field, store)
            try:
                return slot.read()
            except DamagedError as error:
                self.lost.append(LostValueError(slot, error))
                raise self.lost[-1] from error

        return read


class _Configs:
    """The configurations of the tasks that an aggregate reads."""

    def __init__(self, configs: Mapping[str, Any]):
        self._configs = configs

    def read(self) -> Any:
        return copy.deepcopy(dict(self._configs))

    def peek(self) -> Any:
        return self.read()


def gathered_fields(node: Node, task: str, unit: Unit, given: Given) -> dict[str, tuple[str, Any]]:
    """Return by field what an aggregate reads: what stands for the names of the records, and a slot.

    Arguments:
        node: The aggregate.
        task: The task that it is run for.
        unit: What it is part of.
        given: What units before that have made.
    """
    by_field: dict[str, list[Gather]] = {}
    stored: dict[str, dict[tuple[str, InputID], Stored]] = {}
    for gather in node.gathers:
        owner, names = gather.task or task, {}
        found = stored.setdefault(gather.field, {})
        for input_id, name in gather.members:
            values = given.get((owner, name))
            where = unit.stored[name, gather.field] if values is None else values[gather.field]
            found[gather.key, input_id] = where
            names[name] = where.record.name
        by_field.setdefault(gather.field, []).append(gather.renamed(names))
    reads = reads_of(gather for group in by_field.values() for gather in group)
    fields: dict[str, tuple[str, Any]] = {
        field: (reads[field], GatheredSlot(group, stored[field])) for field, group in by_field.items()}
    if node.configs is not None:
        fields[CONFIGS] = name_of_configs(node.configs), _Configs(node.configs)
    return fields
