"""What a watcher is shown by."""

from __future__ import annotations

from collections.abc import Sequence

from repype_like.typing import Protocol
from repype_like.watch.news import News
from repype_like.watch.state import WatchState

__all__ = ["Face"]


class Face(Protocol):
    """What people look at, and press keys on."""

    @property
    def keys(self) -> int | None:
        """A descriptor that can be read when a key was pressed; None if there are no keys."""

    def pressed(self) -> Sequence[str]:
        """Return what was asked for by keys: the name of a method of :class:`~repype_like.watch.Watcher` each."""

    def tell(self, news: News) -> None:
        """Take in what is new."""

    def show(self, state: WatchState) -> None:
        """Show how things stand."""
