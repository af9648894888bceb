from __future__ import annotations

import errno
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from repype_like.store import DiskFullError, Store


@pytest.fixture
def limited() -> Iterator[None]:
    """Have no file of more than 1 MB."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_sequence_becomes_a_blob_without_being_copied(tmp_path: Path) -> None:
    store = Store(tmp_path)
    writer = store.begin_sequence()
    writer.extend([np.arange(10_000), "b"])
    sequence = writer.finish()
    assert sequence.path is not None
    inode = sequence.path.stat().st_ino
    stored = store.encode(sequence)
    blob = tmp_path / ".repype/blobs" / str(stored.blob)
    assert (stored.format, blob.suffix, blob.stat().st_ino) == ("sequence", ".zip", inode)
    assert stored.shown == {"type": "sequence (2)"}
    del sequence
    assert blob.stat().st_nlink == 1
    assert [len(store.decode(stored)), store.decode(stored)[1]] == [2, "b"]


@pytest.mark.usefixtures("limited")
def test_a_full_disk_is_no_mistake_of_the_stage(tmp_path: Path) -> None:
    writer = Store(tmp_path).begin_sequence()
    with pytest.raises(DiskFullError, match="cannot write") as raised:
        writer.extend(np.arange(30_000) + number for number in range(100))
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.errno == errno.EFBIG
    writer.abandon()
    assert not list(tmp_path.rglob("*.zip"))
