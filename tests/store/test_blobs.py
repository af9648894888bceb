from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from repype_like.errors import DamagedError
from repype_like.store import FieldValue, Store, blobs
from stored import record_of

ARRAY = np.random.default_rng(0).random(50_000)


def _path(store: Store, value: FieldValue) -> Path:
    assert value.blob is not None
    return store.directory / ".repype/blobs" / value.blob


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "task")


def test_large_values_are_read_only_files_with_the_suffix_of_their_format(store: Store) -> None:
    value = store.encode(ARRAY)
    path = _path(store, value)
    assert path.name == f"{value.hash}.npy"
    assert path.stat().st_mode & 0o777 == 0o444
    assert np.array_equal(np.load(path), ARRAY)
    assert list((store.directory / ".repype/aside").iterdir()) == []


def test_equal_content_is_written_once(store: Store) -> None:
    path = _path(store, store.encode(ARRAY))
    inode = path.stat().st_ino
    assert _path(store, store.encode(ARRAY.copy())) == path
    assert path.stat().st_ino == inode


def test_writing_a_value_again_mends_its_damaged_blob(store: Store) -> None:
    path = _path(store, store.encode(ARRAY))
    _flip(path)
    value = store.encode(ARRAY)
    assert np.array_equal(Store(store.directory).decode(value), ARRAY)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    _replace(path, bytes(data))


def _replace(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def _to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _to_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _to_link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "flipped": _flip, "truncated": lambda path: _replace(path, path.read_bytes()[:-1]),
    "empty": lambda path: _replace(path, b""),
    "zeros": lambda path: _replace(path, bytes(path.stat().st_size)), "gone": Path.unlink, "folder": _to_folder,
    "fifo": _to_fifo, "dangling link": lambda path: _to_link(path, "nowhere"), "endless": lambda path: _to_link(path,
    "/dev/zero"),
}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("value", [ARRAY, {"table": ARRAY, "text": "x"}], ids=["npy", "container"])
def test_damage_is_an_error_and_the_value_counts_as_gone_from_then_on(kind: str, value: object, store: Store) -> None:
    record = record_of(store, 1, x=value)
    field = record.fields["x"]
    assert field is not None
    assert store.holds(record, ["x"])
    DAMAGE[kind](_path(store, field))
    with pytest.raises(DamagedError):
        store.decode(field)
    assert not store.holds(record, ["x"])
    assert store.encode(value) == field
    assert store.holds(record, ["x"])
    store.decode(field)


def test_damage_after_the_first_reading_is_seen_if_the_file_changed(store: Store) -> None:
    value = store.encode(ARRAY)
    store.decode(value)
    _flip(_path(store, value))
    with pytest.raises(DamagedError, match="not what was written"):
        store.decode(value)


def test_working_in_place_does_not_change_the_store(store: Store) -> None:
    value = store.encode(ARRAY)
    loaded = store.decode(value)
    loaded.sort()
    loaded[:100] = -1
    assert np.array_equal(Store(store.directory).decode(value), ARRAY)


def test_taking_a_record_links_its_blobs(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    record = record_of(store, 1, x=ARRAY, y=1)
    store.append([record])
    assert other.take(record, store) == record
    assert other.holds(record, ["x", "y"])
    assert len(other.records) == 0
    value = record.fields["x"]
    assert value is not None
    assert _path(store, value).stat().st_ino == _path(other, value).stat().st_ino
    other.take(record, store)
    store.reset()
    assert np.array_equal(other.decode(value), ARRAY)


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_blobs_are_copied_where_links_fail(code: int, store: Store, tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(os, "link", refuse)
    other, record = Store(tmp_path / "other"), record_of(store, 1, x=ARRAY)
    other.take(record, store)
    value = record.fields["x"]
    assert value is not None
    assert _path(store, value).stat().st_ino != _path(other, value).stat().st_ino
    assert np.array_equal(other.decode(value), ARRAY)


def test_a_copy_across_file_systems(store: Store, tmp_path: Path) -> None:
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs two file systems")
    with tempfile.TemporaryDirectory(dir=shared_memory) as directory:
        other, record = Store(Path(directory)), record_of(store, 1, x=ARRAY)
        other.take(record, store)
        assert other.holds(record, ["x"])
        assert other.verify() == []


def test_taking_what_is_not_there_is_damage(store: Store, tmp_path: Path) -> None:
    record = record_of(store, 1, x=ARRAY)
    value = record.fields["x"]
    assert value is not None
    _path(store, value).unlink()
    with pytest.raises(DamagedError, match="is gone"):
        Store(tmp_path / "other").take(record, store)


def test_names_that_lead_elsewhere_are_damage(store: Store) -> None:
    value = store.encode(ARRAY)
    for name in ("../digest.json", "/etc/passwd", f"{value.hash}.npy/..", ""):
        with pytest.raises(DamagedError):
            store.decode(FieldValue("npy", value.size, value.hash, None, name))


def test_hashing_in_pieces_is_hashing() -> None:
    assert blobs.hash_pieces([b"ab", memoryview(b"c")]) == blobs.hash_pieces([b"abc"])
