"""One codebase for each set of folders, for as long as the process lives."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from repype_like.fingerprint.codebase import Codebase

__all__ = ["codebase_for"]


@cache
def codebase_for(start: Path, pythonpath: tuple[Path, ...] = ()) -> Codebase:
    """Return the codebase for these folders; see :class:`Codebase`."""
    return Codebase(start, pythonpath)
