"""Files of results: put out of the way when their stage runs again, and in place where a result is taken over."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.execute.workplace import Workplace
from repype_like.hashing import hash_file
from repype_like.plan import Restore, locate_output
from repype_like.store import Record, StorageError, Store
from repype_like.typing import InputID

__all__ = ["Asides", "place_outputs", "put_away", "put_away_removed", "put_in_place"]


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


def put_away_removed(place: Workplace) -> bool:
    """Put away the files of stages and inputs that a task does not have any more, and tell whether there were any.

    A run of the task from nothing would not make them, and a stage that looks into a folder would find them.
    """
    view = place.view
    inputs = {(type(input_id), input_id) for input_id in view.input_ids}

    def is_wanted(record: Record) -> bool:
        stage = view.stage.get(record.stage)
        return stage is not None and (type(record.input_id), record.input_id) in inputs and stage.is_enabled(
            view.configure(record.input_id, None).get(stage.id) or {})

    return not view.opaque and put_away(place, is_wanted)


def put_away(place: Workplace, is_wanted: Callable[[Record], bool]) -> bool:
    """Put away the files that only unwanted records name, and tell whether there were any.

    What somebody has edited stays, and so does what lies outside of the task, since others may have made it as well.
    """
    view = place.view
    wanted: set[Path] = set()
    unwanted: dict[Path, set[str]] = {}
    for record in view.store.records.with_outputs():
        is_one = is_wanted(record)
        for output in record.outputs:
            path = locate_output(view, output)
            if path is not None and is_one:
                wanted.add(path)
            elif path is not None and path.is_relative_to(view.path):
                unwanted.setdefault(path, set()).add(output.hash)
    stashed = [view.store.stash(path, content) for path, contents in unwanted.items() if path not in wanted
               for content in contents]
    return any(stashed)


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
