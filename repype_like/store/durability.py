"""Has what a run wrote reach the disk, so that it survives a power cut as well.

Nothing needs this to be correct: what is torn is seen by its checksum. It is done once, at the end.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence

from repype_like.store.failures import explained
from repype_like.store.store import Store

__all__ = ["sync"]

_MANY = 50
"""From so many files on, the whole file system is asked at once, which is quicker than a request for each."""


def sync(stores: Sequence[Store]) -> None:
    """Wait until everything that was written to `stores` is on the disk.

    Raises:
        StorageError: If the disk refuses.
    """
    if sys.platform == "linux" and sum(len(store.unsynced) for store in stores) > _MANY:
        written = {os.stat(store.directory).st_dev: store for store in stores if store.unsynced}  # noqa: PTH116  its device
        for store in written.values():
            _sync_file_system(store)
        for store in stores:
            store.synced()
    else:
        for store in stores:
            store.sync()


def _sync_file_system(store: Store) -> None:
    with explained("write", store.directory):
        descriptor = os.open(store.directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(descriptor)
