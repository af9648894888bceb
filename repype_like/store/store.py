"""The store of one task."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from repype_like.formats import FormatLike
from repype_like.store import blobs, outputs, unfinished, upkeep
from repype_like.store.atomic import replace_file, sweep, write_all
from repype_like.store.digest import Digest, NewerVersionError, encode_digest
from repype_like.store.failed import Failed, write_failed
from repype_like.store.failures import NotWritableError, explained
from repype_like.store.log import frames_of
from repype_like.store.reader import StoreReader
from repype_like.store.record import FieldValue, Record
from repype_like.store.unfinished import Execution
from repype_like.store.values import encode_value
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repype_like.formats.sequence import SequenceWriter

__all__ = ["Store"]

_WASTEFUL = 4
"""The log is rewritten when it holds this many times the records of the last two completions."""


class Store(StoreReader):
    """Everything that is stored for a task, and what changes it.

    Workers only call :meth:`encode`, :meth:`decode`, :meth:`stash`, :meth:`note_missing` and :meth:`note_undone`; all
    else that writes is for the one process that holds the lock of the tree.

    Whatever the file system refuses is a :class:`~repype_like.store.failures.StorageError`.
    """

    def __init__(self, directory: Path):
        super().__init__(directory)
        self.unsynced: set[str] = set()
        """The files that were written and may not be on the disk yet."""
        self._begun = False

    def begin(self, common: Path | None = None) -> bool:
        """Take down that a run begins to write, until :meth:`sync`, and tidy up.

        What a run that was killed has left is put away, and what is damaged is left out of the log.

        Arguments:
            common: The note of the run, if it is shared; see :func:`repype_like.store.durability.begin`.

        Returns:
            Whether there were such files, or others have written in the meantime, so that there may be other things to
            do than it seemed.
        """
        if not os.path.isdir(self._layout.directory) and not self.records.end:  # as in most tasks of a new tree
            with explained("write", self._layout.directory):
                os.makedirs(self._layout.directory, exist_ok=True)
                unfinished.begin(self._layout, common)
            self._begun = True
            return False
        changed = self._size_of_log() != self.records.end
        if changed:
            self.refresh()
        with explained("write", self._layout.unfinished):
            left = list(unfinished.abandoned_files(self._layout, self.records))
            unfinished.begin(self._layout, common)
            if self.records.damaged and not self.is_newer:
                self._compact(self.records.ids())
        for path, content in left:
            self.stash(path, content)
        sweep(*self._layout.written_in)
        self.clear_passing()
        self._begun = True
        return changed or bool(left)

    def note_missing(self, execution: Execution, path: Path) -> None:
        """Take down that a stage has asked for a path at which there is nothing, before it makes a file there."""
        with explained("write", self._layout.unfinished):
            unfinished.note_missing(self._layout, execution, path)

    def note_undone(self, execution: Execution) -> None:
        """Take down that a stage has failed, and that the files it made are gone again."""
        with explained("write", self._layout.unfinished):
            unfinished.note_undone(self._layout, execution)

    def encode(self, value: Any, named: FormatLike | None = None) -> FieldValue:
        """Turn a value into what a record can hold; a large one is written as a blob.

        Arguments:
            value: The value.
            named: The format to store it in, by name or class; chosen by type if there is none. See
                :mod:`repype_like.formats`.

        Raises:
            NotStorableError: If it cannot be stored.
            UsageError: If there is no such format.
        """
        return encode_value(self._layout, value, named)

    def begin_sequence(self, items: FormatLike | None = None) -> SequenceWriter:
        """Begin a file for the items of a value, which is deleted when nobody needs it any more.

        Encoding the sequence that comes of it costs no copy.
        """
        from repype_like.store.sequences import begin_sequence  # zipfile is slow to import, and seldom needed

        return begin_sequence(self._layout, items)

    def append(self, records: Iterable[Record], origins: Mapping[str, str] | None = None) -> None:
        """Add records to the log, by one write. A record replaces an earlier one with the same id.

        Arguments:
            records: The records.
            origins: By id, the tasks that records were taken from, relative to the tree.
        """
        records = list(records)
        if not records:
            return
        self._refuse_newer()
        path = self._layout.records
        with explained("write", path):
            descriptor, size = self._open_log()
            try:
                index = self.records
                if size != index.end:
                    index.reload()
                    os.ftruncate(descriptor, index.end)  # what was cut off as it was written
                frames, data = frames_of(records, index.end, origins)
                try:
                    write_all(descriptor, [data])
                except OSError:
                    with contextlib.suppress(OSError):
                        os.ftruncate(descriptor, index.end)
                    raise
            finally:
                os.close(descriptor)
        index.add(frames, index.end + len(data))
        self.unsynced.add(path)
        self.unsynced.update(map(self._layout.blob, {name for record in records for name in record.blobs}))

    def take(self, record: Record, source: Store) -> Record:
        """Have the blobs of a record of another store here as well; the record itself is not added.

        Raises:
            DamagedError: If the other store does not have them.
        """
        if record.blobs and source.directory != self.directory:
            with explained("write", self._layout.blobs):
                for name, value in record.blobs.items():
                    blobs.link_blob(self._layout, source._layout, name, value.size, value.hash)
        return record

    def stash(self, path: Path, content: str) -> bool:
        """Put an output file out of the way if it is what was written, and keep it, so that it can be restored.

        Returns:
            Whether it was, and is now out of the way.
        """
        with explained("write", self._layout.blobs):
            return outputs.stash_output(self._layout, path, content)

    def restore(self, content: str, target: Path, mode: int, source: Path | None = None) -> None:
        """Put an output file at `target`: a copy of `source`, or of what was kept.

        Raises:
            DamagedError: If there is no such content.
        """
        with explained("write", target):
            outputs.restore_output(self._layout, content, target, mode, source)

    def commit(self, digest: Digest, named: Mapping[str, int] | None = None, durable: bool = False) -> None:
        """Complete the task: from now on `digest` says what its results are.

        Arguments:
            digest: The completion.
            named: The blobs of its records and their sizes, if they are known; else all records are looked into.
            durable: Whether to wait until the digest is on the disk; by default, :meth:`sync` sees to that for all that
                a run wrote.
        """
        self._refuse_newer()
        recent = digest.record_ids() | set(digest.previous)
        if len(self.records) > _WASTEFUL * max(len(recent), 16):
            self.keep(recent)
        if named is None:
            found = (self.records.by_id(record_id) for record_id in digest.record_ids())
            named = {name: value.size for record in found if record is not None for name, value in record.blobs.items()}
        digest.blobs = [(name, size, blobs.written(self._layout, name)) for name, size in sorted(named.items())]
        digest.log = self._status_of_log()
        with explained("write", self._layout.digest):
            replace_file(self._layout, self._layout.digest, encode_digest(digest), durable)
        sweep(self._layout.aside)
        self._forget("_digest", "_written")
        self.note_failed(())
        self.unsynced.add(self._layout.digest)

    def note_failed(self, failed: Sequence[Failed]) -> None:
        """Take down what failed, in place of what did before."""
        write_failed(self._layout, failed)
        self._forget("failed")

    def revoke(self) -> None:
        """Have the task not be complete any more; its records stay."""
        with explained("delete", self._layout.digest):
            _delete(self._layout.digest)
        self._forget("_digest", "_written")

    def sync(self) -> None:
        """Have everything that was written reach the disk, so that it survives a power cut as well."""
        written = self.unsynced
        folders = {os.path.dirname(path) for path in written} | ({str(self.directory)} if written else set())
        for path in (*sorted(written), *sorted(folders)):
            with explained("write", path), contextlib.suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        self.synced()

    def synced(self) -> None:
        """Take down that everything that was written has reached the disk."""
        self.unsynced = set()
        if self._begun:
            with explained("write", self._layout.unfinished):
                unfinished.end(self._layout)
            self._begun = False
            self._forget("is_torn")

    def keep(self, ids: Collection[str]) -> None:
        """Forget all records but those with these ids, and the blobs that no record names any more."""
        self._refuse_newer()
        with explained("write", self._layout.records):
            self._compact(ids)
            upkeep.sweep_blobs(self._layout, self.records)

    def _compact(self, ids: Collection[str]) -> None:
        """Rewrite the log with the records that have these ids, if there is anything to leave out of it."""
        if upkeep.compact(self._layout, self.records, ids):
            self._forget("records")
            digest = self._digest if not self.damage else None
            if digest is not None:
                digest.log = self._status_of_log()
                digest.previous = [record_id for record_id in digest.previous if record_id in ids]
                replace_file(self._layout, self._layout.digest, encode_digest(digest))
            self.unsynced.update((self._layout.records, self._layout.digest))

    def tidy(self) -> None:
        """Delete what processes that were ended in the midst of writing have left behind."""
        sweep(*self._layout.written_in)

    def clear_passing(self) -> None:
        """Delete the values that were needed during a run only, those of a run that was killed included."""
        upkeep.delete_passing(self._layout)

    def reset(self) -> None:
        """Delete what is stored for the task. What is not ours is left alone, and links are not followed.

        Raises:
            NotWritableError: If the folder is a link.
            NewerVersionError: If a newer version of this package has written here.
        """
        if os.path.islink(self._layout.directory):
            raise NotWritableError(f"{self._layout.directory}: is a link, and links are not followed when deleting")
        self._refuse_newer()
        with explained("delete", self._layout.directory):
            upkeep.delete_everything(self._layout)
        self.refresh()

    def collect(self) -> None:
        """Delete the records that do not count any more, and what no record names; see :meth:`current_ids`."""
        self.refresh()
        self.keep(self.current_ids())
        with explained("delete", self._layout.damaged_records):
            _delete(self._layout.damaged_records)

    def _open_log(self) -> tuple[int, int]:
        """Return a descriptor of the log, to add to it, and how large it is."""
        path, flags = self._layout.records, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o644)
        except FileNotFoundError:
            os.makedirs(self._layout.directory, exist_ok=True)
            return os.open(path, flags, 0o644), 0
        status = os.fstat(descriptor)
        if status.st_nlink > 1:  # a copy by hard links, which is not to be changed along with this
            os.close(descriptor)
            replace_file(self._layout, path, Path(path).read_bytes())
            descriptor = os.open(path, flags, 0o644)
        return descriptor, status.st_size

    def _refuse_newer(self) -> None:
        """Have nothing written over what a newer version of this package has written."""
        if self.is_newer:
            raise NewerVersionError(f"{self._layout.directory}: written by a newer version of repype_like, not "
                                    "touched; update repype_like, or move the folder out of the way")


def _delete(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
