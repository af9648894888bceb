"""What a stage yields: written item by item as it comes, to one sequence for each field."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import GeneratorType, TracebackType

from repype_like.errors import NotStorableError
from repype_like.formats.base import type_name
from repype_like.formats.registry import FormatLike, format_named
from repype_like.formats.sequence import SequenceFormat, SequenceWriter, StoredSequence
from repype_like.typing import Any, Self

__all__ = ["NewSequence", "Streams", "temporary_sequence"]

NewSequence = Callable[[FormatLike | None], SequenceWriter]
"""Begins a sequence whose items are in the format that is named, or in the best for each."""


class Streams:
    """The sequences that one execution of a stage makes; a context manager, which deletes them if an error leaves it.

    Arguments:
        formats: The formats that the stage names, by field.
        new_sequence: Begins a sequence.
    """

    def __init__(self, formats: Mapping[str, FormatLike], new_sequence: NewSequence):
        self._formats = formats
        self._new_sequence = new_sequence
        self._writers: dict[str, SequenceWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        if kind is not None:
            for writer in self._writers.values():
                writer.abandon()

    def is_wanted(self, field: str, value: Any) -> bool:
        """Tell whether the value of a field is to be stored item by item."""
        return isinstance(value, GeneratorType) or (
            not isinstance(value, StoredSequence) and self._format(field) is not None)

    def begin(self, field: str) -> SequenceWriter:
        """Return what the items of a field are written by."""
        writer = self._writers.get(field)
        if writer is None:
            format_ = self._format(field)
            writer = self._writers[field] = self._new_sequence(format_.items if format_ is not None else None)
        return writer

    def add(self, field: str, item: Any) -> None:
        """Write an item.

        Raises:
            NotStorableError: If that is not possible.
        """
        try:
            self.begin(field).append(item)
        except NotStorableError as error:
            raise NotStorableError(f'the field "{field}" cannot be stored: {error}') from None

    def extend(self, field: str, items: Any) -> None:
        """Write all items of a value.

        Raises:
            NotStorableError: If that is not possible.
        """
        if not SequenceFormat().can_store(items):
            raise NotStorableError(f'the field "{field}" cannot be stored: a {type_name(items)} is no sequence')
        self.begin(field)
        for item in items:
            self.add(field, item)

    def finish(self) -> dict[str, StoredSequence]:
        """Return the sequences, by field. They are deleted when nobody needs them any more."""
        return {field: self._writers[field].finish() for field in sorted(self._writers)}

    def _format(self, field: str) -> SequenceFormat | None:
        named = self._formats.get(field)
        format_ = format_named(named) if named is not None else None
        return format_ if isinstance(format_, SequenceFormat) else None


def temporary_sequence(items: FormatLike | None) -> SequenceWriter:
    """Begin a sequence in the folder for temporary files."""
    return SequenceWriter(Path(tempfile.gettempdir()) / f"repype-{os.getpid()}-{os.urandom(8).hex()}.zip", items)
