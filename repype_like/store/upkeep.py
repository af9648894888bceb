"""Looking after a store: how large it is, what can go, and how it goes."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.store.atomic import leftovers, new_file, sweep, write_new
from repype_like.store.index import RecordIndex
from repype_like.store.layout import Layout
from repype_like.store.log import HEADER, repositioned
from repype_like.store.record import Record
from repype_like.typing import NamedTuple

__all__ = ["Sizes", "blob_entries", "compact", "delete_everything", "delete_passing", "delete_work", "measure",
           "sweep_blobs"]


class Sizes(NamedTuple):
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
    named = _named_blobs(index.by_id(record_id) for record_id in kept)
    blobs = shared = 0
    for entry in blob_entries(layout):
        status = entry.stat(follow_symlinks=False)
        blobs += status.st_size
        if status.st_nlink > 1:
            shared += status.st_size
        elif entry.name not in named:
            superseded += status.st_size
    return Sizes(records, blobs, shared, superseded + _size_of(layout.damaged_records)
                 + sum(map(_size_of, leftovers(*layout.written_in))))


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
        if index.damaged and os.path.isfile(layout.records):
            Path(layout.damaged_records).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                os.link(layout.records, layout.damaged_records)
        aside.replace(layout.records)
    return True


def sweep_blobs(layout: Layout, index: RecordIndex) -> None:
    """Delete the blobs that no record names, and what killed processes left behind."""
    named = _named_blobs(index)
    for entry in blob_entries(layout):
        if entry.name not in named:
            with contextlib.suppress(OSError):
                Path(entry.path).unlink()
    sweep(*layout.written_in)


def delete_everything(layout: Layout) -> None:
    """Delete all that is ours; links are deleted, never followed."""
    for path in (layout.digest, layout.failed, layout.records, layout.damaged_records, layout.begun,
                 layout.unfinished):
        _delete(path)
    logs = os.path.dirname(layout.stage_log)
    if not os.path.islink(logs):
        for path in (layout.stage_log, layout.older_stage_log):
            _delete(path)
    for entry in blob_entries(layout):
        Path(entry.path).unlink()
    sweep(*layout.written_in)
    delete_passing(layout)
    delete_work(layout)
    for directory in (layout.blobs, layout.aside, logs, layout.directory):
        with contextlib.suppress(OSError):  # something else is in it, or it is not there
            os.rmdir(directory)


def delete_passing(layout: Layout) -> None:
    """Delete the values that were needed during a run only; the folder must not be a link."""
    _delete_folder(layout, layout.passing)


def delete_work(layout: Layout) -> None:
    """Delete what unfinished stages have left for their next attempts."""
    _delete_folder(layout, layout.work)


def _delete_folder(layout: Layout, folder: str) -> None:
    if os.path.isdir(folder) and not os.path.islink(folder) and not os.path.islink(layout.directory):
        shutil.rmtree(folder, ignore_errors=True)


def _delete(path: str) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        os.unlink(path)


def _named_blobs(records: Iterator[Record | None] | RecordIndex) -> set[str]:
    named: set[str] = set()
    for record in records:
        if record is not None:
            named.update(record.blobs)
            named.update(f"{output.hash}.out" for output in record.outputs)
    return named


def blob_entries(layout: Layout) -> Iterator[os.DirEntry[str]]:
    """Yield the files in the folder of blobs that have a name of ours; the folder must not be a link."""
    if os.path.islink(layout.directory) or os.path.islink(layout.blobs):
        return
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(layout.blobs) as entries:
        yield from [entry for entry in entries
                    if layout.is_blob_name(entry.name) and not entry.is_dir(follow_symlinks=False)]


def _size_of(path: Path | str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0
