"""The records of a log, found by id and by pre-key."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.store.log import Frame, LogContent, read_frame, read_log
from repype_like.store.record import Record

__all__ = ["RecordIndex"]

_REMEMBERED = 16_384
"""How many records are kept decoded."""


class RecordIndex:
    """The records of the log at `path`; of two with the same id, the later one counts.

    Reading takes no lock, and what is added to the log later by others does not appear here.
    """

    def __init__(self, path: Path | str):
        self.path = path
        self.reload()

    def reload(self) -> None:
        """Read the log anew."""
        content: LogContent = read_log(self.path)
        self.damaged: list[str] = content.damaged
        """What was passed over, in words."""
        self.is_newer: bool = content.is_newer
        """Whether the log was written by a newer version of this package, so that nothing of it is known."""
        self.end: int = content.end
        """The size of the log, without what was cut off as it was written."""
        self.superseded: int = 0
        """How many bytes of the log later records have made useless."""
        self._by_id: dict[str, Frame] = {}
        self._by_pre_key: dict[str, list[Frame]] | None = None
        self._recent: deque[Frame] = deque()
        """The frames that are decoded, the first one first."""
        self.add(content.frames, content.end)

    def add(self, frames: Iterable[Frame], end: int) -> None:
        """Add what was added to the log, which now ends at `end`."""
        by_id, recent = self._by_id, self._recent
        for frame in frames:
            if frame.id in by_id:
                self.superseded += by_id.pop(frame.id).size
            by_id[frame.id] = frame
            if frame.decoded is not None:  # it was written just now, and is asked for again when the task is completed
                recent.append(frame)
        self._forget_early()
        self.end = end
        self._by_pre_key = None

    def frames(self) -> Iterable[Frame]:
        """Return what the log holds, in the order in which it was written."""
        return self._by_id.values()

    def by_id(self, record_id: str) -> Record | None:
        """Return the record with this id, or None."""
        frame = self._by_id.get(record_id)
        return self._record(frame) if frame is not None else None

    def by_pre_key(self, pre_key: str) -> list[Record]:
        """Return the records with this pre-key, the newest first."""
        frames = self._index().get(pre_key)
        return [record for record in map(self._record, reversed(frames)) if record is not None] if frames else []

    def origin(self, record_id: str) -> str:
        """Return the task that a record was taken from, relative to the tree; empty if it was computed here."""
        return self._by_id[record_id].origin.decode(errors="replace")

    def ids(self) -> Set[str]:
        """Return all ids, in the order in which the records were written."""
        return self._by_id.keys()

    def pre_keys(self) -> Iterable[str]:
        """Return all pre-keys."""
        return self._index().keys()

    def with_outputs(self) -> Iterator[Record]:
        """Yield the records that have output files."""
        return self._records(frame for frame in self._by_id.values() if frame.has_outputs)

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._by_id

    def __iter__(self) -> Iterator[Record]:
        return self._records(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def inline(self, frame: Frame) -> bytes:
        """Return the bytes of the inline values of a record.

        Raises:
            DamagedError: If they are not there any more.
        """
        inline = frame.inline
        if inline is not None:
            return inline
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise DamagedError(f"{self.path}: is gone") from None
        try:
            inline = read_frame(descriptor, frame)
        finally:
            os.close(descriptor)
        if inline is None:
            raise DamagedError(f"{self.path}: a record is not where it was")
        return inline

    def _records(self, frames: Iterable[Frame]) -> Iterator[Record]:
        return (record for record in map(self._record, list(frames)) if record is not None)

    def _record(self, frame: Frame) -> Record | None:
        if frame.decoded is not None:
            return frame.decoded
        try:
            record = frame.record(self.inline(frame))
        except DamagedError:  # the log was rewritten meanwhile
            self.reload()
            found = self._by_id.get(frame.id)
            if found is None:
                return None
            try:
                record = found.record(self.inline(found))
            except DamagedError:
                return None
        if frame.inline is not None:
            self._remember(frame, record)
        return record

    def _remember(self, frame: Frame, record: Record) -> None:
        """Keep a record for those who ask for it again soon; all of a log would take a multiple of its size."""
        frame.decoded = record
        self._recent.append(frame)
        self._forget_early()

    def _forget_early(self) -> None:
        while len(self._recent) > _REMEMBERED:
            self._recent.popleft().decoded = None

    def _index(self) -> dict[str, list[Frame]]:
        if self._by_pre_key is None:
            self._by_pre_key = {}
            for frame in self._by_id.values():
                self._by_pre_key.setdefault(frame.pre_key, []).append(frame)
        return self._by_pre_key
