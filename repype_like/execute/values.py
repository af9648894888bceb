"""The values that flow from stage to stage inside a unit of work.

Whether a value was computed a moment ago or years ago must make no difference to the stage that reads it. So a value
is frozen before anyone sees it, as it would be for the store, and every reader gets one of its own that is made from
that: what a stage does to what it reads, or to what it has returned, reaches nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import BufferFormat, format_for
from repype_like.store import FieldValue, Record, Store
from repype_like.typing import Any, MutableMapping

__all__ = ["Fields", "LostValueError", "Slot", "StoredSlot"]

_IMMUTABLE = frozenset((type(None), bool, int, float, complex, str, bytes))


class Slot:
    """The value of one field of one record, computed just now.

    Arguments:
        value: The value.
        stored: Where it is stored, if it is.
        readers: How many stages are going to read it, at most.
    """

    def __init__(self, value: Any, stored: tuple[Store, FieldValue] | None, readers: int):
        self._stored = stored
        self._readers = readers
        self._frozen: bytearray | None = None
        self._format: BufferFormat | None = None
        self._value: Any = None
        if type(value) in _IMMUTABLE:
            self._value, self._stored = value, None
        elif stored is None and readers:
            self._freeze(value)

    def read(self) -> Any:
        """Return a value that is the reader's own."""
        self._readers -= 1
        if self._format is None or self._frozen is None or self._readers > 0:
            return self.peek()
        frozen, self._frozen = self._frozen, None
        return self._format.load(memoryview(frozen))

    def release(self) -> None:
        """Count one of the readers as done, who did not :meth:`read`."""
        self._readers -= 1
        if self._readers <= 0:
            self._frozen = None

    def peek(self) -> Any:
        """Return a value for somebody who is not one of the readers.

        Raises:
            LookupError: If it is gone, since nobody was going to read it any more.
        """
        if self._stored is not None:
            store, field = self._stored
            return store.decode(field)
        if self._format is None:
            return self._value
        if self._frozen is None:
            raise LookupError("the value is not kept, and all stages that read it have run")
        return self._format.load(memoryview(bytearray(self._frozen)))

    def _freeze(self, value: Any) -> None:
        """Keep the value as it is now. What cannot be frozen, such as an open file, is shared by its readers."""
        format_ = format_for(value)
        self._value = value
        if isinstance(format_, BufferFormat):
            try:
                self._frozen = bytearray().join(format_.dump(value))
            except NotStorableError:
                return
            self._format, self._value = format_, None


class StoredSlot:
    """The value of one field of a record that was there before."""

    def __init__(self, record: Record, field: str, store: Store):
        self.record = record
        self.field = field
        self.store = store

    def read(self) -> Any:
        """Return a value that is the reader's own.

        Raises:
            DamagedError: If what is stored is not what was written.
        """
        return self.peek()

    def release(self) -> None:
        """Do nothing: it stays where it is."""

    def peek(self) -> Any:
        """Do the same."""
        value = self.record.fields[self.field]
        assert value is not None, f"planned to read {self.field} from a record without it"
        return self.store.decode(value)


class LostValueError(Exception):
    """A stored value that the stage was to read is damaged; that is nobody's fault."""

    def __init__(self, slot: StoredSlot, error: DamagedError):
        super().__init__(str(error))
        self.slot = slot


class Fields(MutableMapping[str, Any]):
    """The fields known so far, for hooks: a value is copied when it is asked for; what a hook writes stays its own."""

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
