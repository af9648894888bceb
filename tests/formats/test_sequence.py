from __future__ import annotations

import copy
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import describe, format_for, format_named
from repype_like.formats.sequence import SequenceFormat, SequenceWriter, StoredSequence

ITEMS: list[Any] = [1, "two", np.arange(3), {"a": (1, 2)}, None, np.zeros((300, 300), bool), lambda: 6, [7] * 10_000]


def written(path: Path, items: Any, format_: Any = None) -> StoredSequence:
    SequenceFormat(format_).write(items, path)
    return SequenceFormat().read(path)


def test_items_of_all_kinds_come_back(tmp_path: Path) -> None:
    sequence = written(tmp_path / "a.zip", ITEMS)
    assert (len(sequence), sequence[0], sequence[1], sequence[3], sequence[4]) == (8, 1, "two", {"a": (1, 2)}, None)
    assert sequence[2].tolist() == [0, 1, 2]
    assert not sequence[5].any()
    assert sequence[6]() == 6
    assert sequence[-1] == [7] * 10_000
    with pytest.raises(IndexError):
        sequence[8]


def test_it_can_be_gone_through_again_and_in_parts(tmp_path: Path) -> None:
    sequence = written(tmp_path / "a.zip", range(10))
    assert [list(sequence), list(sequence)] == [list(range(10))] * 2
    part = sequence[2:8][::2]
    assert (len(part), list(part), part[-1], 4 in part, list(reversed(part))) == (3, [2, 4, 6], 6, True, [6, 4, 2])
    assert repr(part) == "<sequence of 3 items>"
    assert describe(part) == {"type": "sequence (3)"}


def test_an_item_belongs_to_who_asked_for_it(tmp_path: Path) -> None:
    sequence = written(tmp_path / "a.zip", [np.arange(100_000.0), [1]])
    before = (tmp_path / "a.zip").read_bytes()
    sequence[0][:] = 7
    sequence[1].append(2)
    assert sequence[0][8] == 8
    assert sequence[1] == [1]
    assert (tmp_path / "a.zip").read_bytes() == before
    assert sequence[0].ctypes.data % 64 == 0


def test_items_are_written_and_read_one_by_one(tmp_path: Path) -> None:
    seen: list[int] = []

    def items() -> Iterator[int]:
        for number in range(3):
            seen.append(number)
            yield number

    with SequenceWriter(tmp_path / "a.zip") as writer:
        for item in items():
            writer.append(item)
            assert seen[-1] == item
    assert list(StoredSequence(tmp_path / "a.zip")) == [0, 1, 2]


def test_every_zip_tool_opens_it_and_numpy_if_the_items_are_arrays(tmp_path: Path) -> None:
    written(tmp_path / "a.zip", [np.arange(2), np.arange(3)])
    with np.load(tmp_path / "a.zip") as arrays:
        assert [arrays[name].tolist() for name in arrays.files] == [[0, 1], [0, 1, 2]]
    written(tmp_path / "b.zip", ITEMS)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:4] == ["00000000.json", "00000001.json", "00000002.npy", "00000003.repype"]
        assert archive.read("00000001.json") == b'"two"'


def test_items_in_a_format_that_is_named(tmp_path: Path) -> None:
    masks = [np.eye(5, dtype=bool), np.zeros((2, 3), bool)]
    sequence = written(tmp_path / "a.zip", masks, "png")
    assert [item.tolist() for item in sequence] == [mask.tolist() for mask in masks]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["00000000.png", "00000001.png"]
    with pytest.raises(NotStorableError, match="item 1: an array of type float64"):
        written(tmp_path / "b.zip", [masks[0], np.ones((2, 2))], "png")
    assert not (tmp_path / "b.zip").exists()


def test_equal_items_give_equal_files(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        written(tmp_path / name, [1, np.arange(30_000), (2,)])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_sequence_of_nothing_and_a_sequence_of_sequences(tmp_path: Path) -> None:
    assert list(written(tmp_path / "a.zip", [])) == []
    sequence = written(tmp_path / "b.zip", ((n for n in range(count)) for count in range(3)))
    assert [list(item) for item in sequence] == [[], [0], [0, 1]]


def test_copies_need_no_file(tmp_path: Path) -> None:
    sequence = written(tmp_path / "a.zip", [np.arange(100_000), "b", "c"])
    copies = [pickle.loads(pickle.dumps(sequence)), copy.deepcopy(sequence), pickle.loads(pickle.dumps(sequence[:2]))]
    container = format_named("container")
    container.write({"in": sequence}, tmp_path / "b.repype")
    copies.append(container.read(tmp_path / "b.repype")["in"])
    (tmp_path / "a.zip").unlink()
    for other in copies:
        assert type(other) is StoredSequence
        assert other[0][-1] == 99_999
        other[0][-1] = 1
        assert other[0][-1] == 99_999
    assert [len(other) for other in copies] == [3, 3, 2, 3]
    with pytest.raises(DamagedError, match="is gone"):
        sequence[0]


def test_what_is_written_meanwhile_is_deleted_with_the_last_that_needs_it(tmp_path: Path) -> None:
    writer = SequenceWriter(tmp_path / "a.zip")
    writer.extend([1, 2])
    sequence = writer.finish()
    part = sequence[1:]
    SequenceFormat().write(sequence, tmp_path / "kept.zip")
    del sequence
    assert list(part) == [2]
    del part
    assert not (tmp_path / "a.zip").exists()
    assert list(SequenceFormat().read(tmp_path / "kept.zip")) == [1, 2]


def test_what_is_a_sequence_and_what_is_not() -> None:
    assert format_for(n for n in "ab").name == "sequence"
    for value in ([1], (1,), range(3), np.zeros(3), iter("a")):
        assert SequenceFormat().can_store(value)
        assert format_for(value).name != "sequence", "only what can be gone through once is one by itself"
    for other in ("text", b"bytes", {"a": 1}, {1, 2}, 3):
        assert not SequenceFormat().can_store(other)


def test_it_is_safe_if_all_items_are(tmp_path: Path) -> None:
    assert written(tmp_path / "a.zip", [1, np.arange(3), (1, 2)]).is_safe()
    assert not written(tmp_path / "b.zip", ITEMS).is_safe()
    assert not SequenceFormat().is_safe(tmp_path / "b.zip")


def test_every_truncation_is_damage(tmp_path: Path) -> None:
    written(tmp_path / "a.zip", [1, (2, 3)])
    data = (tmp_path / "a.zip").read_bytes()
    for size in range(len(data)):
        (tmp_path / "b.zip").write_bytes(data[:size])
        with pytest.raises(DamagedError, match="not a sequence"):
            StoredSequence(tmp_path / "b.zip")
