"""The cluster that a run is to take place on."""

from __future__ import annotations

from repype_like.typing import NamedTuple

__all__ = ["ClusterOptions"]


class ClusterOptions(NamedTuple):
    """Which cluster of Dask to run on."""

    address: str
    """The address of its scheduler, the path of its scheduler file, or ``local`` for one that is made for the run."""
    wait: float = 60.0
    """Seconds after which a run that has no workers is given up."""
