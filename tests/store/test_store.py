from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repype_like.errors import DamagedError, NotStorableError, UsageError
from repype_like.store import DiskFullError, NotWritableError, OutputFile, StorageError, Store
from repype_like.store.digest import NewerVersionError
from stored import digest_of, public_directory, record_of, unprivileged

ARRAY = np.random.default_rng(0).random(50_000)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "task")


def _tree(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path.relative_to(directory)): (path.stat().st_ino, path.read_bytes())
            for path in sorted(directory.rglob("*")) if path.is_file()}


def _complete(store: Store, numbers: range = range(3), **more: Any) -> list[Any]:
    records = [record_of(store, number, x=ARRAY + number, y=number, **more) for number in numbers]
    store.append(records)
    store.commit(digest_of(records))
    return records


def test_making_and_reading_a_store_touches_nothing(store: Store) -> None:
    assert (store.digest, store.damage, list(store.records), store.exists()) == (None, "", [], False)
    assert not store.is_sound()
    assert store.verify() == []
    assert store.sizes().total == 0
    store.reset()
    assert not store.directory.exists()


def test_a_completed_task_is_read_by_another_process(store: Store) -> None:
    records = _complete(store)
    other = Store(store.directory)
    assert other.exists()
    assert list(other.records) == records
    assert other.digest is not None
    assert other.digest.record_ids() == {record.id for record in records}
    assert other.is_sound()
    assert np.array_equal(other.decode(other.records.by_id(records[1].id).fields["x"]), ARRAY + 1)  # type: ignore[union-attr,arg-type]


def test_the_digest_is_read_without_the_log_and_blobs(store: Store) -> None:
    _complete(store)
    other = Store(store.directory)
    assert other.is_sound()
    assert "records" not in vars(other)


def test_small_values_are_inline_and_large_ones_are_not(store: Store) -> None:
    assert store.encode(0.5).inline == b"0.5"
    assert store.encode(ARRAY[:8000]).blob is None
    assert store.encode(ARRAY).inline is None
    assert store.encode("x").shown == {"value": "x"}
    assert store.encode(ARRAY).shown == {"type": "ndarray float64 (50000,)"}


def test_inline_values_are_writable_and_independent(store: Store) -> None:
    value = store.encode(np.arange(3))
    store.decode(value)[:] = 7
    assert store.decode(value).tolist() == [0, 1, 2]


def test_what_cannot_be_stored_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(NotStorableError, match="generator"):
        store.encode([(x for x in "abc")])
    with pytest.raises(UsageError, match='did you mean "npy"'):
        store.encode(ARRAY, "npi")
    assert not store.directory.exists()


def test_a_later_record_replaces_an_earlier_one(store: Store) -> None:
    record = record_of(store, 1, x=1)
    store.append([record])
    stripped = replace(record, fields={"x": None})
    store.append([stripped])
    for reader in (store, Store(store.directory)):
        assert reader.records.by_id(record.id) == stripped
        assert not reader.holds(stripped, ["x"])
        assert reader.holds(stripped, [])


@pytest.mark.parametrize("cut", [1, 30, 100])
def test_records_after_a_torn_tail_are_found_and_nothing_is_called_damaged(cut: int, store: Store) -> None:
    records = [record_of(store, number, x=number) for number in range(3)]
    store.append(records[:2])
    os.truncate(store.records_path, store.records_path.stat().st_size - cut)
    for writer in (Store(store.directory), store):
        writer.append([records[2]])
        reader = Store(store.directory).records
        assert list(reader) == [records[0], records[2]]
        assert reader.damaged == []


def test_records_after_a_damaged_frame_are_found(store: Store) -> None:
    records = [record_of(store, number, x=number) for number in range(3)]
    store.append(records[:2])
    data = bytearray(store.records_path.read_bytes())
    data[-1] ^= 1
    store.records_path.write_bytes(data)
    writer = Store(store.directory)
    writer.append([records[2]])
    reader = Store(store.directory)
    assert list(reader.records) == [records[0], records[2]]
    assert len(reader.records.damaged) == 1
    assert any("not what was written" in fault.problem for fault in reader.verify())
    reader.keep({record.id for record in records})
    assert Store(store.directory).records.damaged == []
    assert (store.directory / ".repype/records.damaged").read_bytes().startswith(bytes(data))


def test_a_log_that_others_added_to_is_continued(store: Store) -> None:
    records = [record_of(store, number, x=number) for number in range(3)]
    other = Store(store.directory)
    assert len(other.records) == 0
    store.append([records[0]])
    other.append([records[1]])
    store.append([records[2]])
    assert list(store.records) == list(Store(store.directory).records) == records


def test_a_log_that_is_gone_is_begun_anew(store: Store) -> None:
    records = [record_of(store, number, x=number) for number in range(2)]
    store.append(records[:1])
    store.records_path.unlink()
    store.append(records[1:])
    assert list(Store(store.directory).records) == records[1:]


def test_a_copy_is_complete_and_independent(store: Store, tmp_path: Path) -> None:
    records = _complete(store)
    before = _tree(store.directory)
    copy = Store(tmp_path / "copy")
    shutil.copytree(store.directory, copy.directory)
    assert copy.is_sound()
    assert copy.verify() == []
    more = record_of(copy, 9, x=ARRAY * 2)
    copy.append([more])
    copy.commit(digest_of([*records, more]))
    copy.keep({more.id})
    assert _tree(store.directory) == before
    copy.reset()
    assert _tree(store.directory) == before
    assert str(tmp_path) not in (store.directory / ".repype/digest.json").read_text()


def test_a_moved_task_is_complete(store: Store, tmp_path: Path) -> None:
    _complete(store)
    store.directory.rename(tmp_path / "moved")
    assert Store(tmp_path / "moved").is_sound()
    assert Store(tmp_path / "moved").verify() == []


def test_links_are_found_in_the_folder_of_blobs_only(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    other.append([other.take(record, store) for record in _complete(store)])
    for path in other.directory.rglob("*"):
        assert path.is_dir() or path.stat().st_nlink == (2 if path.parent.name == "blobs" else 1)


@pytest.mark.parametrize("edit", [
    lambda folder: next(folder.glob("blobs/*")).unlink(), lambda folder: (folder / "records").unlink(),
    lambda folder: os.truncate(folder / "records", 40), lambda folder: shutil.rmtree(folder / "blobs"),
])
def test_what_is_missing_makes_a_completion_unsound(edit: Any, store: Store) -> None:
    _complete(store)
    edit(store.directory / ".repype")
    assert not Store(store.directory).is_sound()
    assert Store(store.directory).verify()


def test_a_damaged_digest_is_a_state(store: Store) -> None:
    _complete(store)
    os.truncate(store.digest_path, 20)
    reader = Store(store.directory)
    assert "not what was written" in reader.damage
    with pytest.raises(DamagedError):
        _ = reader.digest
    assert len(reader.records) == 3
    assert reader.sizes().superseded == 0
    reader.commit(digest_of(reader.records))
    assert Store(store.directory).damage == ""


def test_what_a_newer_version_wrote_is_not_touched(store: Store) -> None:
    from repype_like.hashing import hash_bytes

    records = _complete(store)
    store.digest_path.write_bytes(b'{"format": 2, "checksum": "%s", "content": {}}\n' % hash_bytes(b"2 {}").encode())
    before = _tree(store.directory)
    newer = Store(store.directory)
    assert "written by a newer version" in newer.damage
    with pytest.raises(NewerVersionError):
        newer.append(records)
    with pytest.raises(NewerVersionError):
        newer.commit(digest_of(records))
    with pytest.raises(NewerVersionError):
        newer.keep(set())
    assert _tree(store.directory) == before


def test_a_failed_fsync_commits_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    records = _complete(store)
    before = _tree(store.directory)

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match="Input/output error"):
        store.commit(digest_of(records[:1]), durable=True)
    assert _tree(store.directory) == before
    with pytest.raises(StorageError):
        store.sync()


def test_everything_that_was_written_reaches_the_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _complete(store)
    synced = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink())))
    store.sync()
    folder = store.directory / ".repype"
    expected = {path for path in folder.rglob("*") if path.name != "aside"} | {folder, store.directory}
    assert synced == {str(path) for path in expected}
    synced.clear()
    store.sync()
    assert synced == set()


def test_a_full_disk_is_an_error_that_names_it_and_the_log_stays_whole(store: Store) -> None:
    import resource
    import signal

    records = [record_of(store, number, x=bytes(20_000)) for number in range(2)]
    store.append(records[:1])
    before = _tree(store.directory)
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (25_000, limits[1]))
    try:
        with pytest.raises(DiskFullError, match=r"records: File too large .*free there"):
            store.append(records[1:])
        with pytest.raises(DiskFullError, match="blobs"):
            store.encode(ARRAY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert _tree(store.directory) == before
    store.append(records[1:])
    assert list(Store(store.directory).records) == records


def test_a_folder_that_is_a_file_is_an_error_that_names_it(store: Store) -> None:
    store.directory.mkdir()
    (store.directory / ".repype").write_text("mine")
    assert store.digest is None
    with pytest.raises(StorageError, match=r"\.repype"):
        store.append([record_of(store, 1, x=1)])


def test_a_read_only_store_is_read_and_its_errors_name_it() -> None:
    with public_directory() as directory:
        records = _complete(Store(directory))
        for path in (directory, *directory.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with unprivileged():
            reader = Store(directory)
            assert reader.is_sound()
            assert list(reader.records) == records
            assert reader.verify() == []
            value = records[0].fields["x"]
            assert np.array_equal(reader.decode(value), ARRAY)
            for write in (lambda: reader.commit(digest_of(records)), lambda: reader.append(records),
                          lambda: reader.encode(ARRAY * 5), reader.reset):
                with pytest.raises(NotWritableError, match="must be writable"):
                    write()


def test_what_may_not_be_read_is_an_error_and_no_damage() -> None:
    with public_directory() as directory:
        records = _complete(Store(directory))
        value = records[0].fields["x"]
        for path in (directory / ".repype").rglob("*"):
            if path.is_file():
                path.chmod(0)
        with unprivileged():
            reader = Store(directory)
            with pytest.raises(StorageError, match="cannot read"):
                _ = reader.digest
            with pytest.raises(StorageError, match="cannot read"):
                _ = reader.records
            with pytest.raises(StorageError, match="cannot read"):
                reader.decode(value)
        assert Store(directory).verify() == []


def test_stray_outputs_and_records_do_not_disturb(store: Store) -> None:
    made = OutputFile("seg", 1, None, "a" * 32, 3, 0o644)
    store.append([record_of(store, 1, [made], x=1)])
    assert store.records.by_id("b" * 32) is None
    assert [record.outputs for record in store.records.with_outputs()] == [(made,)]
