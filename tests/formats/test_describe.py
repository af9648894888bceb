from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from repype_like.formats import describe


@pytest.mark.parametrize("value", [None, True, 3, 0.5, "text", [1, "a", None], {"a": [1.5]}, [], {"type": "ndarray"}])
def test_small_plain_data_is_shown_as_it_is(value: Any) -> None:
    assert describe(value) == {"value": value}


def test_scalars_of_numpy_and_tuples_are_shown_as_plain_data() -> None:
    assert describe(np.float64(0.5)) == {"value": 0.5}
    assert type(describe(np.int32(1))["value"]) is int
    assert describe((1, np.bool_(True))) == {"value": [1, True]}


@pytest.mark.parametrize(("value", "text"), [
    (np.zeros((512, 512), np.float32), "ndarray float32 (512, 512)"), (np.array(1), "ndarray int64 ()"),
    (pd.DataFrame({"a": [1, 2, 3], "b": 1}), "DataFrame 3 x 2"), ("x" * 201, "str (201)"), (list(range(21)),
    "list (21)"),
    ({1: 2}, "dict (1)"), ({1, 2}, "set (2)"), (b"abc", "bytes (3)"), (2**70, "int"), (1j, "complex 1j"),
    (datetime.date(2024, 1, 2), "date 2024-01-02"), (Path("a/b"), "PosixPath a/b"), (np.datetime64("2024"),
    "datetime64"),
    ([[1] * 10, [2] * 10, [3] * 10], "list (3)"), ({"a": object()}, "dict (1)"), (object(), "object"),
])
def test_everything_else_is_shown_by_type(value: Any, text: str) -> None:
    described = describe(value)
    assert list(described) == ["type"]
    assert described["type"].startswith(text)


class _Hostile:
    def __len__(self) -> int:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError

    @property
    def shape(self) -> Any:
        raise RuntimeError


def test_what_users_classes_do_does_not_matter() -> None:
    assert describe(_Hostile())["type"].endswith("_Hostile")


def test_what_is_shown_is_json() -> None:
    for value in (float("nan"), "\ud800", [np.float32(1)], {"a": np.str_("x")}):
        json.dumps(describe(value))
