"""Whether a process lives: what it leaves behind counts for as long as it does."""

from __future__ import annotations

import os

__all__ = ["is_alive"]

_DEAD = (b"Z", b"X", b"x")
"""The states of a process that has ended, and whose parent has not asked yet how."""


def is_alive(pid: int) -> bool:
    """Tell whether a process of this machine is there and has not ended."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is not ours
        pass
    return _state(pid) not in _DEAD


def _state(pid: int) -> bytes:
    """Return the letter for what a process is doing; nothing where the system does not say so."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1]  # behind the name, which may contain anything
    except OSError:
        return b""
