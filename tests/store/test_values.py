from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import Format
from repype_like.store import StorageError, Store


class Fails(Format):
    """Raises the value that it is to write, or to read."""

    suffix = "txt"

    def write(self, value: Any, path: Path) -> None:
        path.write_text("half of it")
        if isinstance(value, Exception):
            raise value

    def read(self, path: Path) -> Any:
        raise OSError("not a file of this kind")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.mark.parametrize(("error", "expected", "words"), [
    (OSError("cannot write mode F as PNG"), NotStorableError, "OSError: cannot write mode F as PNG"),
    (ValueError("no"), NotStorableError, 'test_values.*:Fails": ValueError: no'),
    (NotStorableError("a reason"), NotStorableError, "^a reason$"),
    (OSError(errno.EIO, "Input/output error"), StorageError, "cannot write .*Input/output error"),
])
def test_what_a_library_cannot_do_is_told_from_what_the_file_system_refuses(
        error: Exception, expected: type[Exception], words: str, store: Store) -> None:
    with pytest.raises(expected, match=words):
        store.encode(error, Fails)
    assert not [path for path in store.directory.rglob("*") if path.is_file()]


def test_what_a_library_cannot_read_is_damaged(store: Store) -> None:
    stored = store.encode(1, Fails)
    with pytest.raises(DamagedError, match="OSError: not a file of this kind"):
        store.decode(stored)


@pytest.mark.parametrize(("value", "named", "expected"), [
    (1, None, True), ((1, 2), None, True), (np.arange(100_000), None, True), (np.eye(3, dtype=bool), "png", True),
    ((n for n in (1, (2,))), None, True), (NotStorableError("x"), None, False), ([Path, store], None, False),
    ((n for n in (1, StorageError)), None, False), (1, Fails, False),
])
def test_it_is_known_what_loads_without_running_code(value: Any, named: Any, expected: bool, store: Store) -> None:
    assert store.is_safe(store.encode(value, named)) is expected


def test_values_are_given_as_they_are_stored(store: Store) -> None:
    assert bytes(store.stored_bytes(store.encode([1, "a"]))) == b'[1,"a"]'
    stored = store.encode(np.arange(100_000))
    store.stored_bytes(stored)[-1] = 7
    assert store.decode(stored)[-1] == 99_999
    (store.directory / ".repype/blobs" / str(stored.blob)).unlink()
    with pytest.raises(DamagedError, match="is gone"):
        store.stored_bytes(stored)


def test_changes_are_noticed_whatever_the_format(store: Store) -> None:
    for value, named in ((np.arange(100_000), None), (np.eye(500, dtype=np.uint8), "png")):
        stored = store.encode(value, named)
        loaded = store.decode(stored)
        assert store.is_as_stored(stored, loaded)
        loaded[3] = 1
        assert not store.is_as_stored(stored, loaded)
        assert not store.is_as_stored(stored, "another")
