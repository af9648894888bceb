"""Looking after a store: how large it is, what can go, and how it goes."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.store.atomic import leftovers, new_file, sweep, write_new
from repype_like.store.index import RecordIndex
from repype_like.store.layout import Layout
from repype_like.store.log import HEADER, repositioned
from repype_like.store.record import Record

__all__ = ["Sizes", "blob_entries", "compact", "delete_everything", "delete_passing", "delete_work", "measure",
           "sweep_blobs"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many bytes a store takes; a blob that it shares with other tasks counts in full."""

    records: int = 0
    """The log and the digest."""
    blobs: int = 0
    """Large values and superseded output files."""
    shared: int = 0
    """That part of `blobs` that other tasks hold as well, so that deleting it here frees nothing."""
    superseded: int = 0
    """What can be freed: records that do not count any more, blobs that no other record names, and leftovers."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.records + self.blobs


def measure(layout: Layout, index: RecordIndex, kept: Collection[str]) -> Sizes:
    """Return how large a store is, if the records with the ids `kept` are those that count."""
    records = sum(_size_of(path) for path in (layout.digest, layout.records, layout.damaged_records))
    superseded = index.superseded + sum(frame.size for frame in index.frames() if frame.id not in kept)
    named = _named_blobs(layout, (index.by_id(record_id) for record_id in kept))
    blobs = shared = 0
    for entry in blob_entries(layout):
        status = entry.stat(follow_symlinks=False)
        blobs += status.st_size
        if status.st_nlink > 1:
            shared += status.st_size
        elif entry.name not in named:
            superseded += status.st_size
    return Sizes(records, blobs, shared, superseded + _size_of(layout.damaged_records)
                 + sum(map(_size_of, leftovers(layout))))


def compact(layout: Layout, index: RecordIndex, ids: Collection[str]) -> bool:
    """Rewrite the log with the records that have these `ids`, and tell whether there was anything to leave out of it.

    A log with damaged parts is kept beside it, since damage is nothing to be deleted unasked.
    """
    frames = [frame for frame in index.frames() if frame.id in ids]
    if len(frames) == len(index) and not index.superseded and not index.damaged:
        return False
    position, pieces = len(HEADER), [HEADER]
    for frame in frames:
        try:
            packed = repositioned(frame, index.inline(frame), position)
        except DamagedError:
            continue
        position += len(packed)
        pieces.append(packed)
    with new_file(layout) as aside:
        write_new(aside, pieces)
        if index.damaged and layout.records.is_file():
            layout.damaged_records.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                os.link(layout.records, layout.damaged_records)
        aside.replace(layout.records)
    return True


def sweep_blobs(layout: Layout, index: RecordIndex) -> None:
    """Delete the blobs that no record names, and what killed processes left behind."""
    named = _named_blobs(layout, index)
    for entry in blob_entries(layout):
        if entry.name not in named:
            with contextlib.suppress(OSError):
                Path(entry.path).unlink()
    sweep(layout)


def delete_everything(layout: Layout) -> None:
    """Delete all that is ours; links are deleted, never followed."""
    for path in (layout.digest, layout.failed, layout.records, layout.damaged_records, layout.begun,
                 layout.unfinished):
        _delete(path.unlink)
    if not layout.stage_log.parent.is_symlink():
        for path in (layout.stage_log, layout.older_stage_log):
            _delete(path.unlink)
    for entry in blob_entries(layout):
        Path(entry.path).unlink()
    sweep(layout)
    delete_passing(layout)
    delete_work(layout)
    for directory in (layout.blobs, layout.aside, layout.stage_log.parent, layout.directory):
        with contextlib.suppress(OSError):  # something else is in it, or it is not there
            directory.rmdir()


def delete_passing(layout: Layout) -> None:
    """Delete the values that were needed during a run only; the folder must not be a link."""
    _delete_folder(layout, layout.passing)


def delete_work(layout: Layout) -> None:
    """Delete what unfinished stages have left for their next attempts."""
    _delete_folder(layout, layout.work)


def _delete_folder(layout: Layout, folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink() and not layout.directory.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def _delete(unlink: Callable[[], None]) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        unlink()


def _named_blobs(layout: Layout, records: Iterator[Record | None] | RecordIndex) -> set[str]:
    named: set[str] = set()
    for record in records:
        if record is not None:
            named.update(record.blobs)
            named.update(layout.output(output.hash).name for output in record.outputs)
    return named


def blob_entries(layout: Layout) -> Iterator[os.DirEntry[str]]:
    """Yield the files in the folder of blobs that have a name of ours; the folder must not be a link."""
    if layout.directory.is_symlink() or layout.blobs.is_symlink():
        return
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(layout.blobs) as entries:
        yield from [entry for entry in entries
                    if layout.is_blob_name(entry.name) and not entry.is_dir(follow_symlinks=False)]


def _size_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
