"""The completion of a task: what it was completed with, checked against itself."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.hashing import hash_bytes
from repype_like.json_text import json_encoder
from repype_like.store.atomic import read_file
from repype_like.store.layout import FORMAT_VERSION
from repype_like.store.record import Observation, OutputFile
from repype_like.typing import Any, InputID, Plain

__all__ = ["Digest", "NewerVersionError", "decode_digest", "encode_digest", "read_digest"]

Stamp = Any
"""Size, mtime_ns, ctime_ns and inode of a file when its content was known, or None."""

_START = b'{"format": %d, "checksum": "%s", "content": '
_FORMAT = re.compile(rb'\{"format": (\d{1,9}), "checksum": "([0-9a-f]{32})", "content": ')
_END = b"}\n"

_encode_json = json_encoder()


class NewerVersionError(DamagedError):
    """What is stored was written by a newer version of this package, and is not touched."""


@dataclass
class Digest:
    """What a task was completed with."""

    spec: Plain
    """The full specification."""
    stages: tuple[str, ...]
    """The stages, in order."""
    fingerprints: dict[str, dict[str, Any]]
    """By stage, ``hash`` and ``parts`` of the implementation."""
    config: dict[str, Any]
    """The configuration before it is adapted to an input."""
    inputs: list[InputID]
    records: dict[str, list[tuple[InputID, str]]]
    """By stage, the record id for each input."""
    key: str
    """Hash of all that decides about the results, but for the contents of files."""
    observations: list[tuple[Observation, Stamp]]
    outputs: list[tuple[OutputFile, Stamp]]
    provenance: dict[str, Plain]
    completed: float
    """Seconds since the epoch."""
    previous: list[str] = field(default_factory=list)
    """The record ids of the completion before."""
    places: list[list[str]] = field(default_factory=list)
    """Where the records are good, if their values mention a place: ``task`` or ``tree``, and the directory."""
    blobs: list[tuple[str, int, int]] = field(default_factory=list)
    """The blobs of the records, their sizes in bytes and mtimes in ns; filled in by :meth:`Store.commit`."""
    log: list[int] = field(default_factory=list)
    """The size of the log in bytes and its mtime in ns when the digest was written; filled in as well."""

    def record_ids(self) -> set[str]:
        """Return the ids of all records of the completion."""
        return {record_id for pairs in self.records.values() for _, record_id in pairs}


def encode_digest(digest: Digest) -> bytes:
    """Return the digest as JSON that carries a checksum of itself."""
    body = _encode_json(vars(digest)).encode("ascii")
    return _START % (FORMAT_VERSION, _checksum(FORMAT_VERSION, body)) + body + _END


def decode_digest(data: bytes, path: Path | str) -> Digest:
    """Return the digest.

    Raises:
        NewerVersionError: If it was written by a newer version.
        DamagedError: If it is not what was written.
    """
    start = _FORMAT.match(data)
    body = data[start.end():-len(_END)] if start else b""
    if start is None or not data.endswith(_END) or _checksum(int(start[1]), body) != start[2]:
        raise DamagedError(f"{path}: is not what was written")
    if int(start[1]) > FORMAT_VERSION:
        raise NewerVersionError(f"{path}: written by a newer version of repype_like, not touched; update repype_like, "
                                "or move the folder out of the way")
    try:
        content = json.loads(body)
        content["observations"] = [(Observation(*item), stamp) for item, stamp in content["observations"]]
        content["outputs"] = [(OutputFile(*item), stamp) for item, stamp in content["outputs"]]
        content["stages"] = tuple(content["stages"])
        return Digest(**content)
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedError(f"{path}: is not a digest: {error}") from None


def read_digest(path: Path | str) -> Digest | None:
    """Return the digest at `path`, or None if there is none.

    Raises:
        NewerVersionError: If it was written by a newer version.
        DamagedError: If it is not what was written.
        OSError: If it cannot be read, which says nothing about its content.
    """
    try:
        data = read_file(path)
    except IsADirectoryError:
        raise DamagedError(f"{path}: is not a regular file") from None
    return None if data is None else decode_digest(data, path)


def _checksum(version: int, body: bytes) -> bytes:
    return hash_bytes(b"%d " % version + body).encode()
