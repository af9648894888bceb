"""What a worker has to say, on its way into its mailbox: what belongs together travels together.

That a stage begins is said at once, since it may never end. What it has made waits for the next message, which is never
far: in between, there is nothing but our own code. So a unit of one stage is said in two pieces rather than four.
"""

from __future__ import annotations

import threading
import time

from repype_like.events import StageFinished
from repype_like.execute.mailbox import Mailbox
from repype_like.execute.messages import Happened, Idle, Made, Message
from repype_like.execute.wire import packed
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Outbox"]

_LATEST = 0.05
"""Seconds after which the worker rings at the latest, if it has anything to say."""


class Outbox:
    """Puts messages into a mailbox, and rings.

    Arguments:
        pipe: Where it rings, and where what the mailbox is too small for goes.
        mailbox: The mailbox.
    """

    def __init__(self, pipe: Connection, mailbox: Mailbox):
        self._pipe = pipe
        self._mailbox = mailbox
        self._rung = time.monotonic()
        self._lock = threading.RLock()
        self._waiting: list[Message | Idle] = []
        self.waits = False
        """Whether nothing of the user's is called between what a stage has made and the next message."""

    def put(self, message: Message | Idle) -> None:
        """Say something. May be called by the threads of a stage, too."""
        with self._lock:
            self._waiting.append(message)
            if not (self.waits and _is_outcome(message)):
                self.send()

    def send(self) -> None:
        """Say what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            if waiting:
                self._send(packed(waiting))

    def ring(self) -> None:
        """Have the coordinator look."""
        self._rung = time.monotonic()
        self._pipe.send_bytes(b"")

    def _send(self, data: bytes) -> None:
        if self._mailbox.is_too_large(data):
            self._pipe.send_bytes(data)  # arrives behind what is in the mailbox: that is looked into first
        elif not self._mailbox.put(data):
            self.ring()
            while not self._mailbox.put(data):
                time.sleep(0.001)
        if time.monotonic() - self._rung > _LATEST:
            self.ring()


def _is_outcome(message: Message | Idle) -> bool:
    return isinstance(message, Made) or (isinstance(message, Happened) and isinstance(message.event, StageFinished))
