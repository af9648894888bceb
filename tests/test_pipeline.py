from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repype_like.config import Config
from repype_like.pipeline import (
    Pipeline,
    PipelineError,
    ProcessingControl,
    StageError,
    create_config_entry,
    create_pipeline,
)
from repype_like.stage import FunctionStage, Stage


def stage(stage_id: str, inputs: str = "", outputs: str = "", consumes: str = "", **attributes: Any) -> Stage:
    def process(self: Stage, pipeline: Any, config: Config, status: Any = None, **values: Any) -> dict[str, Any]:
        return {field: (stage_id, *(values[name] for name in sorted(values))) for field in self.outputs}

    names = {"inputs": inputs.split(), "outputs": outputs.split(), "consumes": consumes.split()}
    made: Stage = type(stage_id, (Stage,), {"id": stage_id, "process": process, **names, **attributes})()
    return made


DIAMOND = [("a", "input_id", "x"), ("b", "x", "y"), ("c", "x", "z"), ("d", "y z", "w")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_stages_are_put_in_an_order_in_which_fields_are_there(order: tuple[int, ...]) -> None:
    pipeline = create_pipeline([stage(*DIAMOND[index]) for index in order])
    seen = {"input_id"}
    for item in pipeline.stages:
        assert seen.issuperset(item.inputs)
        seen.update(item.outputs)
    assert [item.id for item in pipeline.stages][:1] == ["a"]


def test_a_consuming_stage_comes_after_all_other_readers() -> None:
    pipeline = create_pipeline([stage("eat", "", "e", "x"), stage("make", "", "x"), stage("read", "x", "r")])
    assert [item.id for item in pipeline.stages] == ["make", "read", "eat"]
    assert pipeline.persistent_fields == {"input_id", "e", "r"}
    assert pipeline.fields == {"input_id", "e", "r", "x"}


@pytest.mark.parametrize(("stages", "message"), [
    ([stage("a", "", "x"), stage("a", "", "y")], 'ambiguous identifiers.*"a"'),
    ([stage("a", "", "x"), stage("b", "", "x")], 'ambiguous outputs.*"x"'),
    ([stage("a", "missing", "x")], 'field "missing", which the stage "a" reads, is produced by no stage'),
    ([stage("a", "missing", "x"), stage("b", "x", "y")], "is produced by no stage$"),
    ([FunctionStage(lambda input_id, sigma=2: 0, ["x"], id="a")],
     r"hyperparameter stands behind a \*, as in \*, sigma=2"),
    ([FunctionStage(lambda input_id, image=2: 0, ["images"], id="a")], r"as in \*, image=2"),
    ([FunctionStage(lambda input_id, pipline: 0, ["x"], id="a")], 'did you mean "pipeline"'),
    ([stage("a", "y", "x"), stage("b", "x", "y")],
     'order: they wait for each other: "a" reads the field "y" of "b", which reads the field "x" of "a"$'),
    ([stage("a", "z", "x"), stage("b", "x", "y"), stage("c", "y", "z"), stage("d", "y", "w")],
     '"a" reads the field "z" of "c", which reads the field "y" of "b", which reads the field "x" of "a"$'),
    ([stage("a", "x", "x")], 'each other: "a" reads the field "x" of "a"$'),
    ([stage("a", "", "x"), stage("b", "", "y", "x"), stage("c", "y", "z", "x")],
     'order: "b" consumes the field "x", which "c" still reads$'),
])
def test_what_makes_no_pipeline_is_said(stages: list[Stage], message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        create_pipeline(stages)


def test_processing_gives_data_config_and_times() -> None:
    pipeline = create_pipeline([stage(*row) for row in DIAMOND])
    data, config, times = pipeline.process(7, Config({"b": {"k": 1}}))
    assert data["w"] == ("d", ("b", ("a", 7)), ("c", ("a", 7)))
    assert list(times) == ["a", "b", "c", "d"]
    assert config.entries["b"] == {"k": 1, "enabled": True}


def test_processing_from_a_stage_on_reuses_data_and_runs_what_is_missing() -> None:
    pipeline = create_pipeline([stage(*row) for row in DIAMOND])
    data, _, times = pipeline.process(7, Config(), first_stage="d", data={"y": 1})
    assert set(times) == {"a", "c", "d"}
    assert data["w"] == ("d", 1, ("c", ("a", 7)))
    assert list(pipeline.process(7, Config(), first_stage="c+", data=dict(data))[2]) == ["d"]
    assert list(pipeline.process(7, Config(), last_stage="b")[2]) == ["a", "b"]
    assert pipeline.process(7, Config(), first_stage="d", last_stage="b", data={})[2] == {}
    with pytest.raises(ValueError, match="needs the fields"):
        pipeline.process(7, Config(), first_stage="d")


def test_an_error_names_its_stage() -> None:
    def process(self: Stage, **_: Any) -> dict[str, Any]:
        raise KeyError("no")

    broken = type("Broken", (Stage,), {"process": process})()
    with pytest.raises(StageError) as caught:
        create_pipeline([broken]).process(1, Config())
    assert caught.value.stage is broken
    assert isinstance(caught.value.__cause__, KeyError)


@given(st.integers(0, 3), st.integers(0, 3))
def test_control_selects_a_range(first: int, last: int) -> None:
    ids = ["a", "b", "c", "d"]
    control = ProcessingControl(ids[first], ids[last])
    chosen = [item for item in ids if control.step(item)]
    assert chosen == (ids[first:last + 1] if first <= last else ids[first:])


def test_stages_can_be_appended_behind_others() -> None:
    pipeline = Pipeline([stage("a"), stage("c")])
    assert pipeline.append(stage("b"), after="a") == 1
    assert pipeline.append(stage("d")) == 3
    assert pipeline.append(stage("first"), after=-1) == 0
    assert [item.id for item in pipeline.stages] == ["first", "a", "b", "c", "d"]
    assert pipeline.find("c") == 3
    assert pipeline.find("zz", None) is None
    with pytest.raises(PipelineError, match='identifier "a"'):
        pipeline.append(stage("a"))
    with pytest.raises(PipelineError, match="no stage"):
        pipeline.append(stage("e"), after="zz")


@pytest.mark.parametrize(("config", "rule", "expected"), [
    ({}, (2, 3), 6), ({"AF_k": 5}, (2, 3), 10), ({"k": 1}, (2, 3), 1), ({"k": None}, (2, 3), 6),
    ({}, (2, 1.3, {"type": int}), 2), ({}, (1, 1, {"min": 4}), 4), ({"k": 9}, (1, 1, {"max": 4}), 4),
])
def test_rules_adapt_the_configuration_to_an_input(config: dict[str, Any], rule: Any, expected: Any) -> None:
    ruled = stage("s", configure=lambda self, pipeline, input_id: {"k": rule})
    base = Config({"s": dict(config)})
    assert Pipeline([ruled]).configure(base, 1)["s/k"] == expected
    assert base.entries == {"s": config}


def test_entries_at_the_top_have_factors_too() -> None:
    config = Config({"AF_k": 4})
    create_config_entry(config, "k", 0.5, 1)
    assert config["k"] == 2


def test_scopes_resolve_to_paths(tmp_path: Path) -> None:
    pipeline = Pipeline(scopes={"number": tmp_path / "%03d.png", "text": tmp_path / "100%% %s.png", "folder": tmp_path})
    assert pipeline.resolve("number", 7) == tmp_path / "007.png"
    assert pipeline.resolve("text", "x") == tmp_path / "100% x.png"
    assert pipeline.resolve("folder", 1) == pipeline.resolve("folder") == tmp_path
    assert pipeline.resolve("number") is None
    assert pipeline.resolve("other", 1) is None
    met: list[Any] = []
    pipeline.on_resolve = lambda *where: met.append(where)
    pipeline.resolve("number", 1)
    pipeline.track(tmp_path / "other")
    assert met == [("number", 1, tmp_path / "001.png"), (None, None, tmp_path / "other")]
    met.clear()
    pipeline.resolve("other", 1)
    pipeline.resolve("number")
    assert met == [("other", 1, None), ("number", None, None)]
