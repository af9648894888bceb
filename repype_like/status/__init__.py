"""What a stage reports through, and what becomes of it.

A stage gets a :class:`Status` and uses the functions of this module, which do nothing where the status is None::

    for item in repype_like.status.progress(status, items):
        ...
    repype_like.status.update(status, "half way")
"""

from __future__ import annotations

from repype_like.status.status import Status, create, derive, progress, update

__all__ = ["Status", "create", "derive", "progress", "update"]
