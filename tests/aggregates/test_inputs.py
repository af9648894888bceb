"""Aggregates over the inputs of a task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aggregate_trees import STAGES
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]


MakeTree = None
def tree(**spec: Any) -> dict[str, Any]:
    pipeline = ["stages.Total", "stages.normalise", "stages.average", "stages.measure"]
    return {"stages.py": STAGES, "tasks/task.yml": {"runnable": True, "pipeline": pipeline, "input_ids": [1, 2, 3],
                                                    **spec}}


@pytest.mark.parametrize("how", [["--serial"], ["-j", "2"]], ids=["serial", "two workers"])
def test_they_run_once_and_others_read_what_they_make(make_project: MakeProject, how: list[str]) -> None:
    project = make_project(tree())
    project.run("run", "tasks", *how).ok()
    assert project.executions() == {("measure", 1): 1, ("measure", 2): 1, ("measure", 3): 1, ("average", None): 1,
                                    ("normalise", None): 3, ("total", None): 1}
    results = project.results("tasks")
    assert results[None] == {"input_id": None, "mean": 2.0, "total": 6.0}
    assert results[3] == {"input_id": 3, "x": 3, "y": 1.5}
    assert "up to date" in project.run("run", "tasks").ok().err
    assert project.executions() == Counter()


def test_they_run_again_when_an_input_joins_changes_or_leaves(make_project: MakeProject) -> None:
    project = make_project(tree(pipeline=["stages.average", "stages.measure"]))
    project.run("run", "tasks").ok()
    project.executions()
    project.edit("tasks/task.yml", "- 3\n", "- 3\n- 5\n")
    project.run("run", "tasks", "--serial").ok()
    assert project.executions() == {("measure", 5): 1, ("average", None): 1}
    project.edit("tasks/task.yml", "- 1\n", "")
    assert "input removed: 1" in project.run("status", "tasks").ok().out
    project.run("run", "tasks", "--serial").ok()
    assert project.executions() == {("average", None): 1}
    assert project.results("tasks")[None]["mean"] == 10 / 3


def test_a_failed_input_keeps_them_from_running(make_project: MakeProject) -> None:
    project = make_project(tree(config={"measure": {"fail": 2}}))
    outcome = project.run("run", "tasks", "-j", "2").exits(1)
    assert "✗ . measure for 2: ValueError: as asked for" in outcome.err
    assert "settle" not in outcome.err
    assert ("average", None) not in project.executions()
    project.edit("tasks/task.yml", "fail: 2", "fail: 0")
    project.run("run", "tasks", "-j", "2").ok()
    assert project.results("tasks")[None]["mean"] == 2.0


def test_with_one_input_only_they_wait_for_the_others(make_project: MakeProject) -> None:
    project = make_project(tree())
    project.run("run", "tasks", "--input", "2", "--serial").ok()
    assert project.executions() == {("measure", 2): 1}
    project.run("run", "tasks", "--serial").ok()
    project.executions()
    project.edit("stages.py", "return k * input_id", "return k * input_id + 1")
    project.run("run", "tasks", "--input", "2", "--serial").ok()
    assert project.executions() == {("measure", 2): 1}


def test_until_a_stage_before_them(make_project: MakeProject) -> None:
    project = make_project(tree())
    project.run("run", "tasks", "--until", "average", "--serial").ok()
    assert project.executions()[("average", None)] == 1
    assert project.executions() == Counter()


def test_what_they_read_has_to_be_kept(make_project: MakeProject) -> None:
    project = make_project(tree(marginal_stages=["measure"]))
    outcome = project.run("run", "tasks").exits(2)
    assert 'the stage "average" reads "x" once for the task, so what "measure" makes has to be kept' in outcome.err


def test_what_they_declare_is_checked_before_anything_runs(make_project: MakeProject) -> None:
    project = make_project({**tree(), "stages.py": STAGES.replace("Mapping[int, int]", "float")})
    outcome = project.run("run", "tasks").exits(2)
    assert 'the aggregate "average" declares "x" as a number, but gets a mapping from inputs to values' in outcome.err


def test_marginal_fields_reach_stages_behind_an_aggregate(make_project: MakeProject) -> None:
    more = STAGES + """

@stage(outputs=["big"])
def prepare(x):
    trace("prepare", None)
    return [x] * 3


@stage(outputs=["z"])
def finish(big: list, mean: float):
    trace("finish", None)
    return sum(big) / mean
"""
    project = make_project({**tree(pipeline=["stages.average", "stages.measure", "stages.prepare", "stages.finish"],
                                   marginal_stages=["prepare"]), "stages.py": more})
    project.run("run", "tasks", "-j", "2").ok()
    assert project.executions()["prepare", None] == 3
    assert [project.results("tasks")[input_id]["z"] for input_id in (1, 2, 3)] == [1.5, 3.0, 4.5]


def test_a_damaged_source_is_made_anew(make_project: MakeProject) -> None:
    source = STAGES.replace("return k * input_id", "return bytes([input_id * k]) * 100_000").replace(
        "x: Mapping[int, int]", "x").replace("sum(x.values())", "sum(value[0] for value in x.values())")
    project = make_project({**tree(pipeline=["stages.average", "stages.measure"]), "stages.py": source})
    project.run("run", "tasks", "--serial").ok()
    project.executions()
    blob = min((project.root / "tasks/.repype/blobs").iterdir())
    content = bytearray(blob.read_bytes())
    content[5_000 % len(content)] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(content)
    project.edit("stages.py", "/ len(x)", "/ len(x) + 1")
    project.run("run", "tasks", "--serial").ok()
    assert project.results("tasks")[None]["mean"] == 3.0


def test_mistakes_are_told_before_anything_runs(make_project: MakeProject) -> None:
    more = STAGES + """

def wrong(x, input_id):
    return 1


try:
    aggregate(outputs=["a"])(wrong)
except Exception as error:
    told = str(error)
"""
    project = make_project({**tree(), "stages.py": more, "tell.py": "import stages\nprint(stages.told)\n"})
    child = project._popen("tell.py")
    assert 'there is no "input_id" that it could read' in child.communicate()[0]


def test_what_they_have_made_is_shown_without_an_input(make_project: MakeProject) -> None:
    project = make_project(tree())
    project.run("run", "tasks", "--serial").ok()
    assert project.run("show", "tasks", "mean").ok().out == "2.0\n"
    said = project.run("show", "tasks", "mean", "--input", "1").exits(2).err
    assert 'no field "mean" is stored for the input 1; an aggregate has made it, once for all inputs' in said
    said = project.run("show", "tasks", "yy").exits(2).err
    assert 'no field "yy" is stored for the input 1; did you mean "y"?' in said, "rather than: which input?"
