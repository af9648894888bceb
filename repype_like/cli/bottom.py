"""Lines at the bottom of a terminal that are written over and over, while others go by above them."""

from __future__ import annotations

import os
import unicodedata

from repype_like.cli.terminal import Terminal

__all__ = ["LiveBlock", "fitted", "width_of"]


class LiveBlock:
    """Shows lines at the bottom of `terminal`."""

    def __init__(self, terminal: Terminal):
        self._terminal = terminal
        self._shown: list[str] = []

    def show(self, lines: list[str]) -> None:
        """Show these lines instead of those that are shown."""
        self._write(self._erasing() + "\n".join(lines))
        self._shown = lines

    def write_above(self, text: str) -> None:
        """Write text that stays."""
        self._write(f"{self._erasing()}{text}\n" + "\n".join(self._shown))

    def clear(self) -> None:
        """Show nothing any more."""
        if self._shown:
            self._write(self._erasing())
            self._shown = []

    def interject(self, text: str) -> None:
        """Write text that stays, from a signal handler: past the buffers of the stream. What is shown comes back."""
        data = f"{self._erasing()}{text}\n".encode(errors="backslashreplace")
        self._shown = []
        os.write(self._terminal.stream.fileno(), data)

    def _erasing(self) -> str:
        """Return what takes the cursor to where the lines begin, and erases all behind it.

        If the terminal has become narrower, they take more rows than when they were written.
        """
        if not self._shown:
            return ""
        columns = max(self._terminal.width, 1)
        rows = sum(max(1, -(-width_of(line) // columns)) for line in self._shown)
        return (f"\x1b[{rows - 1}A" if rows > 1 else "") + "\r\x1b[J"

    def _write(self, text: str) -> None:
        self._terminal.stream.write(self._terminal.encodable(text))
        self._terminal.stream.flush()


def width_of(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
               for sign in text)


def fitted(text: str, columns: int, ellipsis: str = "…") -> str:
    """Return `text`, cut so that it takes no more than so many columns."""
    if width_of(text) <= columns:
        return text
    while text and width_of(text) + len(ellipsis) > columns:
        text = text[:-1]
    return text + ellipsis if columns >= len(ellipsis) else ""
