from __future__ import annotations

from typing import Any

import pytest

from repype_like.plan.differences import NOT_SET, differences


@pytest.mark.parametrize(("old", "new", "found"), [
    ({"a": 1}, {"a": 1}, []),
    ({"a": float("nan"), "b": [float("nan")]}, {"a": float("nan"), "b": [float("nan")]}, []),
    ({"a": 1}, {"a": 1.0}, ["a 1 -> 1.0"]),
    ({"a": 1}, {"a": True}, ["a 1 -> True"]),
    ({"a": [1]}, {"a": [1.0]}, ["a [1] -> [1.0]"]),
    ({"a": [{"b": 1}]}, {"a": [{"b": 1}]}, []),
    ({"b": {"c": 1}, "a": 2}, {"b": {"c": 3, "d": 4}}, ["a 2 -> (not set)", "b.c 1 -> 3", "b.d (not set) -> 4"]),
    ({"a": {}}, {"a": 1}, ["a {} -> 1"]),
    ({"a": "x" * 99}, {"a": None}, ["a '" + "x" * 56 + "... -> None"]),
    ({"db": {"password": "one"}}, {"db": {"password": "two"}}, ["db.password *** -> ***"]),
    ({"secrets": {"a": 1}}, {"secrets": {"a": 2}}, ["secrets.a *** -> ***"]),
    ({}, {"db": {"token": "x", "n": 1}}, ["db (not set) -> {'token': '***', 'n': 1}"]),
])
def test_what_differs_in_words(old: Any, new: Any, found: list[str]) -> None:
    assert [str(item) for item in differences(old, new)] == found


def test_keys_and_values() -> None:
    (item,) = differences({}, {"a": {"b": 1}}, ("config",))
    assert (item.keys, item.key, item.old, item.new) == (("config", "a"), "config.a", NOT_SET, {"b": 1})
