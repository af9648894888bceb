"""Text as a text file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats.base import Buffer, BufferFormat, type_name
from repype_like.typing import Any

__all__ = ["TextFormat"]


class TextFormat(BufferFormat):
    """A str in UTF-8, to the letter: ends of lines stay what they are."""

    name = "text"
    suffix = "txt"
    safe = True

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a str, of no subclass, and without lone surrogates."""
        return type(value) is str and _encoded(value) is not None

    def dump(self, value: Any) -> Sequence[Buffer]:
        """Return the text."""
        encoded = _encoded(value) if type(value) is str else None
        if encoded is None:
            raise NotStorableError(f"a {type_name(value)} cannot be stored as text: it is no str that UTF-8 can hold")
        return [encoded]

    def load(self, data: memoryview) -> str:
        """Return the text."""
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError as error:
            raise DamagedError(f"not UTF-8: {error}") from None

    def export(self, value: Any, path: Path) -> None:
        """Write a str as it is, bytes as they are, and of everything else what ``print`` would show."""
        if isinstance(value, (bytes, bytearray)):
            path.write_bytes(value)
        else:
            path.write_text(str(value), encoding="utf-8", errors="surrogateescape", newline="")


def _encoded(text: str) -> bytes | None:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return None
