from __future__ import annotations

import errno
from pathlib import Path

import pytest

from repype_like.hashing import hash_bytes
from repype_like.store import OutputFile, Record, Store, begin
from stored import digest_of, record_of


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "task")


def _made(store: Store, text: str, number: int = 1) -> tuple[Path, OutputFile]:
    path = store.directory / f"{number}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path, OutputFile("made", number, None, hash_bytes(text.encode()), len(text), 0o644)


def _begun(store: Store, path: Path, record: Record) -> None:
    store.begin()
    store.note_missing((record.stage, record.input_id, record.started), path)


def test_what_a_killed_stage_has_made_is_put_away(store: Store) -> None:
    path, output = _made(store, "half")
    _begun(store, path, record_of(store, 1))
    assert Store(store.directory).begin(), "there was something"
    assert not path.exists()
    assert store.has_blob(output.hash), "nothing is deleted unasked"
    assert not Store(store.directory).begin()


def test_a_folder_of_files_is_put_away(store: Store) -> None:
    path, _ = _made(store, "half")
    folder = store.directory / "folder"
    (folder / "deeper").mkdir(parents=True)
    path.rename(folder / "deeper/1.txt")
    _begun(store, folder, record_of(store, 1))
    Store(store.directory).begin()
    assert list((folder / "deeper").iterdir()) == []


def test_what_a_record_names_stays(store: Store) -> None:
    path, output = _made(store, "whole")
    record = record_of(store, 1, [output])
    _begun(store, path, record)
    store.append([record])
    assert not Store(store.directory).begin()
    assert path.exists()


def test_what_somebody_has_put_there_since_the_stage_was_done_stays(store: Store) -> None:
    """It had looked for a file, and there was none."""
    path = store.directory / "1.txt"
    record = record_of(store, 1)
    _begun(store, path, record)
    store.append([record])
    _made(store, "mine")
    assert not Store(store.directory).begin()
    assert path.read_text() == "mine"


def test_what_a_stage_that_failed_had_made_is_gone_already(store: Store) -> None:
    path = store.directory / "1.txt"
    record = record_of(store, 1)
    _begun(store, path, record)
    store.note_undone((record.stage, record.input_id, record.started))
    _made(store, "mine")
    assert not Store(store.directory).begin()
    assert path.read_text() == "mine"


def test_a_copy_leaves_alone_what_lies_outside(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "outside.txt"
    path.write_text("half")
    _begun(store, path, record_of(store, 1))
    store.directory.rename(tmp_path / "moved")
    assert not Store(tmp_path / "moved").begin()
    assert path.read_text() == "half"


def test_everything_is_believed_once_it_is_on_the_disk(store: Store) -> None:
    record = record_of(store, 1, x=1)
    store.begin()
    store.append([record])
    store.commit(digest_of([record]))
    assert Store(store.directory).is_sound(), "a kill tears nothing"
    note = store.directory / ".repype/unfinished"
    note.write_text('{"boot": "another", "task": "/"}\n')
    assert Store(store.directory).is_torn
    assert not Store(store.directory).is_sound()
    again = Store(store.directory)
    again.begin()
    assert Store(store.directory).is_torn, "as long as it was not made anew"
    again.sync()
    assert not note.exists()
    assert not again.is_torn
    assert Store(store.directory).is_sound()


@pytest.mark.parametrize("content", [
    b"", b"\0" * 50, b"[]\n", b'{"boot": 1}\n', b'{"missing": "x", "by": []}\n', b"\xff\n"])
def test_a_note_that_is_torn_itself_is_no_proof(store: Store, content: bytes) -> None:
    store.begin()
    (store.directory / ".repype/unfinished").write_bytes(content)
    assert Store(store.directory).is_torn
    Store(store.directory).begin()


def test_a_note_that_many_tasks_share_holds_for_each(tmp_path: Path) -> None:
    stores = [Store(tmp_path / f"t{number}") for number in range(60)]
    begin(stores)
    notes = {store.directory / ".repype/begun" for store in stores}
    assert len({note.stat().st_ino for note in notes}) == 1
    assert not any(Store(store.directory).is_torn for store in stores), "a kill tears nothing"
    next(iter(notes)).write_text('{"boot": "another"}\n')
    assert all(Store(store.directory).is_torn for store in stores)
    stores[0].note_missing(("a", 1, 1.0), stores[0].directory / "made.txt")
    (stores[0].directory / "made.txt").write_text("half")
    again = [Store(store.directory) for store in stores]
    assert begin(again) == [True, *[False] * 59]
    assert not (stores[0].directory / "made.txt").exists(), "the file that was being made is out of the way"
    again[0].sync()
    assert [Store(store.directory).is_torn for store in stores] == [False, *[True] * 59], "each by itself"


def test_where_no_links_can_be_each_task_has_a_note_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr("os.link", refuse)
    stores = [Store(tmp_path / f"t{number}") for number in range(60)]
    begin(stores)
    assert all((store.directory / ".repype/unfinished").exists() for store in stores)
