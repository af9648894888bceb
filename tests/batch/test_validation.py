from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from repype_like.errors import Problem

SPEC: dict[str, Any] = {"runnable": True, "pipeline": ["stages.Load", "stages.Scale"], "input_ids": "1-2"}


def found(batch: Any) -> list[Problem]:
    assert not batch.problems, "what is wrong with the specification alone is not what is tested here"
    batch.prepare()
    return list(batch.problems)


def place(problem: Problem) -> tuple[str, int, int]:
    assert problem.where is not None
    return (problem.where.file.parent.name, problem.where.line, problem.where.column)


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), [
    ("pipeline: [stages.Laod, stages.Scale]", 2, 12, 'no "Laod"', 'did you mean "Load"?'),
    ("pipeline:\n  - stages.Load\n  - stagse.Scale", 4, 5, "stagse", "stages"),
    ("pipeline: [stages.Load, pathlib.Path]", 2, 25, '"pathlib.Path" is not a stage', ""),
    ("pipeline: [stages.Scale]", 2, 11, 'the field "image", which the stage "scale" reads', ""),
    ("pipeline: [stages.Load, stages.Load]", 2, 11, 'more than one stage has the identifier "load"', ""),
    ("pipeline: stages.CALL", 2, 11, 'no "CALL"', ""),
    ("pipeline: [stages.Load]\nmarginal_stages: [laod]", 3, 19, 'the pipeline has no stage "laod"', '"load"?'),
    ("pipeline: [stages.Load]\nmarginal_stages: [stages.Laod]", 3, 19, 'no "Laod"', '"Load"?'),
    ("pipeline: [stages.Load]\nmarginal_stages: [load.image]", 3, 19, 'no module "load"', ""),
    ("pipeline: [stages.Load]\npackages: [yaml]", 3, 12, '"yaml" is not installed', 'is part of "PyYAML": name that'),
    ("pipeline: [stages.Load]\npackages: [numpyy]", 3, 12, '"numpyy" is not installed', "install it"),
    ("pipeline: [stages.Load, stages.Scale]\nconfig: {load: {enabled: false}}", 3, 26,
     'the stage "scale" reads the field "image" of the stage "load", which is disabled', 'disable "scale" as well'),
    ("pipeline: [stages.Load, stages.Shown]", 2, 11,
     'formats of the stage "shown": there is no format "pgn"; did you mean "png"?', ""),
    ("pipeline: [stages.Load, stages.Misnamed]", 2, 11,
     'formats of the stage "misnamed": it has no output "maks"; did you mean "mask"?', ""),
])
def test_each_problem_has_a_place_and_a_hint(load_batch: Callable[..., Any], text: str, line: int, column: int,
                                             message: str, hint: str) -> None:
    _, batch = load_batch({}, **{"tasks/a/task.yml": f"runnable: true\n{text}\ninput_ids: 1\n"})
    problem, = found(batch)
    assert message in problem.message
    assert hint in problem.hint
    assert place(problem) == ("a", line, column)
    assert problem.severity == "error"
    assert problem.task == batch.trees[0].path / "a"


def test_all_names_of_a_pipeline_are_looked_at(load_batch: Callable[..., Any]) -> None:
    _, batch = load_batch({".": {**SPEC, "pipeline": ["stages.A", "stages.Load", "stages.B"]}})
    assert [problem.message.count("stages") > 0 for problem in found(batch)] == [True, True]


def test_what_many_tasks_inherit_is_one_problem(load_batch: Callable[..., Any]) -> None:
    _, batch = load_batch({".": {**SPEC, "pipeline": ["stages.Nothing"]}, "a": {}, "b": {}, "b/c": {}})
    problem, = found(batch)
    assert place(problem)[0] == "tasks"
    assert problem.task == batch.task("tasks").directory


def test_a_section_without_a_stage_is_a_warning(load_batch: Callable[..., Any]) -> None:
    _, batch = load_batch({".": {**SPEC, "config": {"scael": {"factor": 2}}}})
    contexts = batch.prepare()
    problem, = batch.problems
    assert (problem.severity, problem.hint) == ("warning", 'did you mean "scale"?')
    assert 'no stage "scael"' in problem.message
    assert len(contexts) == 1


@pytest.mark.parametrize(("code", "message"), [
    ("    def create_pipeline(self, *args, **kwargs): return 1 / 0", "create_pipeline failed: ZeroDivisionError"),
    ("    def create_config(self): return 1 / 0", "create_config failed: ZeroDivisionError"),
    ("    input_ids = property(lambda self: 1 / 0)", "input_ids failed: ZeroDivisionError"),
    ("    marginal_stages = property(lambda self: 1 / 0)", "marginal_stages failed: ZeroDivisionError"),
    ("    input_ids = ['a/b', '../c']", "../c"),
])
def test_what_a_class_of_tasks_does_is_looked_at(load_batch: Callable[..., Any], code: str, message: str) -> None:
    spec = {**SPEC, "task_class": "own.Own", "scopes": {"out": "%s.txt"}}
    _, batch = load_batch({".": spec}, **{"own.py": f"from repype_like.task import Task\nclass Own(Task):\n{code}\n"})
    contexts = batch.prepare()
    assert any(message in problem.message for problem in batch.problems)
    assert not contexts


def test_a_module_that_cannot_be_imported_is_named_with_the_line(load_batch: Callable[..., Any]) -> None:
    _, batch = load_batch({".": {**SPEC, "pipeline": ["bad.Stage"]}}, **{"bad.py": "x = 1\ny = x / 0\n"})
    problem, = found(batch)
    assert "bad.py:2" in problem.message
    assert "ZeroDivisionError" in problem.message


def test_sound_tasks_are_prepared_beside_broken_ones(load_batch: Callable[..., Any]) -> None:
    _, batch = load_batch({"a": SPEC, "b": {**SPEC, "pipeline": ["stages.Nothing"]}, "c": {"runnable": False}})
    assert [context.task.directory.name for context in batch.prepare()] == ["a"]
    assert len(batch.problems) == 1
    batch.prepare()
    assert len(batch.problems) == 1, "nothing is told twice"
