"""Sees to it that nothing survives the coordinator, whatever ends it.

Workers die with the coordinator: the kernel sees to that. What stages have started does not; so a small process waits
for the coordinator to be gone, and then ends the groups of processes of all workers.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import sys
import warnings
from typing import NoReturn

__all__ = ["Guard"]

_ENTRY = struct.Struct("<ii")
"""A process group, and whether it is there."""


class Guard:
    """Started before the workers, and closed when they are gone."""

    def __init__(self) -> None:
        reading, self._writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)  # it only waits
            self._process = os.fork()
        if not self._process:
            _watch(reading, self._writing)
        os.close(reading)

    def watch(self, group: int) -> None:
        """Have a process group ended if this process is."""
        self._tell(group, True)

    def forget(self, group: int) -> None:
        """Leave a process group alone from now on, since it is gone."""
        self._tell(group, False)

    def leave(self) -> None:
        """Let go of it, in another process than the one that has made it."""
        os.close(self._writing)

    def close(self) -> None:
        """End it."""
        os.close(self._writing)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._process, 0)

    def _tell(self, group: int, is_there: bool) -> None:
        with contextlib.suppress(OSError):  # somebody has ended it
            os.write(self._writing, _ENTRY.pack(group, is_there))


def _watch(reading: int, writing: int) -> NoReturn:
    """Wait for the end of the other process, and end what is left of its workers."""
    groups: set[int] = set()
    try:
        os.setpgid(0, 0)  # Ctrl-C is for the others
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(writing)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # nobody shall wait for the end of our output
            os.dup2(nothing, descriptor)
        while entry := os.read(reading, _ENTRY.size):
            group, is_there = _ENTRY.unpack(entry)
            (groups.add if is_there else groups.discard)(group)
        for group in groups:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
    finally:
        os._exit(0)
