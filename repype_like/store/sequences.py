"""Sequences on their way into a store: files that are written before it is known whether they will be kept."""

from __future__ import annotations

import os

from repype_like.formats import FormatLike
from repype_like.formats.sequence import SequenceWriter, StoredSequence
from repype_like.store.atomic import new_path
from repype_like.store.failures import explained
from repype_like.store.layout import Layout
from repype_like.typing import Any

__all__ = ["begin_sequence"]


def begin_sequence(layout: Layout, items: FormatLike | None) -> SequenceWriter:
    """Begin a sequence in the file system of the store.

    Raises:
        StorageError: If the file system refuses.
    """
    with explained("write", layout.aside):
        os.makedirs(layout.aside, exist_ok=True)
        return _Writer(new_path(layout, ".zip"), items)


class _Writer(SequenceWriter):
    """Tells what the file system refuses from what the stage does wrong that yields the items."""

    def append(self, item: Any) -> None:
        with explained("write", str(self.file)):
            super().append(item)

    def finish(self) -> StoredSequence:
        with explained("write", str(self.file)):
            return super().finish()
