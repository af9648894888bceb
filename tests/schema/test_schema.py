"""``repype show --schema`` and ``--parameters``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from project import Project

EXAMPLES = Path(__file__).parents[2] / "tasks"

STAGES = '''
    import enum
    from dataclasses import dataclass, field
    from pathlib import Path
    from typing import Annotated, Literal

    from repype_like.library import Remix, Shell
    from repype_like.stage import Stage, stage


    class Kind(enum.Enum):
        MEAN = "mean"
        MEDIAN = "median"


    @dataclass
    class Optimizer:
        """How weights are changed."""

        name: str
        rate: Annotated[float, "Step width."] = 0.1


    @dataclass
    class FilterConfig:
        sigma: float = 1.0
        """Width of the :class:`Gaussian`,
        in pixels."""
        kind: Kind = Kind.MEAN
        masks: list[Path] = field(default_factory=list)
        window: tuple[int, int] | None = None
        optimizer: Optimizer = field(default_factory=lambda: Optimizer("sgd"))

        def __post_init__(self):
            if self.sigma < 0:
                raise ValueError("negative")


    class Filter(Stage):
        """Smooth the image.

        In a way.
        """

        inputs = ["input_id"]
        outputs = ["filtered"]
        config_class = FilterConfig


    @stage(outputs=["score"])
    def fit(filtered, *, model: Literal["svm", "forest"] = "svm", trees: int = 100, seed: int):
        """Fit a model.

        Args:
            filtered: The image.
            model: Which one,
                of two.
            trees: How many.
        """


    class Free(Stage):
        default_config = {"batch": 8}


    class Renamed(Filter):
        id = "renamed"
        outputs = ["again"]

        def normalize_config(self, config):
            config.setdefault("sigma", config.pop("width", 1.0))
            return config


    mix = Remix("score", output="mixed")
    '''

SPEC: Mapping[str, Any] = {
    "runnable": True, "input_ids": [1], "pipeline": [
        "stages.Filter", "stages.fit", "stages.Free", "stages.Renamed", "stages.mix", "repype_like.library.Shell"],
    "config": {"fit": {"seed": 3}, "shell": {"command": ["true"]}}}


@pytest.fixture
def project(make_project: Callable[[Mapping[str, Any]], Project]) -> Project:
    return make_project({"stages.py": STAGES, "tasks/task.yml": SPEC})


def test_schema_of_a_task(project: Project) -> None:
    schema = project.run("show", "--schema", "tasks").ok().json()
    Draft202012Validator.check_schema(schema)
    sections = schema["properties"]["config"]["properties"]
    sigma = sections["filter"]["properties"]["sigma"]
    assert sigma == {"type": "number", "description": "Width of the `Gaussian`, in pixels.", "default": 1.0}
    assert sections["filter"]["description"] == "Smooth the image."
    assert sections["filter"]["properties"]["optimizer"]["properties"]["rate"] == {
        "type": "number", "default": 0.1, "description": "Step width."}
    assert sections["fit"]["properties"]["model"] == {
        "enum": ["svm", "forest"], "default": "svm", "description": "Which one, of two."}
    assert sections["free"]["properties"]["batch"] == {"default": 8}
    assert sections["shell"]["properties"]["command"]["description"].startswith("The program and its arguments.")
    assert sections["remix"]["properties"]["shuffle_before"]["type"] == "boolean"


def test_what_steers_a_stage_is_no_parameter_and_known_all_the_same(project: Project) -> None:
    project.write("other/stages2.py", """
        from repype_like.stage import aggregate

        @aggregate(outputs=["mean"], tasks="../a/")
        def compare(score, *, digits: int = 2):
            return round(score["../a"], digits)
        """)
    project.write("other/a/task.yml", {"runnable": True, "pipeline": ["stages3.score"], "input_ids": [1]})
    project.write("other/a/stages3.py", """
        from repype_like.stage import aggregate

        @aggregate(outputs=["score"])
        def score():
            return 1.25
        """)
    spec = {"runnable": True, "pythonpath": "..", "pipeline": ["stages2.compare"],
            "config": {"compare": {"tasks": ["../a/"], "enabled": True, "digits": 1}}}
    project.write("other/b/task.yml", spec)
    project.edit("other/a/task.yml", "runnable: true", "runnable: true\npythonpath: .")
    schema = project.run("show", "--schema", "other/b").ok().json()
    assert Draft202012Validator(schema).is_valid(spec)
    assert not Draft202012Validator(schema).is_valid({**spec, "config": {"compare": {"tasks": 3}}})
    assert schema["properties"]["config"]["properties"]["compare"]["properties"]["tasks"]["description"]
    project.run("run", "other").ok()
    assert project.results("other/b")[None]["mean"] == 1.2


def test_an_editor_says_what_a_run_says(project: Project) -> None:
    validator = Draft202012Validator(project.run("show", "--schema", "tasks").ok().json())
    specs = {f"variants/{number:02}": spec for number, spec in enumerate(sound_and_unsound())}
    for path, spec in specs.items():
        project.write(f"{path}/task.yml", spec)
    said = {task["task"]: task["error"] for task in project.run("status", "--json").json()["tasks"]}
    for path, spec in specs.items():
        assert validator.is_valid(spec) == (said[path] is None), (spec, said[path])
    assert {error is None for error in said.values()} == {True, False}


def sound_and_unsound() -> Iterator[Mapping[str, Any]]:
    for section in (
            {"filter": {"sigma": 2, "kind": "MEDIAN", "masks": ["a.png"], "window": [3, 4], "enabled": True}},
            {"filter": {"kind": "mean", "window": None, "optimizer": {"name": "adam", "rate": 1}, "AF_sigma": 2}},
            {"filter": {"sigma": "wide"}}, {"filter": {"sgima": 2}}, {"filter": {"kind": "MODE"}},
            {"filter": {"window": [3]}}, {"filter": {"masks": "a.png"}}, {"filter": {"optimizer": {"rat": 1}}},
            {"filter": {"AF_sgima": 2}}, {"fit": {"seed": 3, "model": "tree"}}, {"fit": {"seed": 1.5}},
            {"fit": {"seed": True}}, {"free": {"anything": [1]}}, {"renamed": {"width": 2}}, {"remix": None},
            {"remix": {"new_splits": {"a": 3}}}, {"remix": {"new_splits": {"a": "score[:3]"}}},
            {"shell": {"command": ["echo", "{n}"], "n": 5}}, {"shell": {"command": "echo"}}):
        yield {**SPEC, "config": {**SPEC["config"], **section}}
    for change in ({"runable": True}, {"pipeline": "stages"}, {"input_ids": "1-3"}, {"input_ids": [[1]]},
                   {"scopes": {"a": 1}}, {"marginal_stages": "fit"}, {"marginal_stages": ["fit"]}, {"root": "yes"},
                   {"limits": {"fit": {"timeout": 3}}}, {"limits": {"fit": {"timeot": 3}}}, {"packages": ["pip"]}):
        yield {**SPEC, **change}


@cache
def examples() -> list[tuple[Path, str]]:
    paths = sorted(EXAMPLES.rglob("task.yml"))
    return [(path, str(path.parent if "pipeline:" in path.read_text(encoding="utf-8")
                       else path.relative_to(EXAMPLES).parts[0])) for path in paths]


@cache
def schema_of_example(name: str) -> Any:
    answer = subprocess.run([sys.executable, "-m", "repype_like", "show", "--schema", name], cwd=EXAMPLES,
                            capture_output=True, text=True, check=True, timeout=120)
    return json.loads(answer.stdout)


def test_all_examples_are_sound_and_nothing_is_left_to_chance() -> None:
    assert examples()
    for path, name in examples():
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))
        for schema in (schema_of_example(name), json_of("show", "--schema")):
            found = [error.message for error in Draft202012Validator(schema).iter_errors(spec)]
            assert not found, f"{path}: {found}"


@cache
def json_of(*args: str) -> Any:
    answer = subprocess.run([sys.executable, "-m", "repype_like", *args], capture_output=True, text=True, check=True,
                            timeout=120)
    return json.loads(answer.stdout)


def test_into_a_file_and_what_goes_wrong(project: Project) -> None:
    project.run("show", "--schema", "tasks", "-o", "tasks/schema.json").ok()
    written = project.read("tasks/schema.json")
    assert json.loads(written)["properties"]["config"]["properties"].keys() >= {"filter", "fit"}
    project.edit("tasks/task.yml", "stages.Filter", "stages.Fliter")
    assert 'did you mean "Filter"' in project.run("show", "--schema", "tasks", "-o", "tasks/schema.json").exits(2).err
    assert project.read("tasks/schema.json") == written
    assert "there is no task.yml" in project.run("show", "--schema", ".").exits(2).err
    assert "name the directory of a task" in project.run("show", "--parameters").exits(2).err
    project.write("other/task.yml", "{}\n")
    answer = project.run("show", "--schema", "other").ok()
    assert "names no pipeline" in answer.err
    assert answer.json() == project.run("show", "--schema").ok().json()


def test_parameters_to_be_read(project: Project) -> None:
    shown = project.run("show", "tasks", "--parameters").ok().out
    assert shown.startswith("filter:  # Smooth the image.\n")
    lines = {line.strip().partition(":")[0]: line for line in shown.splitlines()}
    assert lines["sigma"].split("  # ")[1] == "a number; Width of the `Gaussian`, in pixels."
    assert "  seed: 3 " in lines["seed"]
    assert yaml.safe_load(shown)["filter"]["kind"] == "MEAN"
    project.edit("tasks/task.yml", "seed: 3", "trees: 5")
    shown = project.run("show", "tasks", "--parameters").ok().out
    assert "  trees: 5" in shown
    assert "an integer; by default 100; How many." in shown
    assert "# seed:" in shown
    assert "an integer; to be given" in shown
    rows = project.run("show", "tasks", "--parameters", "--json").ok().json()["stages"]["fit"]["parameters"]
    assert rows[1] == {"name": "trees", "type": "an integer", "doc": "How many.", "default": 100, "value": 5}
