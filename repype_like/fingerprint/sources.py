"""The bytes of source files, read once: what is compiled is what was hashed."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path

from repype_like.hashing import hash_bytes

__all__ = ["Source", "SourceCache"]


class Source:
    """A source file as it was when it was first read."""

    def __init__(self, file: str, data: bytes):
        self.file = file
        self.data = data
        self.hash = hash_bytes(data)

    def parse(self) -> ast.Module:
        """Return the syntax tree, which is not kept: it takes a lot of memory.

        Raises:
            SyntaxError, ValueError: If the file is not Python.
        """
        return ast.parse(self.data, self.file)


class SourceCache:
    """Source files by path; each is read when it is first asked for, and never again.

    A child process made by fork inherits what was read before; there is no lock that it could find taken.
    """

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._real: dict[str, str] = {}

    def read(self, file: str | Path) -> Source:
        """Return the content of `file`.

        Raises:
            OSError: If it cannot be read.
        """
        name = str(file)
        real = self._real.get(name)
        if real is None:
            real = self._real.setdefault(name, os.path.realpath(name))
        source = self._sources.get(real)
        if source is None:
            source = self._sources.setdefault(real, Source(real, Path(real).read_bytes()))
        return source

    def contents(self) -> dict[str, bytes]:
        """Return the content of every file that was read, by its real path."""
        return {file: source.data for file, source in list(self._sources.items())}

    def adopt(self, contents: Mapping[str, bytes]) -> None:
        """Take for granted what another process has read, as files may have been edited meanwhile."""
        for file, data in contents.items():
            self._sources.setdefault(file, Source(file, data))

    def are_current(self) -> bool:
        """Tell whether every file that was read is there and says what it did."""
        try:
            return all(Path(file).read_bytes() == source.data for file, source in self._sources.items())
        except OSError:
            return False

    def hashes(self) -> dict[str, str]:
        """Return the hash of the content of every file that was read, by its real path."""
        return {file: source.hash for file, source in list(self._sources.items())}
