from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repype_like.store import Record, Store
from repype_like.store.log import HEADER, frames_of, read_frame, read_log
from stored import record_of

_RECORDS = [record_of(Store(Path("nowhere")), number, x=number / 3, y="text" * number) for number in range(6)]
_LARGE = record_of(Store(Path("nowhere")), 9, x=os.urandom(20_000))
_FRAMES, _LOG = frames_of([*_RECORDS, _LARGE], 0)

anywhere = st.integers(0, len(_LOG) - 1)


def _found(path: Path, data: bytes) -> tuple[list[Record], list[str], int]:
    path.write_bytes(data)
    content = read_log(path)
    descriptor = os.open(path, os.O_RDONLY)
    records = []
    for frame in content.frames:
        inline = frame.inline if frame.inline is not None else read_frame(descriptor, frame)
        assert inline is not None
        records.append(frame.record(inline))
    os.close(descriptor)
    return records, content.damaged, content.end


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert _found(tmp_path / "log", _LOG) == ([*_RECORDS, _LARGE], [], len(_LOG))
    assert [frame.position for frame in read_log(tmp_path / "log").frames] == [frame.position for frame in _FRAMES]


@given(anywhere)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_prefix_is_a_log(tmp_path: Path, size: int) -> None:
    whole = [frame for frame in _FRAMES if frame.position + frame.size <= size]
    records, damaged, end = _found(tmp_path / "log", _LOG[:size])
    assert records == [*_RECORDS, _LARGE][:len(whole)]
    assert damaged == []
    assert end == (whole[-1].position + whole[-1].size if whole else len(HEADER) if size >= len(HEADER) else 0)


@given(anywhere, st.integers(1, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_flipped_byte_costs_the_frame_that_it_hits(tmp_path: Path, position: int, change: int) -> None:
    data = bytearray(_LOG)
    data[position] ^= change
    records, damaged, end = _found(tmp_path / "log", bytes(data))
    hit = [frame.position <= position < frame.position + frame.size for frame in _FRAMES]
    assert records == [record for record, is_hit in zip([*_RECORDS, _LARGE], hit, strict=True) if not is_hit]
    assert damaged or end == _FRAMES[-1].position  # as good as cut off, if the length of the last one was hit
    assert end in (len(_LOG), _FRAMES[-1].position)


@given(st.lists(st.tuples(anywhere, st.integers(0, 40), st.binary(max_size=40)), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_happens_to_the_log_no_record_is_wrong(tmp_path: Path, edits: list[tuple[int, int, bytes]]) -> None:
    data = _LOG
    for start, length, replacement in edits:
        data = data[:start] + replacement + data[start + length:]
    records, _, _ = _found(tmp_path / "log", data)
    assert all(record in [*_RECORDS, _LARGE] for record in records)


@given(anywhere)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_zeros_instead_of_a_lost_tail_are_noticed(tmp_path: Path, size: int) -> None:
    records, _, _ = _found(tmp_path / "log", _LOG[:size] + bytes(len(_LOG) - size))
    assert records == [*_RECORDS, _LARGE][:len(records)]


def test_a_log_within_a_value_is_not_taken_for_records(tmp_path: Path) -> None:
    outer = record_of(Store(Path("nowhere")), 50, log=_LOG)
    _, data = frames_of([outer], 0)
    assert _found(tmp_path / "log", data)[0] == [outer]
    spoiled = bytearray(data)
    spoiled[len(HEADER)] ^= 1
    records, damaged, _ = _found(tmp_path / "log", bytes(spoiled))
    assert (records, len(damaged)) == ([], 1)


def test_frames_across_the_pieces_in_which_the_file_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path / "task")
    records = [record_of(store, number, x=bytes([number]) * 50_000) for number in range(60)]
    _, data = frames_of(records, 0)
    assert _found(tmp_path / "log", data)[0] == records
    spoiled = data[:100] + b"\xff" + data[101:1_500_000] + b"\xff" + data[1_500_001:]
    found, damaged, _ = _found(tmp_path / "log", spoiled)
    assert len(damaged) == 2
    assert found == [record for record in records if record in found]
    assert len(found) == 58


def test_what_is_not_a_log_is_said(tmp_path: Path) -> None:
    assert read_log(tmp_path / "missing").damaged == []
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("fifo", "folder", "dangling"):
        assert read_log(tmp_path / name).damaged


def test_a_newer_version_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"repype records 2\nsomething else")
    assert read_log(tmp_path / "log").is_newer
    (tmp_path / "log").write_bytes(_LOG.replace(b"records 1", b"records 2", 1))
    assert not read_log(tmp_path / "log").is_newer  # the header was damaged: there are frames of ours


def test_ids_are_hashes() -> None:
    with pytest.raises(ValueError, match="hashes"):
        frames_of([Record("a", "b", "stage", 1, "f", {}, {})], 0)
