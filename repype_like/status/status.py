"""What a stage reports through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from functools import cached_property

from repype_like.typing import TYPE_CHECKING, Any, Plain, TypeVar

if TYPE_CHECKING:
    import uuid

__all__ = ["Report", "Status", "create", "derive", "progress", "update"]

T = TypeVar("T")

Report = Callable[[Plain, bool], None]
"""Told what is reported, and whether the next report replaces it; an intermediate None clears the last one."""

_PROGRESS_INTERVAL = 0.05
"""Seconds between two reports of progress, on average: more often than this, nobody can read them."""

_PROGRESS_BURST = 8.0
"""How many may follow each other at once, so that a quick item before one that takes long does not go unsaid."""


class Status:
    """Takes what a stage has to say and hands it on to whoever listens.

    Arguments:
        parent: The status that this one is a part of; what is reported here is handed on by it.
        report: Called with everything that is reported, see :data:`Report`.
    """

    def __init__(self, parent: Status | None = None, report: Report | None = None):
        self.parent = parent
        self.data: list[Plain] = []
        """What was reported to stay, and for each derived status its own list."""
        inherited: Report | None = None if parent is None else parent._report
        self._report: Report | None = inherited if report is None else report

    @cached_property
    def id(self) -> uuid.UUID:
        """An identifier, different for every status."""
        import uuid  # hardly ever asked for

        return uuid.uuid4()

    def derive(self) -> Status:
        """Return a status that is a part of this one."""
        child = Status(self)
        self.data.append(child.data)
        return child

    def write(self, status: Plain) -> None:
        """Report something that stays."""
        self.data.append(status)
        if self._report is not None:
            self._report(status, False)

    def intermediate(self, status: Plain = None) -> None:
        """Report something that the next report replaces, or clear it with None."""
        if self._report is not None:
            self._report(status, True)

    def progress(self, iterable: Iterable[T], iterations: int | None = None, details: Plain = None) -> Iterator[T]:
        """Yield the items of `iterable` and report how far it is.

        Arguments:
            iterable: What to go through.
            iterations: The number of items, if `iterable` has no length. Unknown if that is not given either.
            details: Shown beside the progress.
        """
        if iterations is None:
            iterations = len(iterable) if isinstance(iterable, Sized) else None
        allowed, before = _PROGRESS_BURST, time.monotonic()
        try:
            for step, item in enumerate(iterable):
                now = time.monotonic()
                allowed, before = min(allowed + (now - before) / _PROGRESS_INTERVAL, _PROGRESS_BURST), now
                if allowed >= 1:
                    allowed -= 1
                    self.intermediate({"info": "progress", "details": details, "step": step, "max_steps": iterations,
                                       "progress": step / iterations if iterations else None})
                yield item
        finally:
            self.intermediate(None)


def update(status: Status | None, plain_text: Plain = None, intermediate: bool = False, **kwargs: Any) -> None:
    """Report a text, or the keyword arguments as a dictionary; nothing if `status` is None.

    Arguments:
        status: What to report through.
        plain_text: The text.
        intermediate: Whether the next report replaces this one; without a text it clears the last one.
        kwargs: Reported instead of a text.

    Raises:
        TypeError: If there is both a text and keyword arguments, or neither and `intermediate` is false.
    """
    if plain_text is not None and kwargs:
        raise TypeError("a report is either a text or keyword arguments, not both")
    if status is None:
        return
    if intermediate:
        status.intermediate(kwargs or plain_text)
    elif plain_text is None and not kwargs:
        raise TypeError("there is nothing to report: give a text or keyword arguments")
    else:
        status.write(kwargs or plain_text)


def derive(status: Status | None) -> Status | None:
    """Return a part of `status`, or None if that is None."""
    return None if status is None else status.derive()


def progress(status: Status | None, iterable: Iterable[T], iterations: int | None = None,
             details: Plain = None) -> Iterable[T]:
    """Return the items of `iterable`; reports how far it is if `status` is not None, see :meth:`Status.progress`."""
    return iterable if status is None else status.progress(iterable, iterations, details)


@contextmanager
def create() -> Iterator[Status]:
    """Give a status that nobody listens to; what is reported can be read from its `data`."""
    yield Status()
