from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from repype_like.errors import DamagedError
from repype_like.hashing import hash_bytes
from repype_like.store import Store

CONTENT = b"image" * 1000
HASH = hash_bytes(CONTENT)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "task")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "seg" / "1.png"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def test_a_superseded_file_is_moved_away_and_comes_back(store: Store, file: Path) -> None:
    assert not store.has_blob(HASH)
    assert store.stash(file, HASH)
    assert not file.exists()
    assert store.has_blob(HASH)
    store.restore(HASH, file, 0o640)
    assert file.read_bytes() == CONTENT
    assert file.stat().st_mode & 0o777 == 0o640
    file.write_bytes(b"edited")
    store.restore(HASH, file, 0o644)
    assert file.read_bytes() == CONTENT
    assert sorted(path.name for path in file.parent.iterdir()) == ["1.png"]


def test_what_is_not_ours_stays(store: Store, file: Path) -> None:
    assert not store.stash(file, hash_bytes(b"other"))
    link = file.with_name("link.png")
    link.symlink_to(file)
    assert not store.stash(link, HASH)
    assert not store.stash(file.with_name("missing.png"), HASH)
    assert file.read_bytes() == CONTENT


def test_a_file_with_other_names_is_copied_so_that_nobody_writes_into_the_store(store: Store, file: Path) -> None:
    other = file.with_name("other.png")
    os.link(file, other)
    assert store.stash(file, HASH)
    other.write_bytes(b"changed")
    assert store.has_blob(HASH)


def test_a_file_is_taken_from_another_task(store: Store, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "task/new/1.png"
    store.restore(HASH, target, 0o644, file)
    assert target.read_bytes() == CONTENT
    assert target.stat().st_ino != file.stat().st_ino


def test_a_content_that_is_not_there_is_damage_and_the_old_file_stays(store: Store, file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"edited")
    target = tmp_path / "target.png"
    target.write_bytes(b"old")
    os.mkfifo(tmp_path / "fifo")
    for source in (file, tmp_path / "missing", tmp_path / "fifo", None):
        with pytest.raises(DamagedError):
            store.restore(HASH, target, 0o644, source)
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fifo", "seg", "target.png", "task"]


def test_a_file_is_restored_to_another_file_system(store: Store, file: Path, tmp_path: Path) -> None:
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs two file systems")
    store.stash(file, HASH)
    with tempfile.TemporaryDirectory(dir=shared_memory) as directory:
        target = Path(directory) / "1.png"
        store.restore(HASH, target, 0o644)
        assert target.read_bytes() == CONTENT
        assert [path.name for path in target.parent.iterdir()] == ["1.png"]
        assert store.stash(target, HASH)
        assert not target.exists()


def test_a_damaged_copy_is_no_copy(store: Store, file: Path) -> None:
    store.stash(file, HASH)
    path = store.stashed(HASH)
    path.chmod(0o644)
    path.write_bytes(CONTENT[:-1] + b"x")
    assert not store.has_blob(HASH)
