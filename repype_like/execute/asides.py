"""Files of results: put out of the way when their stage runs again, and in place where a result is taken over."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Collection, Iterable
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.execute.workplace import Workplace
from repype_like.hashing import hash_file
from repype_like.plan import Restore, locate_output
from repype_like.store import Record, StorageError, Store
from repype_like.typing import InputID

__all__ = ["Asides", "place_outputs", "put_in_place"]


class Asides:
    """Puts the files out of the way that a stage made for an input before, so that it cannot take them for inputs.

    They go into the store, from where a revert brings them back. If the stage fails, they are put back at once.
    """

    def __init__(self, place: Workplace, stage: str, input_id: InputID):
        self._store = place.view.store
        self._earlier = place.earlier_outputs.get((stage, input_id), ())
        self._moved: list[tuple[Path, str, int]] = []

    def move(self, wanted: Collection[Path] = ()) -> None:
        """Put the files out of the way, also those that somebody has edited, but for those that are `wanted`."""
        for path in self._earlier:
            if path in wanted:
                continue
            with contextlib.suppress(OSError):  # it is not there
                mode, content = stat.S_IMODE(path.lstat().st_mode), hash_file(path)
                if self._store.stash(path, content):
                    self._moved.append((path, content, mode))

    def put_back(self, made: Iterable[Path]) -> None:
        """Delete what a stage that failed has `made`, and put the earlier files back."""
        for path in made:
            with contextlib.suppress(OSError):
                path.unlink()
        for path, content, mode in self._moved:
            with contextlib.suppress(StorageError, DamagedError):  # then the next run makes it anew
                self._store.restore(content, path, mode)


def place_outputs(record: Record, source: Workplace, target: Workplace) -> None:
    """Have the files of a record that one task has made just now at the places where another one has them.

    Raises:
        DamagedError: If they have been changed meanwhile.
        StorageError: If they cannot be written.
    """
    places = [(output, locate_output(source.view, output), locate_output(target.view, output))
              for output in record.outputs]
    Asides(target, record.stage, record.input_id).move({path for _, _, path in places if path is not None})
    for output, origin, path in places:
        if origin is not None and path is not None and path != origin:
            put_in_place(Restore(path, output.hash, output.mode, origin), target.view.store)
    target.note(record)


def put_in_place(restore: Restore, store: Store) -> None:
    """Put a file where it belongs. What is there instead goes into the store.

    Raises:
        DamagedError: If the file is not what it was.
        StorageError: If it cannot be written.
    """
    with contextlib.suppress(OSError):
        content = hash_file(restore.target)
        if content == restore.hash:
            return
        store.stash(restore.target, content)
    store.restore(restore.hash, restore.target, restore.mode, restore.source)
