"""Data sets that are put together anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from project import Project
from repype_like.config import Config
from repype_like.library import Combine, Print, Remix
from repype_like.pipeline import create_pipeline
from repype_like.stage import Stage, stage

STAGES = """
    from repype_like.library import Combine, Print, Remix
    from repype_like.stage import stage
    from tracing import trace

    @stage(outputs=["first", "second"])
    def load(input_id):
        return {"train": list(range(10)), "dev": [20, 21]}, {"train": [30], "test": [40]}

    together = Combine("first", "second", output="dataset")
    mixed = Remix("dataset", output="folds", id="folds", cache=True)
    show = Print("folds")

    @stage(outputs=["sizes"])
    def sizes(input_id, folds):
        trace("sizes", input_id)
        return {split: len(items) for split, items in folds.items()}
    """


@pytest.fixture
def project(make_project: Callable[[Mapping[str, Any]], Project]) -> Project:
    return make_project({"stages.py": STAGES, "tasks/task.yml": {
        "runnable": True, "input_ids": [1],
        "pipeline": ["stages.load", "stages.together", "stages.mixed", "stages.show", "stages.sizes"],
        "config": {"folds": {"new_splits": {"small": "train[:20%] + test", "rest": "train[20%:]"}}}}})


def test_they_are_stages_like_any_other(project: Project) -> None:
    project.run("run", "tasks").ok()
    assert project.results("tasks")[1]["sizes"] == {"train": 11, "dev": 2, "test": 1, "small": 3, "rest": 9}
    assert project.results("tasks")[1]["folds"]["small"] == [0, 1, 40]
    assert "folds:" in project.run("log", "tasks", "--stage", "print").ok().out
    project.executions()
    project.edit("tasks/task.yml", "train[20%:]", "train[50%:]")
    assert "folds.new_splits.rest" in project.run("status", "tasks", "-v").ok().out
    project.run("run", "tasks").ok()
    assert project.executions() == {("sizes", 1): 1}
    assert project.results("tasks")[1]["sizes"]["rest"] == 6
    project.edit("stages.py", 'Combine("first", "second"', 'Combine("second", "first"')
    project.run("run", "tasks").ok()
    assert project.results("tasks")[1]["folds"]["train"][0] == 30


@pytest.mark.parametrize(("old", "new", "said"), [
    ("train[20%:]", "train[20%", 'config: the stage "folds": new_splits, "rest": "train[20%" in "train[20%" is no'),
    ("new_splits", "new_split", 'did you mean "new_splits"?'),
    ("rest: train[20%:]", "rest: 3", '"new_splits.rest": a text is expected instead of 3'),
])
def test_mistakes_are_found_before_anything_runs(project: Project, old: str, new: str, said: str) -> None:
    project.edit("tasks/task.yml", old, new)
    answer = project.run("run", "tasks").exits(2).err
    assert said in answer
    line = next(number for number, text in enumerate(project.read("tasks/task.yml").splitlines(), 1) if new in text)
    assert f"tasks/task.yml:{line + (new == 'new_split')}:" in answer


def process(remix: Stage, dataset: Any, **section: Any) -> Any:
    @stage(outputs=["dataset"])
    def load() -> Any:
        return dataset

    data, *_ = create_pipeline([load, remix]).process(1, Config({remix.id: section}))
    return data[next(iter(remix.outputs))]


def test_items_keep_their_type() -> None:
    splits = {"new": "a[:50%] + b", "half": "a[:0.5]"}
    arrays = process(Remix("dataset"), {"a": np.eye(4), "b": np.ones((1, 4))}, new_splits=splits)
    assert arrays["new"].shape == (3, 4)
    frames = process(Remix("dataset"), {"a": pd.DataFrame({"x": [1, 2]}), "b": pd.DataFrame({"x": [3]})},
                     new_splits=splits)
    assert frames["new"]["x"].tolist() == [1, 3]
    mixed = process(Remix("dataset"), {"a": range(4), "b": (5,)}, new_splits=splits)
    assert (mixed["new"], mixed["half"], mixed["a"]) == ([0, 1, 5], [0, 1], range(4))


def test_shuffling_is_repeatable() -> None:
    dataset = {"a": list(range(50)), "b": np.arange(50)}
    config = {"new_splits": {"c": "a[:10]"}, "keep_old_splits": False, "shuffle_before": True}
    first, again = (process(Remix("dataset"), dataset, **config) for _ in range(2))
    assert first == again
    assert list(first) == ["c"]
    assert sorted(first["c"]) != list(range(10))
    other = process(Remix("dataset"), dataset, **{**config, "random_seed": 2})
    assert other != first
    after = process(Remix("dataset"), dataset, shuffle_after=True)
    assert after["a"] != dataset["a"]
    assert sorted(after["a"]) == sorted(after["b"].tolist()) == dataset["a"]
    assert after["a"] != after["b"].tolist()
    both = process(Combine("dataset"), dataset, shuffle=True)
    assert sorted(both["a"]) == dataset["a"] != both["a"]


@pytest.mark.parametrize(("dataset", "said"), [
    ([1, 2], 'the field "dataset" is list instead of a data set'),
    ({"a": "text"}, 'the split "a" in the field "dataset" is str'),
])
def test_what_is_no_data_set(dataset: Any, said: str) -> None:
    with pytest.raises(Exception, match="stage: remix") as raised:
        process(Remix("dataset"), dataset)
    assert said in str(raised.value.__cause__)


def test_fields_that_may_be_missing() -> None:
    dataset = {"a": [1]}
    assert process(Combine("dataset", optional_inputs=["more"], output="all"), dataset) == dataset


def test_fields_in_order() -> None:
    assert Print("b", "a").order == ("b", "a")
    assert sorted(Combine("b", "a", output="c").outputs) == ["c"]
