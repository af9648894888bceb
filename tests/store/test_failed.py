from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.store import Failed, Store
from stored import digest_of, record_of

FAILED = [Failed("measure", 1, "k", "ValueError: ä"), Failed("measure", "1", "l", "KeyError: 'x'")]


def test_what_failed_is_there_until_the_task_is_complete(tmp_path: Path) -> None:
    store = Store(tmp_path / "task")
    assert list(store.failed) == []
    store.note_failed(FAILED)
    assert list(store.failed) == list(Store(store.directory).failed) == FAILED
    record = record_of(store, 1, x=1)
    store.append([record])
    assert list(store.failed) == FAILED
    store.commit(digest_of([record]))
    assert list(store.failed) == list(Store(store.directory).failed) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"[[1]]", b"\xff"])
def test_what_cannot_be_read_is_nothing(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path)
    store.note_failed(FAILED)
    (tmp_path / ".repype/failed.json").write_bytes(content)
    assert list(Store(tmp_path).failed) == []
    store.reset()
    assert not (tmp_path / ".repype").exists()
