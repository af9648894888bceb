"""What is new, for those who show it. On a stream, an item is one line of JSON."""

from __future__ import annotations

from dataclasses import dataclass

from repype_like.events import Event, StageFailed
from repype_like.watch.messages import Report

__all__ = ["Changed", "CycleEnded", "LastFailure", "News", "Notice", "Ran", "RunBegan", "TreeSeen"]


@dataclass(frozen=True)
class Notice:
    """Something that the user should know, in words."""

    text: str
    is_error: bool = False


@dataclass(frozen=True)
class Changed:
    """Files have changed; a look follows."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class TreeSeen:
    """A look has found something else than the one before."""

    report: Report
    before: Report | None


@dataclass(frozen=True)
class RunBegan:
    """Work on tasks begins, again for those in `again`, which were being worked on when they changed."""

    tasks: tuple[str, ...]
    again: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """Something happened in a run."""

    event: Event


@dataclass(frozen=True)
class LastFailure:
    """The user wants to see what failed last; None if nothing did."""

    failure: StageFailed | None


@dataclass(frozen=True)
class CycleEnded:
    """All that was to be done is done. `good` tells whether everything is up to date now."""

    good: bool
    before: bool | None
    """Whether it was after the cycle before; None for the first one."""
    seconds: float
    computed: int
    failed: int


News = Notice | Changed | TreeSeen | RunBegan | Ran | LastFailure | CycleEnded
