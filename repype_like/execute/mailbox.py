"""Memory that a worker shares with the coordinator.

What a worker has to say lies there from the moment at which it was said, so nothing of it is lost when the worker dies:
of what it had finished, of what it was doing, of which files it was about to make. The coordinator looks every now and
then; the worker rings when there is a reason to hurry.
"""

from __future__ import annotations

import mmap
import struct
import time

from repype_like.execute.messages import Idle, Message
from repype_like.execute.wire import unpacked
from repype_like.typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from multiprocessing.synchronize import Lock

__all__ = ["Mailbox", "Note"]

_HEADER = struct.Struct("<Qqqqdq")
"""How many bytes of messages there are, what is noted, and whether units are recalled."""

_NOTE = struct.Struct("<qqqd")
_NOTE_OFFSET = 8
_RECALL_OFFSET = 40

_LENGTH = struct.Struct("<Q")
_SIZE = 1 << 19
"""Room for some hundred units. What has been written to counts as memory of the coordinator, too."""


class Note(NamedTuple):
    """What a worker is at."""

    unit: int
    """The position of the unit; -1 for none."""
    node: int
    """The position of the node in the unit; -1 for none yet."""
    hook: bool
    """Whether the node is done, and a hook is being called."""
    since: float
    """Since when, by the monotonic clock."""


class Mailbox:
    """Messages from a worker, and notes in both directions.

    Arguments:
        lock: Held while messages are put in or taken out.
    """

    def __init__(self, lock: Lock):
        self._lock = lock
        self._memory = mmap.mmap(-1, _SIZE)
        self.note(-1, -1)

    # --- what the worker does ----------------------------------------------------------------------------------------

    @staticmethod
    def is_too_large(data: bytes) -> bool:
        """Tell whether messages would not even fit if there were no others."""
        return _HEADER.size + _LENGTH.size + len(data) > _SIZE

    def put(self, data: bytes) -> bool:
        """Put in messages, packed; return False if there is no room at the moment."""
        with self._lock:
            (used,) = _LENGTH.unpack_from(self._memory)
            start = _HEADER.size + used
            end = start + _LENGTH.size + len(data)
            if end > _SIZE:
                return False
            self._memory[start:end] = _LENGTH.pack(len(data)) + data
            _LENGTH.pack_into(self._memory, 0, end - _HEADER.size)
            return True

    def note(self, unit: int, node: int, hook: bool = False) -> None:
        """Note what is being run from now on; see :class:`Note`."""
        _NOTE.pack_into(self._memory, _NOTE_OFFSET, unit, node, hook, time.monotonic())

    def begin(self, unit: int) -> bool:
        """Note that a unit begins; return False if all those that are not begun yet are wanted back."""
        with self._lock:
            if self._memory[_RECALL_OFFSET]:
                return False
            self.note(unit, -1)
            return True

    # --- what the coordinator does -----------------------------------------------------------------------------------

    def take(self, dead: bool = False) -> list[Message | Idle]:
        """Take all messages out.

        Arguments:
            dead: Whether the worker is dead, and may have died with the lock in its hands.
        """
        locked = self._lock.acquire(timeout=0 if dead else 1)
        if not locked and not dead:
            return []  # it was stopped at a bad moment; there will be another look
        try:
            (used,) = _LENGTH.unpack_from(self._memory)
            if not used:
                return []
            data = self._memory[_HEADER.size:_HEADER.size + used]
            _LENGTH.pack_into(self._memory, 0, 0)
        finally:
            if locked:
                self._lock.release()
        messages: list[Message | Idle] = []
        position = 0
        while position < len(data):
            (length,) = _LENGTH.unpack_from(data, position)
            position += _LENGTH.size + length
            messages += unpacked(data[position - length:position])
        return messages

    @property
    def noted(self) -> Note:
        """What the worker noted last."""
        unit, node, hook, since = _NOTE.unpack_from(self._memory, _NOTE_OFFSET)
        return Note(unit, node, bool(hook), since)

    def recall(self) -> int | None:
        """Have the worker begin no other unit, and return the one that it is at; None if it cannot be asked."""
        if not self._lock.acquire(timeout=1):
            return None
        try:
            self._memory[_RECALL_OFFSET] = 1
            return self.noted.unit
        finally:
            self._lock.release()

    def open(self) -> None:
        """Have the worker begin units (again)."""
        self._memory[_RECALL_OFFSET] = 0

    def close(self) -> None:
        """Free the memory."""
        self._memory.close()
