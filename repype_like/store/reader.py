"""What is stored for a task, for those who only look: they need no lock, and change nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from repype_like.cached import cached_property
from repype_like.errors import DamagedError
from repype_like.store import blobs, outputs, unfinished, upkeep, verification
from repype_like.store.digest import Digest, NewerVersionError, read_digest
from repype_like.store.failed import Failed, read_failed
from repype_like.store.failures import explained
from repype_like.store.index import RecordIndex
from repype_like.store.layout import DIGEST, FAILED, FOLDER, NOTES, Layout
from repype_like.store.record import FieldValue, OutputFile, Record
from repype_like.store.upkeep import Sizes
from repype_like.store.values import decode_value, is_as_stored, is_safe, stored_bytes
from repype_like.store.verification import Fault
from repype_like.typing import Any

__all__ = ["StoreReader"]

_NEVER = -1
"""No file was written then, so the content is looked at."""


class StoreReader:
    """Everything that is stored for a task. Making one touches nothing on disk.

    Arguments:
        directory: The directory of the task.
    """

    def __init__(self, directory: Path):
        self._layout = Layout(directory)

    @property
    def directory(self) -> Path:
        """The directory of the task."""
        return self._layout.task

    @property
    def digest_path(self) -> Path:
        """The path of the digest."""
        return Path(self._layout.digest)

    @property
    def records_path(self) -> Path:
        """The path of the log of records."""
        return Path(self._layout.records)

    def work_folder(self, pre_key: str) -> Path:
        """Return where a stage may work on the result with this name; nothing is made."""
        return Path(self._layout.work, pre_key)

    def has_work(self) -> bool:
        """Tell whether any stage has left something in its folder."""
        return os.path.isdir(self._layout.work)

    @property
    def passing(self) -> str:
        """The directory of a store of its own, for values that are needed during a run only."""
        return self._layout.passing

    def exists(self) -> bool:
        """Tell whether anything was stored."""
        return os.path.lexists(self._layout.records) or os.path.lexists(self._layout.digest)

    @cached_property
    def records(self) -> RecordIndex:
        """The records, as they were when they were first asked for, and those added since by this object."""
        with explained("read", self._layout.records):
            return RecordIndex(self._layout.records)

    @cached_property
    def _names(self) -> frozenset[str]:
        """What lies in the folder, so that nothing is looked for that is not there."""
        try:
            return frozenset(os.listdir(f"{self._layout.task}/{FOLDER}"))
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        except OSError:  # what cannot be listed may still be read
            return frozenset((DIGEST, FAILED, *NOTES))

    @cached_property
    def _digest(self) -> Digest | None:
        if DIGEST not in self._names:
            return None
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

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of this package has written here, so that nothing is to be touched."""
        try:
            _ = self._digest
        except DamagedError as error:
            return isinstance(error, NewerVersionError)
        return self.records.is_newer

    @cached_property
    def failed(self) -> Sequence[Failed]:
        """What failed in the last run of the task; nothing once it was completed."""
        return read_failed(self._layout) if FAILED in self._names else ()

    def refresh(self) -> None:
        """Forget what was read, so that it is read anew."""
        self._forget("records", "failed", "is_torn", "_digest", "_written")

    def _forget(self, *attributes: str) -> None:
        """Have attributes found out anew, and what lies in the folder with them."""
        for name in ("_names", *attributes):
            self.__dict__.pop(name, None)

    def is_sound(self) -> bool:
        """Tell whether what the digest needs is there.

        Contents are looked at only where the status of a file is not what it was at the completion.
        """
        digest = self._digest
        if digest is None or self.is_torn:
            return False
        if self._status_of_log() != digest.log and not self.records.ids() >= digest.record_ids():
            return False
        return all(blobs.has_blob(self._layout, *blob) for blob in digest.blobs)

    def holds(self, record: Record, fields: Iterable[str]) -> bool:
        """Tell whether the values of these fields of a record are here, as far as the status of files tells that."""
        for name in fields:
            value = record.fields.get(name)
            if value is None:
                return False
            for file, blob in value.blobs() if value.blob is not None or value.parts else ():
                written = _NEVER if self.is_torn else self._written.get(file)
                if not blobs.has_blob(self._layout, file, blob.size, written):
                    return False
        return True

    @property
    def has_notes(self) -> bool:
        """Whether a run has begun to write, of which it is not known that all is on the disk."""
        return not self._names.isdisjoint(NOTES)

    @cached_property
    def is_torn(self) -> bool:
        """Whether the machine stopped before all of the last run was on the disk: nothing counts that was not read."""
        if not self.has_notes:
            return False
        with explained("read", self._layout.unfinished):
            return unfinished.is_torn(self._layout)

    @cached_property
    def _written(self) -> dict[str, int]:
        """By blob, the mtime that the digest states."""
        digest = self._digest if not self.damage else None
        return {name: mtime for name, _, mtime in digest.blobs} if digest is not None else {}

    @property
    def has_grown(self) -> bool:
        """Whether anything was stored since the last completion."""
        digest = self._digest
        return digest is not None and self._status_of_log()[:1] != digest.log[:1]

    def _status_of_log(self) -> list[int]:
        try:
            status = os.stat(self._layout.records)
        except OSError:
            return []
        return [status.st_size, status.st_mtime_ns] if stat.S_ISREG(status.st_mode) else []

    def _size_of_log(self) -> int:
        status = self._status_of_log()
        return status[0] if status else 0

    def decode(self, field: FieldValue) -> Any:
        """Return a value. It is writable, and changes to it do not reach the store.

        A blob that turns out not to be what was written is put aside, so that its value counts as gone.

        Raises:
            DamagedError: If it is not what was written, or cannot be loaded any more.
        """
        return decode_value(self._layout, field)

    def is_as_stored(self, field: FieldValue, value: Any) -> bool:
        """Tell whether a value that was read is still what is stored; if it cannot be told, it counts as changed."""
        return is_as_stored(self._layout, field, value)

    def stored_bytes(self, field: FieldValue) -> memoryview:
        """Return a value as it is stored.

        Raises:
            DamagedError: If it is not what was written.
        """
        return stored_bytes(self._layout, field)

    def is_safe(self, field: FieldValue) -> bool:
        """Tell whether decoding a value runs no code, whatever was stored.

        Raises:
            DamagedError: If it is not what was written.
        """
        return is_safe(self._layout, field)

    def has_blob(self, content: str) -> bool:
        """Tell whether a superseded output file with this content is kept."""
        return outputs.has_output(self._layout, content)

    def stashed(self, content: str) -> Path:
        """Return where a superseded output file with this content is, if it is kept."""
        return Path(self._layout.output(content))

    # --- looking after -----------------------------------------------------------------------------------------------

    def sizes(self) -> Sizes:
        """Return how many bytes are used, and how many of them :meth:`Store.collect` would free."""
        with explained("read", self._layout.directory):
            sizes = upkeep.measure(self._layout, self.records, self.current_ids())
        return sizes._replace(superseded=0) if self.is_newer else sizes

    def current_ids(self) -> set[str]:
        """Return the ids of the records that count: those of the last completion, and those that came after it.

        If there was no completion, or it is damaged, all of them count.
        """
        digest = self._digest if not self.damage else None
        if digest is None or not digest.log:
            return set(self.records.ids())
        completed: int = digest.log[0]
        return digest.record_ids() | {frame.id for frame in self.records.frames() if frame.position >= completed}

    def verify(self, locate: Callable[[OutputFile], Path | None] = lambda output: None) -> list[Fault]:
        """Read everything anew, and return what is not what was written.

        Arguments:
            locate: Tells where an output file belongs, if that is known; such files are read as well.
        """
        self.refresh()
        with explained("read", self._layout.directory):
            digest = self._digest if not self.damage else None
            found = verification.verify(self._layout, self.records, digest, locate)
        return [Fault(self.damage), *found] if self.damage else found
