"""What is taken over from another task must be what was written."""

from __future__ import annotations

import contextlib

from repype_like.errors import DamagedError
from repype_like.store import Record, Store
from repype_like.store.blobs import open_blob
from repype_like.store.layout import Layout

__all__ = ["refuse_damaged"]


def refuse_damaged(record: Record, source: Store) -> None:
    """Compare the blobs of a record with their hashes; each is read once per process. A damaged one is put aside.

    Raises:
        DamagedError: If one of them is not what was written.
    """
    layout = Layout(source.directory)
    for value in record.fields.values():
        if value is not None and value.blob is not None:
            try:
                open_blob(layout, value.blob, value.size, value.hash)
            except DamagedError:
                with contextlib.suppress(OSError):
                    layout.blob(value.blob).rename(layout.damaged_blob(value.blob))
                raise
