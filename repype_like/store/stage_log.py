"""What the stages of a task printed, and why they failed: lines of JSON, for people.

Nothing is decided by it. So it holds the latest few megabytes, one that cannot be written costs a warning, and a line
that cannot be read is left out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from repype_like.store.layout import Layout
from repype_like.typing import Any, Plain

__all__ = ["StageLog"]

_MOST_BYTES = 2 << 20
"""The size at which the file is put aside and a new one begun; one older file is kept."""


class StageLog:
    """The log of the task in `directory`."""

    def __init__(self, directory: Path):
        layout = Layout(directory)
        self._path = Path(layout.stage_log)
        self._older = Path(layout.older_stage_log)

    def append(self, entry: Mapping[str, Plain]) -> str:
        """Add an entry; return what is wrong if that fails."""
        line = json.dumps(dict(entry), default=str).encode() + b"\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            try:
                size = os.fstat(descriptor).st_size
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
            if size + len(line) > _MOST_BYTES:
                self._path.replace(self._older)
        except OSError as error:
            return f"what stages print cannot be written down: {self._path}: {error.strerror}"
        return ""

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the entries, the oldest first: ``time``, ``stage``, ``input``, and what there is to say of them."""
        for path in (self._older, self._path):
            try:
                lines = path.read_bytes().splitlines()
            except OSError:
                continue
            for line in lines:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict) and entry.keys() >= {"time", "stage", "input"}:
                    yield entry
