"""What signals do to a run: the first one ends it after what runs, the second one at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from repype_like.typing import Any, Self

__all__ = ["Interruption"]

_GRACE = {"SIGINT": 10.0, "SIGTERM": 5.0, "SIGHUP": 5.0}
"""Seconds after which a run that was asked to end is killed; whoever sends the latter two may not wait for long."""

_SIGNALS = tuple(getattr(signal, name) for name in _GRACE if hasattr(signal, name))


class Interruption:
    """Handles signals while it is entered as a context, in the main thread; in others it leaves them alone.

    Arguments:
        stop: Lets the run finish what runs; may raise an exception where nothing does.
        kill: Ends it at once; may do so by an exception.
        tell: Told what the user should know.
    """

    def __init__(self, stop: Callable[[], None], kill: Callable[[], None], tell: Callable[[str], None]):
        self._stop = stop
        self._kill = kill
        self._tell = tell
        self._owner = os.getpid()
        self._previous: dict[int, Any] = {}
        self._timer: threading.Timer | None = None
        self._received: int | None = None
        self.killed = False
        """Whether what ran was killed."""

    @property
    def exit_code(self) -> int | None:
        """What a shell expects of a process that a signal has ended; None if there was no signal."""
        return None if self._received is None else 128 + self._received

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
                    self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._owner:
            return  # a worker has inherited the handler; what becomes of it is decided here, not there
        if self._received is None:
            self._received = number
            name = signal.Signals(number).name
            grace = f"finishing what runs, for at most {_GRACE[name]:.0f} s"
            self._stop()
            self._tell(f"{grace}; Ctrl-C again to kill it" if number == signal.SIGINT else f"ended by {name}; {grace}")
            self._timer = threading.Timer(_GRACE[name], os.kill, (self._owner, number))
            self._timer.daemon = True
            self._timer.start()
        else:
            self.killed = True
            self._kill()
