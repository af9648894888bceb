from __future__ import annotations

from typing import Any

import pytest

from repype_like.config import Config
from repype_like.pipeline import Pipeline
from repype_like.stage import OutputMismatch, Stage, suggest_stage_id


@pytest.mark.parametrize(("name", "stage_id"), [
    ("DoGFilter", "do-g-filter"), ("Optional1", "optional-1"), ("TheGreatMapperStage", "the-great-mapper"),
    ("TheGreat123PCMapper", "the-great-123-pc-mapper"), ("Stage", "stage"), ("stage1", "stage-1"),
    ("snake_case", "snake-case"), ("A", "a"), ("ABC", "abc"), ("C2_RegionAnalysisStage", "c-2-region-analysis"),
])
def test_ids_follow_from_class_names(name: str, stage_id: str) -> None:
    assert suggest_stage_id(name) == stage_id


@pytest.mark.parametrize("name", ["", "_", "1st", "with space", "_Hidden"])
def test_what_is_no_class_name_has_no_id(name: str) -> None:
    with pytest.raises(AssertionError, match="not the name of a class"):
        suggest_stage_id(name)


def test_names_in_other_scripts() -> None:
    assert suggest_stage_id("測る_二") == "測る-二"


class Double(Stage):
    inputs = ["x"]
    outputs = ["y"]
    consumes = ["z"]

    def process(self, pipeline: Any, config: Config, status: Any = None, *, x: int, z: int) -> dict[str, int]:
        return {"y": 2 * x + config.get("offset", 0) + z}


def run(stage: Stage, data: dict[str, Any], config: dict[str, Any]) -> list[str]:
    heard: list[str] = []

    def hear(event: Any, **_: Any) -> None:
        heard.append(event)

    for event in ("start", "after"):
        stage.add_callback(event, hear)
    stage.run(Pipeline([stage]), "input", data, Config(config))
    return heard


def test_a_run_adds_outputs_removes_consumed_fields_and_tells_the_callbacks() -> None:
    data = {"x": 1, "z": 10}
    assert run(Double(), data, {"offset": 5}) == ["start", "end"]
    assert data == {"x": 1, "y": 17}


def test_a_disabled_stage_is_skipped() -> None:
    data = {"x": 1, "z": 10}
    assert run(Double(), data, {"enabled": False}) == ["skip"]
    assert data == {"x": 1, "z": 10}


@pytest.mark.parametrize(("returned", "message"), [
    ({}, 'did not return "y"'), ({"y": 1, "yy": 2}, 'returned "yy"'), (None, "returned NoneType"),
    ([1], "returned list"),
])
def test_other_outputs_than_declared_are_refused(returned: Any, message: str) -> None:
    with pytest.raises(OutputMismatch, match=rf'test_base.py:\d+: stage "double" {message}'):
        Double().check_outputs(returned)


def test_a_callback_can_be_removed() -> None:
    stage, heard = Double(), list[int]()

    def callback(**_: Any) -> None:
        heard.append(1)

    stage.add_callback("after", callback)
    stage.remove_callback("after", callback)
    stage.callback("end")
    assert not heard


def test_the_suffix_plus_is_reserved() -> None:
    with pytest.raises(AssertionError, match="must not end"):
        type("Odd", (Stage,), {"id": "odd+"})()
