from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.hashing import hash_bytes
from repype_like.store import Fault, OutputFile, Store
from stored import digest_of, record_of


def test_what_is_wrong_is_said_with_its_place() -> None:
    fault = Fault("x: is gone", "measure", "a", "area")
    assert str(fault) == """stage "measure", input 'a', field "area": x: is gone"""
    assert str(Fault("x: is gone", "measure", 1)) == 'stage "measure", input 1: x: is gone'
    assert str(Fault("x: is gone")) == "x: is gone"


@pytest.mark.parametrize("what", ["edited", "deleted", "folder", "unknown"])
def test_output_files_are_read_where_they_belong(what: str, tmp_path: Path) -> None:
    store, path = Store(tmp_path / "task"), tmp_path / "1.png"
    path.write_bytes(b"png")
    record = record_of(store, 1, [OutputFile("seg", 1, None, hash_bytes(b"png"), 3, 0o644)])
    store.append([record])
    store.commit(digest_of([record]))
    assert store.verify(lambda output: path) == []
    path.unlink()
    if what == "edited":
        path.write_bytes(b"PNG")
    elif what == "folder":
        path.mkdir()
    found = store.verify(lambda output: path if what != "unknown" else None)
    assert [fault.input_id for fault in found] == ([] if what == "unknown" else [1])


def test_what_a_newer_version_has_written_cannot_be_looked_into(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append([record_of(store, 1)])
    store.records_path.write_bytes(b"repype records 999\n?")
    (fault,) = store.verify()
    assert "newer version" in fault.problem
    assert store.sizes().superseded == 0
