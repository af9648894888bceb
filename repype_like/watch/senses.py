"""What is known of the files at this moment: what happened to them, whether it is over, and what of it matters."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from pathlib import Path

from repype_like.watch.changes import Changes
from repype_like.watch.eyes import Eyes
from repype_like.watch.messages import Report
from repype_like.watch.news import News, Notice
from repype_like.watch.settling import Settling
from repype_like.watch.state import WatchState

__all__ = ["Senses"]

_HEARTBEAT = 0.5
"""Seconds between two looks at whether the tree is still there."""

_LATENCY = 1.0
"""Seconds by which an event may be late."""

_LEAST = 0.05
"""Seconds between two sweeps at least."""


class Senses:
    """Sees what happens in a tree and to the files that have a say in it, for as long as it is there.

    Arguments:
        tree: The directory.
        state: Where it is noted how well things can be seen.
        tell: Told what the user should know.
    """

    def __init__(self, tree: Path, state: WatchState, tell: Callable[[News], None]):
        self.reader, self._writer = os.pipe()
        """Can be read when something has happened."""
        os.set_blocking(self._writer, False)
        self._tree = tree
        self._state = state
        self._tell = tell
        self._identity: tuple[int, int] | None = None
        self._eyes = Eyes(self._something_happened, poll=state.options.poll)
        self._changes = Changes()
        self._settling = Settling()
        self._happened: list[tuple[str, bool]] = []
        self._beat = 0.0
        self._is_another = False
        """Whether there is a reason to look, whatever has become of single files."""
        self._sure_from = 0.0
        """From when on an event cannot be about something that the last look was in the midst of."""

    def open(self) -> None:
        """Begin to watch the tree."""
        self._identity = _identity(self._tree)
        self._eyes.open(self._tree)
        self._tell_polling()

    def close(self) -> None:
        """Watch nothing any more."""
        self._eyes.close()

    def wake(self) -> None:
        """Have whoever waits look up; may be called by signal handlers and other threads."""
        try:
            os.write(self._writer, b"\0")
        except BlockingIOError:
            return  # it will wake anyway

    # --- time --------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When :meth:`take_in` is to be called at the latest, by the monotonic clock."""
        return self._beat

    @property
    def settled(self) -> float | None:
        """When what has happened will probably be over; None if nothing has happened."""
        return self._settling.due(half_written=False)

    def is_settled(self, now: float) -> bool:
        """Tell whether what has happened is over."""
        due = self.settled
        if due is None or now < due:
            return due is None
        due = self._settling.due(half_written=self._changes.half_written())
        return due is None or now >= due

    # --- files -------------------------------------------------------------------------------------------------------

    def take_in(self, now: float, *, woken: bool) -> None:
        """Take in what has happened.

        Arguments:
            now: The present time, by the monotonic clock.
            woken: Whether :attr:`reader` can be read.
        """
        if woken:
            os.read(self.reader, 1 << 16)
        if now >= self._beat or self._state.refused:
            self._see_whether_it_is_there(now)
        happened, self._happened = self._happened, []
        sweeps = now >= self._eyes.due and not self._state.gone
        maybe: list[str] = []
        if sweeps:
            found, maybe = self._eyes.sweep()
            happened += [(path, False) for path in found]
        for path, is_directory in dict.fromkeys(happened):
            counts = self._note(path, now, is_directory=is_directory)
            if counts and now < self._sure_from and not self._changes.is_output(path):
                self._is_another = True
        for path in maybe:
            self._note(path, now, is_directory=False)
        if sweeps and not self._is_another and self._changes.suspects and not self._changes.real():
            self._settling.clear()
        self._beat = now + _HEARTBEAT
        if not self._state.gone:
            self._beat = min(self._beat, max(self._eyes.due, now + _LEAST))

    def _note(self, path: str, now: float, *, is_directory: bool) -> bool:
        counts = self._changes.note(path, is_directory=is_directory)
        if counts is not None:
            self._settling.note(now, counts=counts)
        return bool(counts)

    def changed(self, running: Collection[str]) -> tuple[set[str], bool]:
        """Return the paths at which something has changed, and whether the tree is another one; and begin anew.

        Arguments:
            running: The tasks that are worked on. What they may have written is put aside; see :meth:`recall`.
        """
        if running:
            self._changes.defer(running)
        changed, is_another = self._changes.real(), self._is_another
        self._settling.clear()
        self._changes.clear()
        self._is_another = False
        return changed, is_another

    def has_changed(self, running: Collection[str]) -> bool:
        """Tell whether something has changed that has a say, since :meth:`changed` was called."""
        if running:
            self._changes.defer(running)
        return any(map(self._changes.matters, self._changes.real()))

    def recall(self) -> None:
        """Take up again what was put aside."""
        self._changes.recall()

    def aim(self, report: Report) -> None:
        """Compare with this report from now on, and watch what it names."""
        self._sure_from = time.monotonic() + _LATENCY
        self._changes.take_in(report, [self._tree])
        self._eyes.aim(report.folders, report.files.keys())
        self._tell_polling()

    def see_whether_it_is_gone(self) -> bool:
        """Tell whether the tree is gone, which is what a look has failed for then."""
        self._see_whether_it_is_there(time.monotonic())
        return self._state.gone

    def _see_whether_it_is_there(self, now: float) -> None:
        identity = _identity(self._tree)
        if identity == self._identity:
            return
        self._identity = identity
        path = self._state.options.path
        if identity is None:
            self._eyes.close()
            self._tell(Notice(f"{path} is gone; waiting for it to come back", is_error=True))
        else:
            if self._state.gone:
                self._tell(Notice(f"{path} is back"))
            self.open()
            self._is_another = True
            self._settling.note(now, counts=True)
        self._state.gone = identity is None

    def _something_happened(self, path: str, is_directory: bool) -> None:
        """Take down an event; called by another thread."""
        self._happened.append((path, is_directory))
        self.wake()

    def _tell_polling(self) -> None:
        if self._eyes.polling and not self._state.polling:
            self._tell(Notice("polling" if self._state.options.poll else f"polling, since {self._eyes.polling}"))
        self._state.polling = self._eyes.polling


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
