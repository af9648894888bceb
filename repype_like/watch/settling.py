"""When what is happening to files is over, so that it is time to look."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settling"]

QUIET = 0.2
"""Seconds without an event after which a save is taken to be complete."""

HALF_WRITTEN = 0.6
"""The same, if what is there looks as if the rest were to come."""

LONGEST = 10.0
"""Seconds after which a file that has a say and keeps changing is looked at all the same."""

PATIENCE = 2.0
"""Seconds after which files of no known meaning that keep changing hold up nothing any more."""


@dataclass
class Settling:
    """Tells when it is time to look. Times are in seconds, of any one clock."""

    first: float | None = None
    """When the first event came that was not looked at yet."""
    last: float = 0.0
    """When the last one came."""
    last_that_counts: float = 0.0
    """When the last one came that concerns a file with a say."""

    def note(self, now: float, *, counts: bool) -> None:
        """Take down an event."""
        if self.first is None:
            self.first = self.last_that_counts = now
        self.last = now
        if counts:
            self.last_that_counts = now

    def due(self, *, half_written: bool) -> float | None:
        """Return when to look, or None if there is nothing to look at."""
        if self.first is None:
            return None
        counting = self.last_that_counts + (HALF_WRITTEN if half_written else QUIET)
        return max(min(counting, self.first + LONGEST), min(self.last + QUIET, self.first + PATIENCE))

    def clear(self) -> None:
        """Begin anew."""
        self.first = None
