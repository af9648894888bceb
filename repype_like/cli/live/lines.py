"""What happens, as plain lines with times: where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence

from repype_like.cli.live.wording import announce
from repype_like.cli.terminal import Terminal
from repype_like.watch import News, WatchState

__all__ = ["LineFace"]


class LineFace:
    """Writes a line for whatever is worth one."""

    keys = None

    def __init__(self, terminal: Terminal):
        self._terminal = terminal

    def pressed(self) -> Sequence[str]:
        """Return nothing: there are no keys."""
        return ()

    def show(self, state: WatchState) -> None:
        """Do nothing: everything was told."""

    def tell(self, news: News) -> None:
        """Write what is new.

        Raises:
            BrokenPipeError: If nobody reads any more.
        """
        now = time.strftime("%H:%M:%S")
        for line in announce(news, self._terminal):
            self._terminal.line(f"{now} {line}")
