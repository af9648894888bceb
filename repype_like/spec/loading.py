"""Safe loading of one specification: plain values, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repype_like.cached import cached_property
from repype_like.errors import Location, Problem, SpecError
from repype_like.spec.parsing import ParserName, Place, parse
from repype_like.spec.scalars import quote
from repype_like.spec.source import read_bytes
from repype_like.typing import PathLike

__all__ = ["Document", "load_document", "parse_document"]


@dataclass(frozen=True)
class Document:
    """What one file says. The values are read-only by agreement: all tasks that inherit them share them.

    Places are looked up rarely, so they are not kept: the text is, and it is parsed once more when one is asked for.
    """

    file: PathLike
    """Its path; as text where it was read with many others, since each Path takes its time and room."""
    value: dict[str, Any]
    """Text, numbers, booleans, null, dates, lists, and dicts whose keys are text or (below the first two levels of a
    task's specification) integers."""
    data: bytes = field(default=b"", repr=False)
    """The content of the file; empty if the document was not read from one."""

    @property
    def path(self) -> Path:
        """The path of the file."""
        return Path(self.file)

    def location(self, keys: Sequence[str | int] = ()) -> Location:
        """Return the place of the value at `keys`, or of the innermost value around it that is there."""
        return self._find(keys, of_key=False)

    def key_location(self, keys: Sequence[str | int]) -> Location:
        """Return the place of the last one of `keys`; for an item of a list, the place of the item."""
        return self._find(keys, of_key=True)

    def _find(self, keys: Sequence[str | int], *, of_key: bool) -> Location:
        place = self._places
        if place is None:
            return Location(self.path)
        mark = place.mark
        for index, key in enumerate(keys):
            if not place.inner or key not in place.inner:
                break
            key_mark, place = place.inner[key]
            mark = key_mark if of_key and index == len(keys) - 1 else place.mark
        return Location(self.path, mark.line + 1, mark.column + 1)

    @cached_property
    def _places(self) -> Place | None:
        try:
            return parse(self.data, self.file)[1]
        except SpecError:  # a document that stands for a file that could not be understood
            return None


def parse_document(data: bytes, path: PathLike, parser: ParserName | None = None) -> Document:
    """Return the document that the bytes `data` are; `path` says where they come from and is not read.

    Raises:
        SpecError: With every problem that was found.
    """
    value, place = parse(data, path, parser)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        file = Path(path)
        where = Location(file, place.mark.line + 1, place.mark.column + 1) if place else Location(file)
        what = "a list" if isinstance(value, list) else f"the value {quote(value)}"
        raise SpecError([Problem(f"the file holds {what} instead of keys and values", where,
                                 "write lines such as `runnable: true`", task=file.parent)])
    return Document(path, value, data)


def load_document(path: PathLike) -> Document:
    """Return the document in the file at `path`. An empty file is an empty mapping.

    Raises:
        SpecError: If the file cannot be read or understood, with every problem that was found and its place.
    """
    return parse_document(read_bytes(path), path)
