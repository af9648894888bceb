"""Functions as stages, through the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from project import Project
from repype_like.errors import UsageError
from repype_like.stage import FunctionStage, Stage, stage


@dataclass
class Config:
    k: int = 1


MakeProject = Callable[[Mapping[str, Any]], Project]

STAGES = """
    from __future__ import annotations

    from repype_like.stage import Stage, stage
    from tracing import trace


    def helper(value):
        return value + 1


    @stage(outputs=["number"])
    def load_number(input_id: int):
        trace("load-number", input_id)
        return input_id


    @stage(outputs=["low", "high"], metadata={"a": 1})
    def spread(number: int, input_id, pipeline, status, stage, *, width: float = 1.0, label: str = "x"):
        trace(stage.id, input_id)
        assert pipeline.stage("spread").id == stage.id
        return helper(number) - width, number + width


    class Total(Stage):
        inputs = ["low", "high", "input_id"]
        outputs = ["total"]

        def process(self, pipeline, config, low, high, input_id, status=None):
            trace(self.id, input_id)
            return {"total": low + high}


    @stage(outputs=["done"])
    def report(total, input_id):
        trace("report", input_id)
        return {"done": total}
    """


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project({"stages.py": STAGES, "tasks/task.yml": {
        "runnable": True, "input_ids": [1, 2], "config": {"spread": {"width": 2}},
        "pipeline": ["stages.report", "stages.Total", "stages.load_number", "stages.spread"]}})


def test_functions_and_classes_make_a_pipeline(project: Project) -> None:
    project.run("run", "tasks").ok()
    assert project.executions() == {(name, input_id): 1 for name in ("load-number", "spread", "total", "report")
                                    for input_id in (1, 2)}
    assert project.results("tasks")[1] == {
        "input_id": 1, "number": 1, "low": 0.0, "high": 3.0, "total": 3.0, "done": 3.0}


@pytest.mark.parametrize(("file", "old", "new"), [
    ("stages.py", "width: float = 1.0", "width: float = 9.0"),
    ("stages.py", 'label: str = "x"):', 'label: str = "x"):\n    # a comment'),
    ("stages.py", 'metadata={"a": 1}', 'metadata={"b": 2}, enabled_by_default=True'),
    ("tasks/task.yml", "width: 2", "width: 2.0"),
    ("tasks/task.yml", "width: 2", "width: 2\n    label: x"),
])
def test_what_changes_nothing(project: Project, file: str, old: str, new: str) -> None:
    project.run("run", "tasks").ok()
    project.executions()
    project.edit(file, old, new)
    project.run("run", "tasks").ok()
    assert project.executions() == {}


@pytest.mark.parametrize(("file", "old", "new", "first"), [
    ("stages.py", "return value + 1", "return value + 5", "spread"),
    ("stages.py", "number + width", "number + 2 * width", "spread"),
    ("stages.py", 'metadata={"a": 1}', "version=2", "spread"),
    ("stages.py", 'outputs=["low", "high"]', 'outputs=["high", "low"]', "spread"),
    ("stages.py", "return input_id\n", "return input_id * 1\n", "load-number"),
    ("tasks/task.yml", "width: 2", "width: 3", "spread"),
    ("tasks/task.yml", "width: 2", "width: 2\n    label: y", "spread"),
])
def test_what_changes_results(project: Project, file: str, old: str, new: str, first: str) -> None:
    project.run("run", "tasks").ok()
    project.executions()
    project.edit(file, old, new)
    project.run("run", "tasks").ok()
    names = ["load-number", "spread", "total", "report"]
    assert project.executions() == {(name, input_id): 1 for name in names[names.index(first):] for input_id in (1, 2)}


@pytest.mark.parametrize(("new", "said"), [
    ("widht: 2", 'there is no parameter "widht"\n    did you mean "width"?'),
    ("50000: 2", 'there is no parameter "50000"'),
    ("width: wide", "\"width\": a number is expected instead of 'wide'"),
])
def test_mistakes_in_the_configuration_are_found_before_anything_runs(project: Project, new: str, said: str) -> None:
    project.edit("tasks/task.yml", "width: 2", new)
    answer = project.run("run", "tasks").exits(2)
    assert f'tasks/task.yml:7:12: config: the stage "spread": {said}' in answer.err
    assert project.executions() == {}


def test_a_parameter_without_a_default_has_to_be_given(project: Project) -> None:
    project.edit("stages.py", 'label: str = "x"', "label: str")
    project.write("tasks/a/task.yml", "input_ids: [5]")
    project.write("tasks/b/task.yml", "config: {spread: {label: b}}")
    answer = project.run("run", "tasks").exits(2)
    assert answer.err.count('the parameter "label" has no default and is not given') == 1, "not for each that inherits"
    project.run("run", "tasks", "-k")
    assert ("spread", 1) in project.executions(), "the task that gives it is none of those"


def test_a_field_of_another_type_fails_the_input(project: Project) -> None:
    project.edit("stages.py", "return input_id\n", 'return "text" if input_id == 2 else 1\n')
    answer = project.run("run", "tasks").exits(1)
    assert 'the field "number" is str, while the stage "spread" expects an integer' in answer.err
    assert ("report", 1) in project.executions()


def test_a_tree_of_tasks_shares_the_stages_and_not_their_hooks(project: Project) -> None:
    project.write("tasks/a/task.yml", "config: {spread: {width: 5}}")
    project.run("run", "tasks").ok()
    assert project.executions()["load-number", 1] == 1
    project.run("status", "tasks", "--check").ok()


def test_a_dictionary_a_tuple_and_a_bare_value(make_project: MakeProject) -> None:
    project = make_project({"stages.py": """
        from repype_like.stage import stage


        @stage(outputs=["b", "a"])
        def by_order(input_id):
            return "b", "a"


        @stage(outputs=["d", "c"])
        def by_name(a):
            return {"c": "c", "d": "d"}


        @stage(outputs=["pair"])
        def single(b, c):
            return b, c


        @stage
        def nothing(pair):
            print(pair)
        """, "task.yml": {"runnable": True, "input_ids": [1],
                          "pipeline": ["stages.by_order", "stages.by_name", "stages.single", "stages.nothing"]}})
    project.run("run").ok()
    expected = {"input_id": 1, "a": "a", "b": "b", "c": "c", "d": "d", "pair": ("b", "c")}
    assert project.results()[1] == expected
    project.edit("stages.py", "print(pair)", "return pair")
    assert 'stages.py:19: stage "nothing" returned tuple, but has no outputs' in project.run("run").exits(1).err
    project.edit("stages.py", 'return "b", "a"', 'return ["b", "a"]')
    assert 'stage "by-order" returned list instead of a dictionary with the fields "a", "b"' in (
        project.run("run").exits(1).err)
    assert project.results()[1] == expected, "what was there before stays"


def test_a_function_without_a_decorator_is_no_stage(make_project: MakeProject) -> None:
    project = make_project({"stages.py": "def load(input_id):\n    return 1\n", "task.yml": {
        "runnable": True, "input_ids": [1], "pipeline": ["stages.load"]}})
    answer = project.run("run").exits(2)
    assert '"stages.load" is not a stage: put @stage(outputs=[...]) above the function' in answer.err


def test_what_a_function_may_return() -> None:
    def made(function: Callable[..., Any], *outputs: str) -> FunctionStage:
        return stage(outputs=outputs, id="made")(function)

    def process(single: FunctionStage, **inputs: Any) -> Any:
        return single.check_outputs(single.process(None, None, **inputs))  # type: ignore[arg-type]

    assert process(made(lambda x: {"b": x}, "a"), x=1) == {"a": {"b": 1}}
    assert process(made(lambda x: {"a": x}, "a"), x=1) == {"a": 1}
    assert process(made(lambda x: (x, x), "a"), x=1) == {"a": (1, 1)}
    assert process(made(lambda x: (x, 2), "b", "a"), x=1) == {"a": 2, "b": 1}
    assert process(made(lambda x: None), x=1) == {}
    for wrong in (lambda x: (1, 2, 3), lambda x: [1, 2], lambda x: {"a": 1}):
        with pytest.raises(AssertionError, match='stage "made" '):
            process(made(wrong, "a", "b"), x=1)


def test_a_stage_is_called_like_its_function_and_says_what_it_is() -> None:
    @stage(outputs=["y"], ignore_config=["verbose"], enabled_by_default=False)
    def fit_model(x: int, *, k: int = 2, verbose: bool = False) -> int:
        """Fit."""
        return x * k

    assert isinstance(fit_model, Stage)
    assert (fit_model(3, k=4), fit_model.id, fit_model.__doc__, fit_model.inputs) == (12, "fit-model", "Fit.", {"x"})
    assert fit_model.default_config == {"k": 2, "verbose": False}
    assert not fit_model.enabled_by_default


def test_a_function_that_yields_makes_a_sequence(make_project: MakeProject) -> None:
    project = make_project({"stages.py": """
        from repype_like.stage import stage


        @stage(outputs=["frames"])
        def record(input_id):
            for number in range(input_id):
                yield number


        @stage(outputs=["total"])
        def add(frames):
            return sum(frames)
        """, "tasks/task.yml": {"runnable": True, "input_ids": [4], "pipeline": ["stages.record", "stages.add"]}})
    project.run("run", "tasks").ok()
    results = project.results("tasks")[4]
    assert (list(results["frames"]), results["total"]) == ([0, 1, 2, 3], 6)


@pytest.mark.parametrize(("make", "said"), [
    (lambda: stage(outputs="ab", id="s")(lambda x: 1), r'outputs=\["ab"\]'),
    (lambda: stage(outputs={"a", "b"}, id="s")(lambda x: 1), r"have to be in order"),  # type: ignore[call-overload]
    (lambda: stage(["x"], ["y"]), "takes its arguments by name"),  # type: ignore[call-overload]
    (lambda: stage("y"), "what is 'y'"),  # type: ignore[call-overload]
    (lambda: stage(outputs=["a"])(Stage), "derive it from"),
    (lambda: stage(id="s", inputs=["x", "y"])(lambda x: 1), "are the positional parameters of its function: x;"),
    (lambda: stage(id="s", work_dir="x")(lambda x: 1), 'no attribute "work_dir"'),
    (lambda: stage(id="s", config_class=Config)(lambda x, *, k=1: 1), 'make "k" one of them'),
    (lambda: stage(id="s", ignore_config="k")(lambda x, *, k=1: 1), r'ignore_config=\["k"\]'),
    (lambda: stage(id="s", ignore_config=["K"])(lambda x, *, k=1: 1), "which is none of its parameters"),
    (lambda: stage(id="s", default_config={"lr": 1})(lambda x, *, k=1: 1), 'names "lr", which is none'),
    (lambda: stage(id="s", cache="no")(lambda x: 1), "True or False instead of 'no'"),
    (lambda: stage(id="s", metadata="m")(lambda x: 1), "a dictionary instead of 'm'"),
    (lambda: stage(id="s", fingerprint="verison", version=1)(lambda x: 1), '"code" or "version"'),
    (lambda: stage(id="s", fingerprint="version")(lambda x: 1), "needs a version"),
    (lambda: stage(id="s", lazy=["input_id"])(lambda input_id: 1), "which is always there"),
    (lambda: stage(id="s", consumes=["z"])(lambda x: 1), 'consumes "z"'),
    (lambda: stage(id="s", versoin=3)(lambda x: 1), 'no attribute "versoin"; did you mean "version"'),
    (lambda: stage(id="s")(lambda *x: 1), r"takes \*x"),
])
def test_functions_that_are_no_stages(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make()
