"""How a tree is watched."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    path: str = "."
    runs: bool = True
    """Whether anything is run; or else the state is only shown."""
    once: bool = False
    """Whether to end after the first cycle."""
    postpone: bool = False
    """Whether to wait for the first change."""
    poll: bool = False
    jobs: int = 1
    """The number of worker processes."""
    command: tuple[str, ...] = ()
    """What the user typed."""
