"""How a tree is watched."""

from __future__ import annotations

from dataclasses import dataclass

from repype_like.batch import ClusterOptions

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
    cluster: ClusterOptions | None = None
    """The cluster to run on, instead of this machine alone."""
    command: tuple[str, ...] = ()
    """What the user typed."""
