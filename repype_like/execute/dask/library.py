"""The import of Dask, where it has been found out that it is installed."""

from __future__ import annotations

from repype_like.collector import last_collection_skipped
from repype_like.typing import Any

__all__ = ["import_distributed"]


def import_distributed() -> Any:
    """Return the module ``distributed``.

    At its end, Python looks for garbage once more. In all that Dask consists of, that takes a tenth of a second, for
    which a user would wait.
    """
    import distributed

    last_collection_skipped()
    return distributed
