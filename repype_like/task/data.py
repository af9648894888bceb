"""Stored results: a mapping from inputs to mappings from fields to values, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Union

from repype_like.store import FieldValue, Store
from repype_like.typing import Any, InputID, PipelineData

__all__ = ["InputData", "TaskData"]

TaskData = Mapping[InputID, Union[PipelineData, "InputData"]]
"""The fields of every input."""


class InputData(MutableMapping[str, Any]):
    """The fields of one input. A value is read at the first access; changes stay in this object, the store as it is.

    Arguments:
        store: Where the values are.
        fields: The stored fields.
        input_id: The value of the field ``input_id``.
    """

    def __init__(self, store: Store, fields: Mapping[str, FieldValue], input_id: InputID):
        self._store = store
        self._fields = dict(fields)
        self._values: dict[str, Any] = {"input_id": input_id}
        self._changed = False

    def is_as_stored_in(self, store: Store) -> bool:
        """Tell whether these are for certain the values in `store`; what was read may have been changed in place."""
        return store is self._store and not self._changed and len(self._values) == 1

    def __getitem__(self, field: str) -> Any:
        if field not in self._values:
            self._values[field] = self._store.decode(self._fields[field])
        return self._values[field]

    def __setitem__(self, field: str, value: Any) -> None:
        self._changed = True
        self._values[field] = value

    def __delitem__(self, field: str) -> None:
        if field not in self:
            raise KeyError(field)
        self._changed = True
        self._values.pop(field, None)
        self._fields.pop(field, None)

    def __contains__(self, field: object) -> bool:
        return field in self._values or field in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter({**self._values, **self._fields})

    def __len__(self) -> int:
        return len(self._values.keys() | self._fields.keys())

    def copy(self) -> PipelineData:
        """Return a dictionary with all fields."""
        return dict(self)

    def __or__(self, other: Mapping[str, Any]) -> PipelineData:
        return {**self, **other}

    def __ror__(self, other: Mapping[str, Any]) -> PipelineData:
        return {**other, **self}

    def __reduce__(self) -> tuple[Any, ...]:  # elsewhere, the store may not be there
        return dict, (dict(self),)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(sorted(self))}>"
