"""How many columns of a terminal a text takes: none for marks on a letter, two for CJK characters and emoji."""

from __future__ import annotations

import unicodedata

__all__ = ["cut", "pad", "width_of", "wrap"]

_JOINER = "\u200d"


def width_of(text: str) -> int:
    """Return the number of columns that `text` takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if character == _JOINER or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, width: int, right: bool = False) -> str:
    """Return `text` with as many blanks behind it, or before it if it is to stand on the `right`, as it lacks."""
    blanks = " " * max(width - width_of(text), 0)
    return blanks + text if right else text + blanks


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """Return `text`, cut so that it takes no more than `width` columns."""
    if width_of(text) <= width:
        return text
    return _head(text, max(width - width_of(ellipsis), 0)) + ellipsis


def wrap(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` columns, broken between words where that is possible."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(longer) <= width:
            lines[-1] = longer
        else:
            lines += _pieces(word, width)
    return [line for line in lines if line] or [""]


def _pieces(word: str, width: int) -> list[str]:
    pieces = []
    while width_of(word) > width:
        head = _head(word, width) or word[0]
        pieces.append(head)
        word = word[len(head):]
    return [*pieces, word]


def _head(text: str, width: int) -> str:
    taken = 0
    for position, character in enumerate(text):
        taken += _width(character)
        if taken > width:
            return text[:position]
    return text
