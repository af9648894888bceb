from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from repype_like.store import Store
from repype_like.task import InputData


class Counting(Store):
    """A store that counts what is read."""

    reads = 0

    def decode(self, field: Any) -> Any:
        type(self).reads += 1
        return super().decode(field)


@pytest.fixture
def data(tmp_path: Path) -> InputData:
    Counting.reads = 0
    store = Counting(tmp_path)
    return InputData(store, {"a": store.encode([1, 2]), "b": store.encode("text")}, 7)


def test_values_are_read_when_they_are_asked_for_and_once(data: InputData) -> None:
    assert set(data) == {"input_id", "a", "b"}
    assert len(data) == 3
    assert "a" in data
    assert "c" not in data
    assert data["input_id"] == 7
    assert Counting.reads == 0
    assert data["a"] == [1, 2]
    assert data["a"] is data["a"]
    assert Counting.reads == 1
    with pytest.raises(KeyError):
        data["c"]


def test_changes_stay_in_the_object(data: InputData) -> None:
    data["a"].append(3)
    data["c"] = 4
    del data["b"]
    assert dict(data) == {"input_id": 7, "a": [1, 2, 3], "c": 4}
    with pytest.raises(KeyError):
        del data["b"]


def test_it_is_known_whether_it_may_differ_from_what_is_stored(data: InputData, tmp_path: Path) -> None:
    store = data._store
    assert data.is_as_stored_in(store)
    assert not data.is_as_stored_in(Store(tmp_path))
    _ = data["a"]
    assert not data.is_as_stored_in(store), "a list may be changed in place"


@pytest.mark.parametrize("change", [lambda data: data.update(c=1), lambda data: data.pop("b")])
def test_a_change_is_known(data: InputData, change: Any) -> None:
    change(data)
    assert not data.is_as_stored_in(data._store)


def test_it_does_what_dictionaries_do(data: InputData) -> None:
    expected = {"input_id": 7, "a": [1, 2], "b": "text"}
    assert data.copy() == data == expected
    assert data | {"b": 1} == {**expected, "b": 1}
    assert {"b": 1, "c": 2} | data == {"c": 2, **expected}
    assert {**data} == expected
    assert pickle.loads(pickle.dumps(data)) == expected
    assert copy.deepcopy(data) == expected
    assert repr(data) == "<InputData: a, b, input_id>"
