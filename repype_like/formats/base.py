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

    A format of your own is a subclass with a :attr:`suffix` and the methods :meth:`write` and :meth:`read`, which must
    be possible to make without arguments. A stage names it by its class, ``formats = {"table": MyFormat}``, or, if it
    is registered under the entry point group ``repype_like.formats``, by its name. Its values are always files, so that
    ordinary tools can open them.
    """

    name: str
    """What stages refer to the format by, if it is registered."""

    suffix: str
    """The suffix of its files, without the dot, by which ordinary tools recognise them."""

    safe: bool = False
    """Whether reading runs no code that the file brings along, whatever is in the file."""

    needs: Sequence[str] = ()
    """The modules that have to be there for it, besides those of the standard library."""

    extra: str = ""
    """The extra of this package that brings these modules along."""

    def can_store(self, value: Any) -> bool:
        """Tell from the type of `value` whether it is of the kind that the format is for."""
        return True

    @abstractmethod
    def write(self, value: Any, path: Path) -> None:
        """Write `value` to a new file at `path`, which has the suffix of the format.

        Raises:
            Exception: Any, if it would not come back as it is; its message becomes part of the error that the user
                sees.
        """

    @abstractmethod
    def read(self, path: Path) -> Any:
        """Return the value that was written. The file must stay as it is, whatever is done to the value."""

    def export(self, value: Any, path: Path) -> None:
        """Write `value` to a file for somebody else to look at, as well as the format can tell it.

        Raises:
            Exception: Any, if it cannot.
        """
        self.write(value, path)

    def is_safe(self, path: Path) -> bool:
        """Tell whether reading this file runs no code that it brings along."""
        return self.safe


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

    def is_safe_data(self, data: memoryview) -> bool:
        """Tell whether loading `data` runs no code that it brings along."""
        return self.safe

    def is_safe(self, path: Path) -> bool:
        """Tell whether reading this file runs no code that it brings along."""
        return self.safe or self.is_safe_data(map_file(path))

    def write(self, value: Any, path: Path) -> None:
        """Write the pieces of :meth:`dump`."""
        pieces = self.dump(value)
        with path.open("wb") as file:
            file.writelines(pieces)

    def read(self, path: Path) -> Any:
        """Map the file and return the value in it."""
        return self.load(map_file(path))


def type_name(value: Any) -> str:
    """Return how errors name the type of `value`: ``int``, ``numpy.ndarray``."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
