"""What a run does once for all tasks that it writes to: take down that it begins, and have everything reach the disk.

Nothing needs the latter to be correct: what is torn is seen by its checksum. It is done once, at the end.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from repype_like.store import unfinished
from repype_like.store.failures import explained
from repype_like.store.layout import Layout
from repype_like.store.store import Store

__all__ = ["begin", "sync"]

_MANY = 50
"""From so many files or tasks on, one thing is done for all of them, which is quicker than one for each."""


def begin(stores: Sequence[Store]) -> list[bool]:
    """Take down that a run begins to write to `stores`; see :meth:`Store.begin`.

    Raises:
        StorageError: If the file system refuses.
    """
    if len(stores) < _MANY:
        return [store.begin() for store in stores]
    layout = Layout(stores[0].directory)
    with contextlib.ExitStack() as held:
        with explained("write", layout.directory):
            note = held.enter_context(unfinished.common_note(layout))
        return [store.begin(note) for store in stores]


def sync(stores: Sequence[Store]) -> None:
    """Wait until everything that was written to `stores` is on the disk.

    Raises:
        StorageError: If the disk refuses.
    """
    if sys.platform == "linux" and sum(len(store.unsynced) for store in stores) > _MANY:
        written = {os.stat(store.directory).st_dev: store for store in stores if store.unsynced}
        for store in written.values():
            _sync_file_system(store)
        for store in stores:
            store.synced()
    else:
        for store in stores:
            store.sync()


def _sync_file_system(store: Store) -> None:
    import ctypes  # takes a while, and is needed for many tasks only

    with explained("write", store.directory):
        descriptor = os.open(store.directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(descriptor)
