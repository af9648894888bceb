"""Names of results: what they depend on, and what they do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from repype_like.plan import StageView, pre_key, record_id
from repype_like.store import Observation

STAGE = StageView("s", frozenset({"x"}), frozenset({"y"}), "code", {})


def key(stage: StageView = STAGE, config: Any = None, input_id: Any = 1, reads: Any = None,
        packages: Any = None) -> str:
    return pre_key(stage, config or {"k": 1}, input_id, reads or {"x": "0"}, packages or {})


@pytest.mark.parametrize("change", [
    {"stage": replace(STAGE, fingerprint="other")}, {"stage": replace(STAGE, outputs=frozenset({"z"}))},
    {"config": {"k": 2}}, {"config": {"k": 1.0}}, {"config": {"k": True}}, {"config": {"k": "1"}}, {"config": {"j": 1}},
    {"input_id": 2}, {"input_id": "1"}, {"reads": {"x": "1"}}, {"reads": {"z": "0"}}, {"packages": {"p": "1"}}])
def test_what_counts_changes_the_key(change: dict[str, Any]) -> None:
    assert key(**change) != key()


@pytest.mark.parametrize("change", [
    {"stage": replace(STAGE, id="renamed")}, {"stage": replace(STAGE, parts={"m:s": "1"})},
    {"stage": replace(STAGE, kept=frozenset({"y"}))}, {"stage": replace(STAGE, enabled_by_default=False)}])
def test_what_does_not_count_does_not(change: dict[str, Any]) -> None:
    assert key(**change) == key()


def test_order_does_not_count() -> None:
    assert key(config={"a": 1, "b": 2}, reads={"x": "0", "y": "1"}) == key(config={"b": 2, "a": 1},
                                                                        reads={"y": "1", "x": "0"})


def test_observations_make_another_record() -> None:
    first, second = Observation("in", 1, None, "0"), Observation(None, None, "data/f", "1")
    assert record_id("k", ()) == "k"
    assert record_id("k", (first, second)) == record_id("k", (second, first))
    assert len({record_id("k", seen) for seen in (
        (), (first,), (second,), (first, second), (Observation("in", 1, None, "9"),),
        (Observation("in", "1", None, "0"),), (Observation("other", 1, None, "0"),))}) == 7
