from __future__ import annotations

import contextlib
import copy
import importlib
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from repype_like.errors import UsageError
from repype_like.store import Store
from repype_like.task import InputData
from repype_like.task.data import Results, Turn


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
    with pytest.raises(KeyError, match="there is no field 'c' for this input; there are a, b, input_id"):
        data["c"]
    with pytest.raises(KeyError, match="there is no input '7'; there are 7, 'x'"):
        Results({7: data, "x": data})["7"]
    assert Results({7: data}).get("7") is None


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


def _inputs(folder: Path, values: dict[int, Any]) -> list[InputData]:
    turn, store = Turn(), Store(folder)
    return [InputData(store, {"x": store.encode(value)}, number, turn=turn) for number, value in values.items()]


@pytest.mark.parametrize("large", [
    np.arange(100_000.0), np.repeat(np.arange(30_000, dtype=np.int32), 200),
    {"a": np.arange(50_000), "b": 1}, list(range(50_000)),
    pd.DataFrame({"a": np.arange(50_000.0)}),
], ids=["array", "mask", "dictionary", "list", "table"])
def test_large_values_of_one_input_at_a_time_are_in_memory(large: Any, tmp_path: Path) -> None:
    first, second = _inputs(tmp_path, {1: large, 2: large})
    assert type(first["x"]) is type(second["x"])
    assert "x" not in first._values
    assert first._fields["x"].blob
    assert type(first["x"]) is type(large)
    assert "x" not in second._values


def test_large_values_that_were_changed_stay(tmp_path: Path) -> None:
    changes: list[tuple[Any, Callable[[Any], Any]]] = [
        (np.arange(100_000.0), lambda loaded: loaded.fill(7)), (list(range(50_000)), lambda loaded: loaded.append(8))]
    for value, change in changes:
        first, second = _inputs(tmp_path, {1: value, 2: value})
        change(first["x"])
        _ = second["x"]
        assert first["x"][-1] in (7, 8)
        assert not first.is_as_stored_in(first._store)


def test_what_somebody_still_holds_is_the_same_object(tmp_path: Path) -> None:
    first, second = _inputs(tmp_path, {1: np.arange(100_000.0), 2: np.arange(100_000.0)})
    held = first["x"]
    _ = second["x"]
    assert not first.is_as_stored_in(first._store), "it may be changed at any moment"
    assert first["x"] is held


def test_assigned_values_stay(tmp_path: Path) -> None:
    first, second = _inputs(tmp_path, {1: np.arange(100_000.0), 2: np.arange(100_000.0)})
    first["x"] = first["x"] + 1
    _ = second["x"]
    assert first["x"][0] == 1


def test_values_in_formats_of_the_project_are_found_when_its_modules_are_there(tmp_path: Path) -> None:
    """The module can be imported only while the project is active."""
    name = f"formats_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(
        "from repype_like.formats import Format\n\nclass Shout(Format):\n    suffix = 'txt'\n"
        "    def write(self, value, path):\n        path.write_text(value)\n"
        "    def read(self, path):\n        return path.read_text() + '!'\n")

    @contextlib.contextmanager
    def activate() -> Iterator[None]:
        sys.path.insert(0, str(tmp_path))
        try:
            yield
        finally:
            sys.path.remove(str(tmp_path))
            sys.modules.pop(name, None)

    store = Store(tmp_path)
    with activate():
        stored = store.encode("hey", importlib.import_module(name).Shout)
    assert stored.format == f"{name}:Shout"
    assert InputData(store, {"x": stored}, 1, activate)["x"] == "hey!"
    with pytest.raises(UsageError, match="cannot be imported"):
        InputData(store, {"x": stored}, 1)["x"]
