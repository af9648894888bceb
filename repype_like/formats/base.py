"""What a format is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from repype_like.formats.mapping import map_file
from repype_like.typing import Any

__all__ = ["Buffer", "BufferFormat", "Format", "type_name"]

Buffer = bytes | bytearray | memoryview
"""Bytes; a memoryview is contiguous and of single bytes."""


class Format(ABC):
    """Turns values into files and back.

    A format of your own is a subclass that is registered under the entry point group ``repype_like.formats``, and is
    used where a stage names it: ``formats = {"table": "parquet"}``. Its values are always files, so that ordinary
    tools can open them.
    """

    name: str
    """What stages refer to the format by."""

    suffix: str
    """The suffix of its files, without the dot, by which ordinary tools recognise them."""

    safe: bool = False
    """Whether reading runs no code that the file brings along, whatever is in the file."""

    def can_store(self, value: Any) -> bool:
        """Tell whether the format keeps the type and the content of `value`."""
        return True

    @abstractmethod
    def write(self, value: Any, path: Path) -> None:
        """Write `value` to a new file at `path`, which has the suffix of the format.

        Raises:
            Exception: Any, if that is not possible; its message becomes part of the error that the user sees.
        """

    @abstractmethod
    def read(self, path: Path) -> Any:
        """Return the value that was written. The file must stay as it is, whatever is done to the value."""


class BufferFormat(Format):
    """A format that works in memory: small values need no file, and large ones are mapped rather than read."""

    @abstractmethod
    def dump(self, value: Any) -> Sequence[Buffer]:
        """Return `value` as consecutive pieces of bytes.

        Raises:
            NotStorableError: If that is not possible; the message names the type and says why.
        """

    @abstractmethod
    def load(self, data: memoryview) -> Any:
        """Return the value; `data` is writable and belongs to it from now on.

        Raises:
            DamagedError: If `data` is not what the format writes.
        """

    def write(self, value: Any, path: Path) -> None:
        """Write the pieces of :meth:`dump`."""
        with path.open("xb") as file:
            file.writelines(self.dump(value))

    def read(self, path: Path) -> Any:
        """Map the file and return the value in it."""
        return self.load(map_file(path))


def type_name(value: Any) -> str:
    """Return how errors name the type of `value`: ``int``, ``numpy.ndarray``."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
