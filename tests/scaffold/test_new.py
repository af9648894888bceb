"""``repype new``: variants and examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from project import Project
from repype_like.errors import UsageError
from repype_like.scaffold import Assignment, make_variants, parse_assignment

STAGES = """
    from repype_like.stage import Stage


    class Blur(Stage):
        inputs = ["input_id"]
        outputs = ["image"]
        default_config = {"sigma": 1.0, "seed": 0}

        def process(self, pipeline, config, input_id, status=None):
            return {"image": config["sigma"] + config.get("extra", 0)}


    class Fit(Stage):
        inputs = ["image"]
        outputs = ["score"]
        default_config = {"model": "rf", "seed": 0}

        def process(self, pipeline, config, image, status=None):
            return {"score": f"{config['model']} {image}"}
    """


@pytest.fixture
def project(make_project: Callable[[Mapping[str, Any]], Project]) -> Project:
    return make_project({"stages.py": STAGES, "tasks/task.yml": {
        "pipeline": ["stages.Blur", "stages.Fit"], "input_ids": [1], "config": {"fit": {"options": {"depth": 1}}}}})


def specs(project: Project) -> dict[str, Any]:
    """Return what the variants in ``tasks/sweep`` say."""
    return {path.parent.name: yaml.safe_load(path.read_text())
            for path in sorted((project.root / "tasks/sweep").glob("*/task.yml"))}


def test_a_product_that_runs(project: Project) -> None:
    answer = project.run("new", "tasks/sweep", "--from", "tasks", "--set", "blur.sigma=1,2.5", "--set",
                         'model=rf,"1"').ok()
    names = ["sigma=1,model=rf", "sigma=1,model=1", "sigma=2.5,model=rf", "sigma=2.5,model=1"]
    assert answer.out.splitlines() == [f"tasks/sweep/{name}" for name in names]
    assert "4 variants written; repype run tasks/sweep" in answer.err
    assert specs(project)["sigma=2.5,model=1"] == {
        "runnable": True, "config": {"blur": {"sigma": 2.5}, "fit": {"model": "1"}}}
    project.run("run", "tasks/sweep").ok()
    assert project.results("tasks/sweep/sigma=2.5,model=1")[1]["score"] == "1 2.5"
    again = project.run("new", "tasks/sweep", "--from", "tasks", "--set", "blur.sigma=2.5,9", "--set", "model=rf")
    assert "sigma=2.5,model=rf: is there already; nothing was written" in again.exits(2).err
    assert len(specs(project)) == 4


def test_values_together_and_nested_keys(project: Project) -> None:
    project.run("new", "tasks/sweep", "--from", "tasks", "--zip", "--set", "fit.options.depth=2,3", "--set",
                "fit.seed=[1, 2],7").ok()
    assert specs(project) == {
        "depth=2,seed=1,2": {"runnable": True, "config": {"fit": {"options": {"depth": 2}, "seed": [1, 2]}}},
        "depth=3,seed=7": {"runnable": True, "config": {"fit": {"options": {"depth": 3}, "seed": 7}}}}


def test_a_parameter_that_was_read_by_a_run_is_known(project: Project) -> None:
    project.write("tasks/task.yml", project.read("tasks/task.yml") + "runnable: true\n")
    project.run("run", "tasks").ok()
    project.run("new", "tasks/sweep", "--from", "tasks", "--set", "extra=1,2", "-n").ok()
    assert not (project.root / "tasks/sweep").exists()
    project.run("new", "tasks/sweep", "--from", "tasks", "--set", "extra=1,2").ok()
    assert specs(project)["extra=1"] == {"config": {"blur": {"extra": 1}}}


@pytest.mark.parametrize(("args", "said"), [
    (["--set", "blur.sigm=1"], 'the stage "blur" has no parameter "sigm"; did you mean "sigma"?'),
    (["--set", "blurr.sigma=1"], 'neither a stage nor a parameter "blurr"; did you mean "blur"?'),
    (["--set", "seed=1"], "the stages blur, fit have a parameter"),
    (["--set", "blur=1"], "name a parameter of the stage"),
    (["--set", "blur.sigma"], "write what varies and its values"),
    (["--set", "blur.sigma=yes"], 'yes may mean true or the text "yes"'),
    (["--set", "blur.sigma=1,1"], 'two variants would have the name "sigma=1"'),
    (["--set", "blur.sigma=1", "--set", "sigma=2"], "given twice"),
    (["--set", "sigma=1,2", "--set", "model=a", "--zip"], "as many values of each"),
    ([], "say what varies"),
])
def test_mistakes(project: Project, args: list[str], said: str) -> None:
    assert said in project.run("new", "tasks/sweep", "--from", "tasks", *args).exits(2).err
    assert not (project.root / "tasks/sweep").exists()


def test_variants_lie_below_the_task(project: Project) -> None:
    answer = project.run("new", "elsewhere", "--from", "tasks", "--set", "sigma=1").exits(2)
    assert "so that the variants inherit from it; for example tasks/elsewhere" in answer.err
    assert "say what to write" in project.run("new", "tasks/x").exits(2).err


@pytest.mark.parametrize("name", ["digits", "images", "tables"])
def test_an_example_can_be_planned(make_project: Callable[[Mapping[str, Any]], Project], name: str) -> None:
    pytest.importorskip("skimage")
    pytest.importorskip("palmerpenguins")
    project = make_project({})
    project.run("new", "mine", "--example", name).ok()
    states = {task["task"]: task["error"] for task in project.run("status", "mine", "--json").ok().json()["tasks"]}
    assert len(states) == (3 if name == "digits" else 6)
    assert not any(states.values())
    assert "not empty" in project.run("new", "mine", "--example", name).exits(2).err
    assert 'did you mean "tables"?' in project.run("new", "other", "--example", "table").exits(2).err


@given(st.lists(st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False),
                min_size=1, max_size=4))
def test_values_are_those_of_yaml(values: list[Any]) -> None:
    text = yaml.safe_dump(values, default_flow_style=True, width=10_000).strip()[1:-1]
    assert parse_assignment(f"a.b={text}", {"a": [("b",)]}) == Assignment(("a", "b"), tuple(values))


@given(st.text(min_size=1, max_size=30))
def test_names_are_names_of_directories(value: str) -> None:
    try:
        name = make_variants(Path(), [Assignment(("a", "b"), (value,))])[0].directory.name
    except UsageError:
        return
    assert name.startswith("b=")
    assert "/" not in name
    assert name.isprintable()


def test_names_that_some_file_systems_take_for_the_same(project: Project) -> None:
    said = project.run("new", "tasks/sweep", "--from", "tasks", "--set", "model=RF,rf").exits(2).err
    assert '"model=RF" and "model=rf" would be the same directory' in said
    assert not (project.root / "tasks/sweep").exists()


TYPED = """
    from repype_like.stage import stage


    @stage(outputs=["tall"])
    def tall(input_id, *, factor: float = 1.0, of=1, name: str = ""):
        return factor * input_id
    """


def test_values_that_mean_the_same_or_nothing(make_project: Callable[[Mapping[str, Any]], Project]) -> None:
    project = make_project({"stages.py": TYPED, "tasks/task.yml": {"pipeline": ["stages.tall"], "input_ids": [1]}})
    new = ("new", "tasks/sweep", "--from", "tasks", "--set")
    said = project.run(*new, "factor=1,2,1.0", "--set", "name=a,b").exits(2).err
    assert '"factor=1,name=a" and "factor=1.0,name=a" would mean the same; leave one of them out' in said
    said = project.run(*new, "factor=1,much").exits(2).err
    assert 'tasks/sweep/factor=much/task.yml: config: the stage "tall": "factor": a number is expected' in said
    assert "Nothing was written." in said
    assert not (project.root / "tasks/sweep").exists()
    project.run(*new, "of=1,1.0").ok()  # to a stage that does not declare a type, these may be two things


def test_odd_values(project: Project) -> None:
    project.run("new", "tasks/sweep", "--from", "tasks", "--set", 'fit.model="a,b",c/d,../x,"q\'\\"",画像', "--set",
                "blur.sigma=-1,[1, 2],{a: 1},1e3,null", "--zip").ok()
    configs = [spec["config"] for spec in specs(project).values()]
    written = {config["fit"]["model"]: config["blur"]["sigma"] for config in configs}
    assert written == {"a,b": -1, "c/d": [1, 2], "../x": {"a": 1}, "q'\"": 1000.0, "画像": None}
    assert all(path.parent == project.root / "tasks/sweep" for path in (project.root / "tasks/sweep").glob("**/*=*"))
    assert project.run("status", "tasks").ok().out.count(" R  ") == 5
