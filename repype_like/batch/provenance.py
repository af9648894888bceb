"""Where, when, by whom and from which commit results were computed; kept in the digest."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from repype_like.typing import Any
from repype_like.version import VERSION

__all__ = ["provenance"]

_PATIENCE = 10
"""Seconds after which git is not waited for any more; what is unknown is left out."""


def provenance(command: tuple[str, ...], directories: Iterable[Path]) -> dict[str, Any]:
    """Return what is known of the present run, as plain data.

    Arguments:
        command: What the user typed.
        directories: Where the project may be, the likeliest first; the first one that git knows counts.
    """
    system = os.uname()
    return {"repype_like": VERSION, "python": sys.version.partition(" ")[0],
            "platform": f"{system.sysname} {system.release} {system.machine}", "host": system.nodename,
            "user": _user(), "command": list(command), "started": time.time(),
            "git": next(filter(None, map(_commit, directories)), None)}


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that has no name
        return ""


def _commit(directory: Path) -> dict[str, Any] | None:
    """Return the commit that is checked out, and whether files have changed since; None if git cannot tell.

    What git does not track does not count: results are among it.
    """
    if not any(os.path.lexists(folder / ".git") for folder in (directory, *directory.parents)):
        return None
    import subprocess

    command = ["git", "-C", str(directory), "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:  # without taking locks, which might get into the way of what the user does meanwhile
        found = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=True,
                               stdin=subprocess.DEVNULL, env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"})
    except (OSError, subprocess.SubprocessError):
        return None
    lines = found.stdout.splitlines()
    commit = next((line.rpartition(" ")[2] for line in lines if line.startswith("# branch.oid ")), "(initial)")
    if commit == "(initial)":
        return None
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}
