"""A stream that people look at: what it can show, and writing to it so that nothing it does ends a run."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable

from repype_like.typing import IO, Literal

__all__ = ["Glyph", "Terminal", "err", "out"]

Glyph = Literal["done", "todo", "error", "template", "warning", "ellipsis", "arrow"]

_GLYPHS: dict[Glyph, tuple[str, str]] = {
    "done": ("✓", "+"), "todo": ("●", "*"), "error": ("✗", "x"), "template": ("○", "o"), "warning": ("!", "!"),
    "ellipsis": ("…", "..."), "arrow": ("→", "->")}

_COLORS = {"red": "31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}

Color = Literal["red", "green", "yellow", "dim", "bold", ""]


class Terminal:
    """Writes to `stream` what it can show."""

    def __init__(self, stream: IO[str]):
        self.stream = stream
        dumb = os.environ.get("TERM") == "dumb"
        with contextlib.suppress(ValueError):  # a closed stream is no terminal
            self.interactive = stream.isatty() and not dumb
        self.colored = self.interactive and not os.environ.get("NO_COLOR")
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self.has_unicode = _can_encode("".join(glyph for glyph, _ in _GLYPHS.values()), self._encoding)

    has_unicode: bool
    """Whether the stream can show more than ASCII."""

    interactive = False
    """Whether a person looks at it, and lines can be overwritten."""

    @property
    def width(self) -> int:
        """How many characters a line has room for."""
        return shutil.get_terminal_size().columns

    @property
    def height(self) -> int:
        """How many lines it has room for."""
        return shutil.get_terminal_size().lines

    def glyph(self, name: Glyph) -> str:
        """Return a sign, in ASCII if the stream can show no other."""
        return _GLYPHS[name][0 if self.has_unicode else 1]

    def paint(self, text: str, color: Color) -> str:
        """Return `text` in a colour, if there are any."""
        return f"\x1b[{_COLORS[color]}m{text}\x1b[0m" if self.colored and color else text

    def line(self, text: str = "") -> None:
        """Write a line; characters that the stream cannot take are escaped.

        Raises:
            BrokenPipeError: If nobody reads any more.
        """
        self.lines((text,))

    def lines(self, texts: Iterable[str]) -> None:
        """Write lines at once.

        Raises:
            BrokenPipeError: If nobody reads any more.
        """
        self.stream.write(self.encodable("".join([f"{text}\n" for text in texts])))
        self.stream.flush()

    def line_for_anybody(self, text: str) -> None:
        """Write a line if anybody can be told: what was done does not count for less if not."""
        with contextlib.suppress(OSError, ValueError):  # nobody is there, or the stream is closed
            self.line(text)

    def line_at_once(self, text: str) -> None:
        """Write a line from a signal handler: in the midst of whatever is being written, and past its buffers."""
        start = "\r\x1b[K" if self.interactive else ""
        with contextlib.suppress(OSError, ValueError):
            os.write(self.stream.fileno(), f"{start}{text}\n".encode(self._encoding, "backslashreplace"))

    def encodable(self, text: str) -> str:
        """Return `text` with the characters escaped that the stream cannot take."""
        return text.encode(self._encoding, "backslashreplace").decode(self._encoding)


def out() -> Terminal:
    """Return stdout, which is for data."""
    return Terminal(sys.stdout)


def err() -> Terminal:
    """Return stderr, which is for talk."""
    return Terminal(sys.stderr)


def _can_encode(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
