"""A status block at the bottom of a terminal, which is drawn again in place; what happens scrolls by above it."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterable, Sequence
from types import FrameType

from repype_like.cli.live.keyboard import Keyboard
from repype_like.cli.live.rows import Line, block_of, columns_of, displayed
from repype_like.cli.live.wording import announce
from repype_like.cli.terminal import Terminal
from repype_like.typing import Any, Self
from repype_like.watch import CycleEnded, News, RunBegan, WatchState

__all__ = ["BlockFace"]

_INTERVAL = 0.1
"""Seconds between two drawings, unless there is news."""

_MANY = 20
"""Runs of more tasks than this do not tell of each that is completed: the block does."""

_HIDE, _SHOW, _TO_END_OF_LINE, _TO_END = "\x1b[?25l", "\x1b[?25h", "\x1b[K", "\x1b[J"


class BlockFace:
    """Draws on a terminal while it is entered as a context, and leaves it as it was.

    A terminal that goes away is not written to any more.
    """

    def __init__(self, terminal: Terminal):
        self._terminal = terminal
        self._keyboard = Keyboard()
        self._drawn: list[str] = []
        """The lines of the block that is there now, without colours."""
        self._shown: list[Line] = []
        self._size = (0, 0)
        self._state: WatchState | None = None
        self._last = 0.0
        self._is_due = True
        self._many = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._keyboard.__enter__()
        for name, handle in (("SIGTSTP", self._pause), ("SIGWINCH", self._resized)):
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, handle)
        return self

    def __exit__(self, *_: object) -> None:
        if self._state is not None:
            self._draw(final=True)
            self._write("\n")
        self._drawn = []
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._keyboard.__exit__()

    # --- what the watcher wants --------------------------------------------------------------------------------------

    @property
    def keys(self) -> int | None:
        """Where keys can be read."""
        return self._keyboard.descriptor

    def pressed(self) -> Sequence[str]:
        """Return what was asked for."""
        self._is_due = True
        return self._keyboard.read()

    def tell(self, news: News) -> None:
        """Write what is new above the block."""
        self._is_due = True
        if isinstance(news, RunBegan):
            self._many = len(news.tasks) > _MANY
            if not news.again:
                return
        lines = list(announce(news, self._terminal, brief=self._many))
        if lines:
            now = time.strftime("%H:%M:%S")
            self._scroll(f"{now} {line}" if number == 0 or not line.startswith(" ") else line
                         for number, line in enumerate(lines))
        if isinstance(news, CycleEnded):
            self._many = False

    def show(self, state: WatchState) -> None:
        """Draw the block, unless that was done a moment ago."""
        self._state = state
        now = time.monotonic()
        if self._is_due or now - self._last >= _INTERVAL:
            self._last, self._is_due = now, False
            self._draw()

    # --- drawing -----------------------------------------------------------------------------------------------------

    def _draw(self, *, final: bool = False) -> None:
        if self._state is None:
            return
        size = self._measure()
        lines = block_of(self._state, self._terminal, max(size.columns - 1, 1), max(size.lines - 1, 1), final=final)
        if lines == self._shown and self._drawn and size == self._size:
            return
        text = f"{_TO_END_OF_LINE}\n".join(displayed(line, self._terminal) for line in lines)
        self._write(f"{self._to_start(size.columns)}{text}{_TO_END}")
        self._shown, self._drawn, self._size = lines, [line.text for line in lines], size

    def _scroll(self, lines: Iterable[str]) -> None:
        """Write lines where the block is, which is drawn below them next."""
        text = "".join(f"{self._terminal.encodable(line)}{_TO_END_OF_LINE}\n" for line in lines)
        self._write(f"{self._to_start(self._measure().columns)}{_TO_END}{text}")
        self._drawn = []
        self._draw()

    def _measure(self) -> os.terminal_size:
        """Return how large the terminal is."""
        try:
            return os.get_terminal_size(self._terminal.stream.fileno())
        except (OSError, ValueError):
            return shutil.get_terminal_size()

    def _to_start(self, columns: int) -> str:
        """Return what moves the cursor to the start of the block; lines may have been wrapped since it was drawn."""
        rows = sum(max(1, -(-columns_of(line) // max(columns, 1))) for line in self._drawn) - 1
        return f"\r\x1b[{rows}A" if rows > 0 else "\r"

    def _write(self, text: str) -> None:
        stream = self._terminal.stream
        try:
            stream.write(f"{_HIDE}{text}{_SHOW}")  # at once, so that the cursor is there again whatever happens
            stream.flush()
        except (OSError, ValueError):  # nobody is there any more
            return

    # --- signals -----------------------------------------------------------------------------------------------------

    def _resized(self, number: int, frame: FrameType | None) -> None:
        self._is_due = True

    def _pause(self, number: int, frame: FrameType | None) -> None:
        """Leave the terminal to the shell while we are stopped."""
        self._write(f"{self._to_start(self._measure().columns)}{_TO_END}")
        self._drawn = []
        self._keyboard.__exit__()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._keyboard.__enter__()
        self._is_due = True
