"""Single keys, as they are pressed, and the terminal as it was before."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import termios
import tty
from collections.abc import Sequence

from repype_like.typing import Any, Self

__all__ = ["KEYS", "Keyboard"]

KEYS = {"\r": "run_now", "\n": "run_now", "a": "run_all", "f": "run_failed", "c": "cancel", "p": "pause",
        "l": "show_failure", "q": "quit", "?": "help", "h": "help"}
"""What is done when a key is pressed: a method of :class:`repype_like.watch.Watcher`."""

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?")


class Keyboard:
    """Reads keys while it is entered as a context, if stdin is a terminal that is ours to read."""

    def __init__(self) -> None:
        self.descriptor: int | None = None
        """What can be read when a key was pressed; None if there is nothing to be read."""
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError, ValueError, termios.error):
            descriptor = sys.stdin.fileno()
            if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp():  # or else we would be stopped
                self._before = termios.tcgetattr(descriptor)
                tty.setcbreak(descriptor, termios.TCSADRAIN)
                self.descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None and self.descriptor is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self.descriptor, termios.TCSADRAIN, self._before)
        self._before = self.descriptor = None

    def read(self) -> Sequence[str]:
        """Return what was asked for since the last time; what is no such key is passed over."""
        try:
            data = os.read(self.descriptor, 1024) if self.descriptor is not None else b""
        except OSError:
            data = b""
        if not data:
            self.__exit__()
        pressed = _SEQUENCE.sub("", data.decode(errors="replace"))
        return [KEYS[key.lower()] for key in pressed if key.lower() in KEYS]
