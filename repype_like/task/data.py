"""Stored results: a mapping from inputs to mappings from fields to values, read when they are asked for."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Union

from repype_like.errors import DamagedError, RepypeError, UsageError
from repype_like.formats import describe
from repype_like.store import FieldValue, Store
from repype_like.typing import Any, InputID, PipelineData
from repype_like.width import cut

__all__ = ["InputData", "Results", "TaskData", "Turn"]

_MOST_SHOWN = 20
"""Inputs."""

_WIDEST = 60
"""Characters of a value."""

TaskData = Mapping[InputID, Union[PipelineData, "InputData"]]
"""The fields of every input."""


class Turn:
    """Whose large values are in memory: those of one input at a time, so that the results need not fit into it."""

    _whose: InputData | None = None

    def take(self, data: InputData) -> None:
        """Have the input that was looked at before let go of what it has read."""
        if self._whose is not data:
            if self._whose is not None:
                self._whose.let_go()
            self._whose = data


class InputData(MutableMapping[str, Any]):
    """The fields of one input. A value is read at the first access; changes stay in this object, the store as it is.

    Arguments:
        store: Where the values are.
        fields: The stored fields.
        input_id: The value of the field ``input_id``.
        activate: Makes the modules of the project importable, for values that are of its classes.
        turn: Shared with the other inputs.
    """

    def __init__(self, store: Store, fields: Mapping[str, FieldValue], input_id: InputID,
                 activate: Callable[[], AbstractContextManager[Any]] = nullcontext, turn: Turn | None = None):
        self._store = store
        self._fields = dict(fields)
        self._values: dict[str, Any] = {"input_id": input_id}
        self._activate = activate
        self._turn = turn
        self._let_go: dict[str, weakref.ref[Any]] = {}
        self._changed = False

    def is_as_stored_in(self, store: Store) -> bool:
        """Tell whether these are for certain the values in `store`; what was read may have been changed in place."""
        return store is self._store and not self._changed and len(self._values) == 1 and not any(
            held() is not None for held in self._let_go.values())

    def let_go(self) -> None:
        """Forget the large values that were read and not changed; whoever holds one still finds it here."""
        for field, stored in self._fields.items():
            if stored.blob is not None and field in self._values and self._store.is_as_stored(stored,
                                                                                              self._values[field]):
                value = self._values.pop(field)
                with suppress(TypeError):
                    self._let_go[field] = weakref.ref(value)

    def __getitem__(self, field: str) -> Any:
        if field not in self._values:
            stored = self._fields.get(field)
            if stored is None:
                raise KeyError(f"there is no field {field!r} for this input; there are {', '.join(sorted(self))}")
            if self._turn is not None and stored.blob is not None:
                self._turn.take(self)
            held = self._let_go.pop(field, None)
            value = held() if held is not None else None
            self._values[field] = self._read(stored) if value is None else value
        return self._values[field]

    def _read(self, stored: FieldValue) -> Any:
        try:
            return self._store.decode(stored)
        except (DamagedError, UsageError) as error:  # its class may be in a module of the project
            with self._activate():
                try:
                    return self._store.decode(stored)
                except RepypeError:
                    raise error from None

    def __setitem__(self, field: str, value: Any) -> None:
        self._changed = True
        self._fields.pop(field, None)
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

    def described(self) -> dict[str, str]:
        """Return what is to be shown of each field; nothing is loaded."""
        return {field: _shown(self._fields[field].shown if field in self._fields else describe(self._values[field]))
                for field in sorted(self)}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(sorted(self))}>"

    def _repr_html_(self) -> str:
        from repype_like.graph import table_html  # for notebooks only

        return table_html("", ("field", "value"), self.described().items())


class Results(dict[InputID, PipelineData | InputData]):
    """The fields of every input; what :meth:`Task.load` returns."""

    def __missing__(self, input_id: object) -> Any:
        some = ", ".join(map(repr, itertools.islice(self, _MOST_SHOWN)))
        raise KeyError(f"there is no input {input_id!r}; there are {some}" + (
            f" and {len(self) - _MOST_SHOWN} more" if len(self) > _MOST_SHOWN else ""))

    def __repr__(self) -> str:
        items = [f"{input_id!r}: {fields!r}" for input_id, fields in itertools.islice(self.items(), _MOST_SHOWN)]
        more = [f"... and {len(self) - _MOST_SHOWN} inputs more"] if len(self) > _MOST_SHOWN else []
        return "{" + ",\n ".join([*items, *more]) + "}"

    def _repr_html_(self) -> str:
        from repype_like.graph import table_html  # for notebooks only

        known = {input_id: fields.described() if isinstance(fields, InputData) else
                 {field: _shown(describe(value)) for field, value in fields.items()}
                 for input_id, fields in itertools.islice(self.items(), _MOST_SHOWN)}
        columns = list(dict.fromkeys(field for fields in known.values() for field in fields if field != "input_id"))
        rows = [[repr(input_id), *(fields.get(field) for field in columns)] for input_id, fields in known.items()]
        more = f"and {len(self) - _MOST_SHOWN} inputs more" if len(self) > _MOST_SHOWN else ""
        return table_html("", ("input", *columns), rows, more)


def _shown(shown: object) -> str:
    """Return what a store says of a value, in a few words."""
    if not isinstance(shown, Mapping):
        return ""
    text = repr(shown["value"]) if "value" in shown else str(shown.get("type", ""))
    return cut(text, _WIDEST)
