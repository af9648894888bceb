from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from repype_like.hashing import hash_bytes
from repype_like.store import NotWritableError, OutputFile, Record, Store
from stored import digest_of, record_of

ARRAY = np.random.default_rng(0).random(50_000)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "task")


def _blob(store: Store, record: Record, field: str = "x") -> Path:
    value = record.fields[field]
    assert value is not None
    assert value.blob is not None
    return store.directory / ".repype/blobs" / value.blob


def test_keep_forgets_the_other_records_and_their_blobs(store: Store, tmp_path: Path) -> None:
    output = tmp_path / "1.png"
    output.write_bytes(b"png")
    made = OutputFile("seg", 1, None, hash_bytes(b"png"), 3, 0o644)
    records = [record_of(store, number, [made] if number == 1 else (), x=ARRAY - number - 1, same=ARRAY)
               for number in range(3)]
    store.append(records)
    store.stash(output, made.hash)
    store.keep({records[1].id})
    for reader in (store, Store(store.directory)):
        assert list(reader.records) == records[1:2]
        assert reader.has_blob(made.hash)
        assert reader.holds(records[1], ["x", "same"])
        assert not reader.holds(records[0], ["x"])
    assert len(list((store.directory / ".repype/blobs").iterdir())) == 3
    store.keep(set())
    assert list((store.directory / ".repype/blobs").iterdir()) == []


def test_keep_leaves_a_completion_sound(store: Store) -> None:
    records = [record_of(store, number, x=ARRAY + number) for number in range(3)]
    store.append(records)
    store.commit(digest_of(records[:1]))
    store.keep({records[0].id})
    assert Store(store.directory).is_sound()
    inode = store.records_path.stat().st_ino
    store.keep({records[0].id})
    assert store.records_path.stat().st_ino == inode, "nothing to leave out, nothing to write"


def test_a_log_with_much_that_is_superseded_is_rewritten_at_completion(store: Store) -> None:
    records = [record_of(store, number, x=number) for number in range(100)]
    for before, record in itertools.pairwise(records):
        store.append([record])
        store.commit(digest_of([record], previous=[before.id]))
    kept = list(Store(store.directory).records)
    assert len(kept) < 80
    assert kept[-2:] == records[-2:]


def test_sizes_tell_what_could_be_freed(store: Store, tmp_path: Path) -> None:
    records = [record_of(store, number, x=ARRAY + number) for number in range(4)]
    store.append(records)
    store.commit(digest_of(records[:1], previous=[records[1].id]))
    other = Store(tmp_path / "other")
    other.take(records[2], store)
    sizes = store.sizes()
    size = _blob(store, records[0]).stat().st_size
    assert sizes.blobs == 4 * size
    assert sizes.shared == size
    assert 2 * size < sizes.superseded < 2 * size + 3000, "that of the completion before, too"
    assert sizes.total == sizes.blobs + store.records_path.stat().st_size + store.digest_path.stat().st_size
    before = sizes.total
    store.collect()
    assert before - store.sizes().total == pytest.approx(sizes.superseded + sizes.shared, abs=100)


def test_verify_names_stage_input_and_field(store: Store) -> None:
    records = [record_of(store, number, x=ARRAY + number, y=number) for number in range(3)]
    store.append(records)
    store.commit(digest_of(records))
    assert store.verify() == []
    path = _blob(store, records[1])
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[1000] ^= 4
    path.write_bytes(data)
    _blob(store, records[2]).unlink()
    first, second = map(str, store.verify())
    assert 'stage "measure", input 1, field "x"' in first
    assert "not what was written" in first
    assert 'stage "measure", input 2, field "x"' in second
    assert "is gone" in second


def test_verify_names_lost_records(store: Store) -> None:
    records = [record_of(store, number, x=number) for number in range(2)]
    store.append(records)
    store.commit(digest_of(records))
    data = bytearray(store.records_path.read_bytes())
    data[-1] ^= 1
    store.records_path.write_bytes(data)
    problems = list(map(str, store.verify()))
    assert len(problems) == 2
    assert 'stage "measure", input 1: the record is gone' in problems[1]


def test_reset_deletes_what_is_ours_and_follows_no_links(store: Store, tmp_path: Path) -> None:
    store.append([record_of(store, 1, x=ARRAY)])
    store.commit(digest_of(store.records))
    folder = store.directory / ".repype"
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    (folder / "blobs" / ("a" * 32 + ".npy")).symlink_to(treasure)
    (folder / "notes.txt").write_text("mine")
    (folder / "blobs" / "README").write_text("mine")
    store.reset()
    assert treasure.read_text() == "mine"
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) == ["blobs", "blobs/README", "notes.txt"]
    assert list(store.records) == []
    assert store.digest is None
    (folder / "notes.txt").unlink()
    (folder / "blobs" / "README").unlink()
    store.reset()
    assert not folder.exists()


def test_a_folder_that_is_a_link_is_read_but_not_deleted_from(store: Store, tmp_path: Path) -> None:
    store.append([record_of(store, 1, x=ARRAY)])
    (store.directory / ".repype").rename(tmp_path / "elsewhere")
    (store.directory / ".repype").symlink_to(tmp_path / "elsewhere")
    linked = Store(store.directory)
    assert linked.verify() == []
    with pytest.raises(NotWritableError, match="link"):
        linked.reset()
    linked.keep(set())
    assert len(list((tmp_path / "elsewhere/blobs").iterdir())) == 1
