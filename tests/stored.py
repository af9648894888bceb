"""Records and digests for the tests of what is stored."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from repype_like.hashing import hash_bytes
from repype_like.store import Digest, Observation, OutputFile, Record, Store

__all__ = ["digest_of", "public_directory", "record_of", "unprivileged"]


def record_of(store: Store, number: int, outputs: Iterable[OutputFile] = (), **values: Any) -> Record:
    """Return record `number` of the stage ``measure``, with these values; its input has the same number."""
    name = hash_bytes(str(number).encode())
    return Record(
        id=name, pre_key=name, stage="measure", input_id=number, fingerprint="f" * 32, config={"sigma": 1.5},
        reads={"image": "e" * 32}, observations=(Observation("input", number, None, "absent"),), outputs=tuple(outputs),
        fields={field: store.encode(value) for field, value in values.items()}, started=1e9, seconds=0.25,
        note={"final": {"sigma": 1.5}})


def digest_of(records: Iterable[Record], previous: Iterable[str] = ()) -> Digest:
    """Return the digest of a task that was completed with these records."""
    records = list(records)
    return Digest(
        spec={"runnable": True}, stages=("measure",), fingerprints={"measure": {"hash": "f" * 32, "parts": {}}},
        config={"measure": {"sigma": 1.5}}, inputs=[record.input_id for record in records],
        records={"measure": [(record.input_id, record.id) for record in records]}, key="k",
        observations=[(seen, (1, 2, 3, 4)) for record in records for seen in record.observations],
        outputs=[(made, None) for record in records for made in record.outputs], provenance={"host": "h"},
        completed=1e9,
        previous=sorted(previous))


@contextlib.contextmanager
def public_directory() -> Iterator[Path]:
    """Give a directory that every user can reach, unlike those of pytest, and delete it at the end."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Be nobody for a while, if this is root, who may write everywhere."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
