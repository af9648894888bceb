"""One codebase for each set of folders, for as long as the process lives and nobody asks for the latest."""

from __future__ import annotations

from pathlib import Path

from repype_like.fingerprint.codebase import Codebase, active_codebase

__all__ = ["codebase_for", "forget_outdated_codebases"]

_known: dict[tuple[Path, tuple[Path, ...]], Codebase] = {}


def codebase_for(start: Path, pythonpath: tuple[Path, ...] = ()) -> Codebase:
    """Return the codebase for these folders; see :class:`Codebase`."""
    codebase = _known.get((start, pythonpath))
    if codebase is None:
        codebase = _known[start, pythonpath] = Codebase(start, pythonpath)
    return codebase


def forget_outdated_codebases() -> None:
    """From now on, read and import those modules anew whose codebases have seen files that are others by now.

    Tasks that were loaded before keep their codebase, and with it the code as it was.
    """
    if active_codebase() is None:
        for folders in [folders for folders, codebase in _known.items() if not codebase.is_current()]:
            del _known[folders]
