"""Each distinct computation is done once, for all who want it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import chain
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

VARIANTS = 20


@pytest.mark.parametrize("jobs", ["--serial", "-j2"])
@pytest.mark.parametrize("marginal", [[], ["a", "b", "c"]], ids=["kept", "marginal"])
@pytest.mark.parametrize("inputs", [[1], [1, 2, 3]], ids=["one input", "three inputs"])
def test_variants_of_the_last_stage_share_all_others(make_project: MakeProject, jobs: str, marginal: list[str],
                                                     inputs: list[int]) -> None:
    project = make_project(chain("A", "B", "C", "D", marginal_stages=marginal, input_ids=inputs))
    for number in range(VARIANTS):
        project.write(f"tasks/v{number}/task.yml", {"runnable": True, "config": {"d": {"plus": number}}})
    plan = project.run("run", "tasks", "-n").ok()
    assert f"{len(inputs) * (3 + VARIANTS)} to be computed" in plan.err
    project.run("run", "tasks", jobs).ok()
    expected = {(stage, number): 1 for stage in "abc" for number in inputs}
    assert project.executions() == expected | {("d", number): VARIANTS for number in inputs}
    assert project.results("tasks/v7")[1]["d"] == 8
    project.run("status", "tasks", "--check").ok()


@pytest.mark.parametrize("jobs", ["--serial", "-j2"])
def test_a_new_variant_recomputes_marginal_values_once_for_all(make_project: MakeProject, jobs: str) -> None:
    project = make_project(chain("A", "B", "C", marginal_stages=["a", "b"], input_ids=[1]))
    project.write("tasks/v/task.yml", {"runnable": True})
    project.run("run", "tasks", jobs).ok()
    project.executions()
    for number in range(1, 4):
        project.write(f"tasks/v{number}/task.yml", {"runnable": True, "config": {"c": {"plus": number}}})
    project.run("run", "tasks", jobs).ok()
    assert project.executions() == {("a", 1): 1, ("b", 1): 1, ("c", 1): 3}


def test_what_some_tasks_have_and_others_have_not_is_computed_once(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", "C"))
    project.write("tasks/x/task.yml", {"runnable": True, "config": {"c": {"plus": 1}}})
    project.run("run", "tasks", "--until", "a").ok()
    project.write("tasks/y/task.yml", {"runnable": True, "config": {"c": {"plus": 2}}})
    project.run("run", "tasks", "-j2").ok()
    assert project.executions() == {("a", 1): 1, ("a", 2): 1, ("b", 1): 1, ("b", 2): 1, ("c", 1): 2, ("c", 2): 2}


def test_without_pick_up_one_task_computes_what_another_has(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", "C", marginal_stages=["a"]))
    project.write("tasks/x/task.yml", {"runnable": True})
    project.run("run", "tasks").ok()
    project.edit("stages.py", 'return {"b": a + config', 'return {"b": 0 + a + config')
    project.write("tasks/y/task.yml", {"runnable": True})
    project.run("run", "tasks", "--no-pickup", "--serial").ok()
    assert project.results("tasks/y")[1]["c"] == 1
    project.run("status", "tasks", "--check").ok()


def test_tasks_that_see_different_files_share_nothing_that_depends_on_them(make_project: MakeProject) -> None:
    files = dict(chain("A", "B", scopes={"data": "data.txt"}, input_ids=[1]))
    files["stages.py"] = files["stages.py"].replace(
        'return {"a": input_id', 'return {"a": int(text_of(pipeline.resolve("data")))')
    project = make_project(files)
    for name, content in (("x", "1"), ("y", "2"), ("z", "1")):
        project.write(f"tasks/{name}/task.yml", {"runnable": True})
        project.write(f"tasks/{name}/data.txt", content)
    project.run("run", "tasks", "--serial").ok()
    assert project.executions() == {("a", 1): 2, ("b", 1): 2}
    assert [project.results(f"tasks/{name}")[1]["b"] for name in "xyz"] == [1, 2, 1]
    assert project.run("run", "tasks").ok().err.startswith("Nothing to do")
