from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from repype_like.errors import NotStorableError
from repype_like.formats import format_named

csv = format_named("csv")
FRAME = pd.DataFrame({"label": [1, 2, 3], "area": [0.1, np.nan, -np.inf], "name": ["x", "NA", 'a "b",\nc'],
                      "round": [True, False, True]})


def test_a_table_comes_back(through: Callable[..., Any], tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(through("csv", FRAME), FRAME)
    assert (tmp_path / "value.csv").read_text().startswith("label,area,name,round\n1,0.1,x,True\n")


def test_numbers_come_back_to_the_last_digit(through: Callable[..., Any]) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.random(5000) * 10.0 ** random.integers(-300, 300, 5000)})
    assert through("csv", frame).equals(frame)


@pytest.mark.parametrize(("frame", "words"), [
    (FRAME.set_index("label"), "its index would be lost"), (FRAME.astype({"label": "int8"}), '"label" would come back'),
    (FRAME.assign(kind=pd.Categorical(list("xyx"))), '"kind" would come back'), (pd.DataFrame(), "no columns"),
    (FRAME.assign(name=["001", "2", "3"]), '"name" would come back as int64'), (FRAME.iloc[:0], "would come back as"),
    (FRAME.assign(when=pd.date_range("2024", periods=3)), '"when" would come back'),
    (FRAME.rename(columns={"area": 7}), "another content"),
    (FRAME.assign(name=["", "a", "b"]), "another content|come back as others"),
])
def test_what_a_csv_does_not_keep_is_refused(frame: pd.DataFrame, words: str, tmp_path: Path) -> None:
    with pytest.raises(NotStorableError, match=words):
        csv.write(frame, tmp_path / "a.csv")


@pytest.mark.parametrize(("value", "text"), [
    (FRAME.set_index("label")[["round"]], "label,round\n1,True\n2,False\n3,True\n"), (np.arange(4).reshape(2, 2),
    "0,1\n0,1\n2,3\n"), ([{"a": 1}, {"a": 2}], "a\n1\n2\n"), ({"a": [1], "b": [2]}, "a,b\n1,2\n"),
    (pd.Series([1.5], name="s"), "s\n1.5\n"),
])
def test_what_can_be_seen_as_a_table_is_exported(value: Any, text: str, tmp_path: Path) -> None:
    csv.export(value, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == text


@pytest.mark.parametrize("value", [3, np.zeros((2, 2, 2)), {1, 2}, {"a": 1}])
def test_what_is_no_table_is_not_exported(value: Any, tmp_path: Path) -> None:
    with pytest.raises(NotStorableError, match="has no form as csv"):
        csv.export(value, tmp_path / "a.csv")
