from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from repype_like.store import OutputFile, Store
from stored import record_of


def test_records_are_found_by_id_and_pre_key(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = (record_of(store, number, x=number) for number in range(2))
    third = replace(second, pre_key=first.pre_key)
    store.append([first, second])
    store.append([third])
    for records in (store.records, Store(tmp_path).records):
        assert records.by_id(second.id) == third
        assert records.by_id("0" * 32) is None
        assert records.by_pre_key(first.pre_key) == [third, first]
        assert records.by_pre_key(second.pre_key) == []
        assert list(records) == [first, third]
        assert len(records) == 2
        assert second.id in records
        assert list(records.pre_keys()) == [first.pre_key]
        assert records.superseded > 0


def test_records_with_outputs_are_found_without_decoding_the_others(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = OutputFile("seg", 1, None, "a" * 32, 3, 0o644, "")
    store.append([record_of(store, 1, x=1), record_of(store, 2, outputs=[made])])
    index = Store(tmp_path).records
    assert [record.outputs for record in index.with_outputs()] == [(made,)]
    assert [frame.decoded is None for frame in index.frames()] == [True, False]


def test_what_is_taken_over_says_from_where_and_is_the_same_otherwise(tmp_path: Path) -> None:
    source, store, third = (Store(tmp_path / name) for name in "abc")
    records = [record_of(source, 1, x=1), record_of(source, 2, x=b"2" * 30_000), record_of(source, 3, x=3)]
    source.append(records)
    taken = list(Store(source.directory).records)
    store.append(taken, {taken[0].id: "é/a", taken[1].id: "b"})
    third.append(Store(store.directory).records, {taken[2].id: "c"})
    for directory, origins in ((store.directory, ["é/a", "b", ""]), (third.directory, ["", "", "c"])):
        index = Store(directory).records
        assert list(index) == records
        assert [index.origin(record.id) for record in records] == origins
        Store(directory).keep({record.id for record in records[1:]})
        index = Store(directory).records
        assert list(index) == records[1:]
        assert [index.origin(record.id) for record in records[1:]] == origins[1:]


def test_large_inline_values_are_read_when_wanted_also_after_the_log_was_rewritten(tmp_path: Path) -> None:
    store = Store(tmp_path)
    records = [record_of(store, number, x=bytes([number]) * 30_000) for number in range(4)]
    store.append(records)
    reader = Store(tmp_path).records
    assert all(frame.inline is None for frame in reader.frames())
    Store(tmp_path).keep({records[2].id, records[3].id})
    assert reader.by_id(records[3].id) == records[3]
    assert reader.by_id(records[0].id) is None
    assert list(reader) == records[2:]
