"""The store of one task."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.store import blobs, outputs, upkeep
from repype_like.store.atomic import replace_file, sweep, write_all
from repype_like.store.digest import Digest, NewerVersionError, encode_digest, read_digest
from repype_like.store.failures import NotWritableError, explained
from repype_like.store.index import RecordIndex
from repype_like.store.layout import Layout
from repype_like.store.log import frames_of
from repype_like.store.record import FieldValue, Record
from repype_like.store.upkeep import Sizes
from repype_like.store.values import decode_value, encode_value
from repype_like.typing import Any

__all__ = ["Store"]

_WASTEFUL = 4
"""The log is rewritten when it holds this many times the records of the last two completions."""


class Store:
    """Everything that is stored for a task. Making one touches nothing on disk.

    Workers only call :meth:`encode`, :meth:`decode` and :meth:`stash`; all else that writes is for the one process that
    holds the lock of the tree. Readers need no lock.

    Whatever the file system refuses is a :class:`~repype_like.store.failures.StorageError`.

    Arguments:
        directory: The directory of the task.
    """

    def __init__(self, directory: Path):
        self._layout = Layout(directory)
        self.unsynced: set[Path] = set()
        """The files that were written and may not be on the disk yet."""

    # --- reading -----------------------------------------------------------------------------------------------------

    @property
    def directory(self) -> Path:
        """The directory of the task."""
        return self._layout.task

    @property
    def digest_path(self) -> Path:
        """The path of the digest."""
        return self._layout.digest

    @property
    def records_path(self) -> Path:
        """The path of the log of records."""
        return self._layout.records

    def exists(self) -> bool:
        """Tell whether anything was stored."""
        return os.path.lexists(self._layout.records) or os.path.lexists(self._layout.digest)

    @cached_property
    def records(self) -> RecordIndex:
        """The records, as they were when they were first asked for, and those added since by this object."""
        with explained("read", self._layout.records):
            return RecordIndex(self._layout.records)

    @cached_property
    def _digest(self) -> Digest | None:
        with explained("read", self._layout.digest):
            return read_digest(self._layout.digest)

    @property
    def digest(self) -> Digest | None:
        """The last completion, or None if there was none.

        Raises:
            DamagedError: If the digest is damaged, or was written by a newer version.
        """
        return self._digest

    @property
    def damage(self) -> str:
        """What is wrong with the digest; an empty text if nothing is."""
        try:
            _ = self._digest
        except DamagedError as error:
            return str(error)
        return ""

    def refresh(self) -> None:
        """Forget what was read, so that it is read anew."""
        self.__dict__.pop("records", None)
        self._forget_digest()

    def _forget_digest(self) -> None:
        self.__dict__.pop("_digest", None)
        self.__dict__.pop("_written", None)

    def is_sound(self) -> bool:
        """Tell whether what the digest needs is there.

        Contents are looked at only where the status of a file is not what it was at the completion.
        """
        digest = self._digest
        if digest is None:
            return False
        if self._status_of_log() != digest.log and not self.records.ids() >= digest.record_ids():
            return False
        return all(blobs.has_blob(self._layout, *blob) for blob in digest.blobs)

    def holds(self, record: Record, fields: Iterable[str]) -> bool:
        """Tell whether the values of these fields of a record are here, as far as the status of files tells that."""
        for name in fields:
            value = record.fields.get(name)
            if value is None or (value.blob is not None and not blobs.has_blob(
                    self._layout, value.blob, value.size, self._written.get(value.blob))):
                return False
        return True

    @cached_property
    def _written(self) -> dict[str, int]:
        """By blob, the mtime that the digest states."""
        digest = self._digest if not self.damage else None
        return {name: mtime for name, _, mtime in digest.blobs} if digest is not None else {}

    def _status_of_log(self) -> list[int]:
        try:
            status = self._layout.records.stat()
        except OSError:
            return []
        return [status.st_size, status.st_mtime_ns] if stat.S_ISREG(status.st_mode) else []

    def decode(self, field: FieldValue) -> Any:
        """Return a value. It is writable, and changes to it do not reach the store.

        A blob that turns out not to be what was written is put aside, so that its value counts as gone.

        Raises:
            DamagedError: If it is not what was written, or cannot be loaded any more.
        """
        return decode_value(self._layout, field)

    def has_blob(self, content: str) -> bool:
        """Tell whether a superseded output file with this content is kept."""
        return outputs.has_output(self._layout, content)

    def stashed(self, content: str) -> Path:
        """Return where a superseded output file with this content is, if it is kept."""
        return self._layout.output(content)

    # --- writing -----------------------------------------------------------------------------------------------------

    def encode(self, value: Any, format_name: str | None = None) -> FieldValue:
        """Turn a value into what a record can hold; a large one is written as a blob.

        Arguments:
            value: The value.
            format_name: The format to store it in; chosen by type if there is none. See :mod:`repype_like.formats`.

        Raises:
            NotStorableError: If it cannot be stored.
            UsageError: If there is no such format.
        """
        return encode_value(self._layout, value, format_name)

    def append(self, records: Iterable[Record]) -> None:
        """Add records to the log, by one write. A record replaces an earlier one with the same id."""
        records = list(records)
        if not records:
            return
        self._refuse_newer()
        path = self._layout.records
        with explained("write", path):
            descriptor = self._open_log()
            try:
                index = self.records
                if os.fstat(descriptor).st_size != index.end:
                    index.reload()
                    os.ftruncate(descriptor, index.end)  # what was cut off as it was written
                frames, data = frames_of(records, index.end)
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
        self.unsynced.update(self._layout.blob(value.blob) for record in records for value in record.fields.values()
                              if value is not None and value.blob is not None)

    def take(self, record: Record, source: Store) -> Record:
        """Have the blobs of a record of another store here as well; the record itself is not added.

        Raises:
            DamagedError: If the other store does not have them.
        """
        if source.directory != self.directory:
            with explained("write", self._layout.blobs):
                for value in record.fields.values():
                    if value is not None and value.blob is not None:
                        blobs.link_blob(self._layout, source._layout, value.blob, value.size, value.hash)
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

    def commit(self, digest: Digest, durable: bool = False) -> None:
        """Complete the task: from now on `digest` says what its results are.

        Arguments:
            digest: The completion.
            durable: Whether to wait until the digest is on the disk; by default, :meth:`sync` sees to that for all that
                a run wrote.
        """
        self._refuse_newer()
        named = digest.record_ids()
        recent = named | set(digest.previous)
        if len(self.records) > _WASTEFUL * max(len(recent), 16):
            self.keep(recent)
        found = (self.records.by_id(record_id) for record_id in named)
        named_blobs = {value.blob: value.size for record in found if record is not None
                       for value in record.fields.values() if value is not None and value.blob is not None}
        digest.blobs = [(name, size, blobs.written(self._layout, name)) for name, size in sorted(named_blobs.items())]
        digest.log = self._status_of_log()
        with explained("write", self._layout.digest):
            replace_file(self._layout, self._layout.digest, encode_digest(digest), durable)
        sweep(self._layout)
        self._forget_digest()
        self.unsynced.add(self._layout.digest)

    def revoke(self) -> None:
        """Have the task not be complete any more; its records stay."""
        with explained("delete", self._layout.digest):
            self._layout.digest.unlink(missing_ok=True)
        self._forget_digest()

    def sync(self) -> None:
        """Have everything that was written reach the disk, so that it survives a power cut as well."""
        written, self.unsynced = self.unsynced, set()
        folders = {path.parent for path in written} | ({self.directory} if written else set())
        for path in (*sorted(written), *sorted(folders)):
            with explained("write", path), contextlib.suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def keep(self, ids: Collection[str]) -> None:
        """Forget all records but those with these ids, and the blobs that no record names any more."""
        self._refuse_newer()
        with explained("write", self._layout.records):
            if upkeep.compact(self._layout, self.records, ids):
                self.__dict__.pop("records", None)
                digest = self._digest if not self.damage else None
                if digest is not None:
                    digest.log = self._status_of_log()
                    replace_file(self._layout, self._layout.digest, encode_digest(digest))
                self.unsynced.update((self._layout.records, self._layout.digest))
            upkeep.sweep_blobs(self._layout, self.records)

    def reset(self) -> None:
        """Delete what is stored for the task. What is not ours is left alone, and links are not followed.

        Raises:
            NotWritableError: If the folder is a link.
        """
        if self._layout.directory.is_symlink():
            raise NotWritableError(f"{self._layout.directory}: is a link, and links are not followed when deleting")
        with explained("delete", self._layout.directory):
            upkeep.delete_everything(self._layout)
        self.refresh()

    # --- looking after -----------------------------------------------------------------------------------------------

    def sizes(self) -> Sizes:
        """Return how many bytes are used, and how many could be freed."""
        digest = self._digest if not self.damage else None
        kept = {*digest.record_ids(), *digest.previous} if digest is not None else self.records.ids()
        return upkeep.measure(self._layout, self.records, kept)

    def verify(self) -> list[str]:
        """Read everything anew, and return what is not what was written."""
        self.refresh()
        found = [self.damage] if self.damage else []
        found.extend(upkeep.verify(self._layout, self.records))
        digest = self._digest if not self.damage else None
        for stage, pairs in (digest.records if digest is not None else {}).items():
            found.extend(f'{self.directory}: stage "{stage}", input {input_id!r}: the record is gone'
                         for input_id, record_id in pairs if record_id not in self.records)
        return found

    def _open_log(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            return os.open(self._layout.records, flags, 0o644)
        except FileNotFoundError:
            self._layout.directory.mkdir(parents=True, exist_ok=True)
            return os.open(self._layout.records, flags, 0o644)

    def _refuse_newer(self) -> None:
        """Have nothing written over what a newer version of this package has written."""
        if self.records.is_newer:
            raise NewerVersionError(f"{self._layout.records}: written by a newer version of repype_like, not touched")
        try:
            _ = self._digest
        except NewerVersionError:
            raise
        except DamagedError:
            return
