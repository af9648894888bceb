"""The values that flow from stage to stage inside a unit of work.

Whether a value was computed a moment ago or years ago must make no difference to the stage that reads it. So a value
is encoded before anyone sees it, and every reader gets one of its own: the last reader the original, the others a
copy from what was encoded.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

from repype_like.store import FieldValue, Store
from repype_like.typing import Any, MutableMapping

__all__ = ["Fields", "Slot"]

_GONE: Any = object()
_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes)


class Slot:
    """The value of one field of one record.

    Arguments:
        value: The value, if it was computed just now.
        stored: Where it is stored, if it is.
        readers: How many stages are going to read it.
    """

    def __init__(self, value: Any = _GONE, stored: tuple[Store, FieldValue] | None = None, readers: int = 0):
        self._value = value
        self._stored = stored
        self._readers = readers
        self._snapshot: bytes | None = None
        self._buffers: list[bytes] = []
        if stored is None and readers > 1 and not isinstance(value, _IMMUTABLE):
            self._take_snapshot()

    def read(self) -> Any:
        """Return a value that is the reader's own."""
        self._readers -= 1
        if self._readers > 0 or self._value is _GONE:
            return self.peek()
        value, self._value = self._value, _GONE if self._stored or self._snapshot else self._value
        return value

    def peek(self) -> Any:
        """Return a copy of the value, for somebody who is not one of the readers."""
        if isinstance(self._value, _IMMUTABLE):
            return self._value
        if self._stored is not None:
            store, field = self._stored
            return store.decode(field)
        if self._snapshot is None and self._value is not _GONE:
            self._take_snapshot()
        if self._snapshot is None:
            return self._value
        return pickle.loads(self._snapshot, buffers=[bytearray(buffer) for buffer in self._buffers])

    def _take_snapshot(self) -> None:
        """Freeze the value as it is now. What cannot be copied, such as an open file, is shared by its readers."""
        buffers: list[pickle.PickleBuffer] = []
        try:
            self._snapshot = pickle.dumps(self._value, 5, buffer_callback=buffers.append)
        except Exception:  # whatever a class raises that does not want to be pickled
            return
        self._buffers = [bytes(buffer.raw()) for buffer in buffers]


class Fields(MutableMapping[str, Any]):
    """The fields known so far, for hooks: a value is copied when it is asked for, and what a hook writes stays its own."""

    def __init__(self, load: dict[str, Callable[[], Any]]):
        self._load = load
        self._values: dict[str, Any] = {}

    def __getitem__(self, field: str) -> Any:
        if field not in self._values:
            self._values[field] = self._load[field]()
        return self._values[field]

    def __setitem__(self, field: str, value: Any) -> None:
        self._values[field] = value

    def __delitem__(self, field: str) -> None:
        self._load.pop(field, None)
        self._values.pop(field, None)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._load, **self._values})

    def __len__(self) -> int:
        return len({**self._load, **self._values})
