"""What is kept, what is taken over and what runs, seen by what is executed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import chain, stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]


def ran(project: Project) -> list[str]:
    """Return the stages that were executed, one word for each execution."""
    return sorted(f"{stage}{input_id}" for (stage, input_id), count in project.executions().items()
                  for _ in range(count))


def run(project: Project, *args: str) -> list[str]:
    project.run("run", "tasks", "--serial", *args).ok()
    return ran(project)


def kept(project: Project, task: str, input_id: int) -> dict[str, Any]:
    return {field: value for field, value in project.results(task)[input_id].items() if field != "input_id"}


def plus(**stages: int) -> dict[str, Any]:
    return {"runnable": True, "config": {name: {"plus": value} for name, value in stages.items()}}


@pytest.fixture
def tree(make_project: MakeProject) -> Project:
    project = make_project(chain("A", "B", "C"))
    project.write("tasks/x/task.yml", plus())
    return project


def test_the_first_run_computes_everything_and_the_second_nothing(tree: Project) -> None:
    assert run(tree) == ["a1", "a2", "b1", "b2", "c1", "c2"]
    assert run(tree) == []


@pytest.mark.parametrize("place", [
    "tasks/x", "tasks/x/child", "tasks/other", "tasks/deep/below/y"], ids=["self", "parent", "sibling", "any"])
def test_the_stages_before_a_change_are_picked_up(tree: Project, place: str) -> None:
    run(tree)
    tree.write(f"{place}/task.yml", plus(c=1))
    assert run(tree) == ["c1", "c2"]
    assert tree.results(place)[2]["c"] == 3
    assert run(tree) == []


def test_a_parent_picks_up_from_its_child(tree: Project) -> None:
    tree.write("tasks/x/task.yml", {})
    tree.write("tasks/x/child/task.yml", plus())
    run(tree)
    tree.write("tasks/x/task.yml", plus(c=1))
    assert run(tree) == ["c1", "c2"]


def test_pick_up_is_decided_for_each_input(tree: Project) -> None:
    run(tree)
    tree.write("tasks/y/task.yml", {**plus(), "input_ids": [2, 3]})
    assert run(tree) == ["a3", "b3", "c3"]
    tree.write("tasks/z/task.yml", {**plus(), "input_ids": [1, 3]})
    assert run(tree) == [], "input 1 comes from x and input 3 from y"


def test_nothing_is_picked_up_if_that_is_not_wanted(tree: Project) -> None:
    run(tree)
    tree.write("tasks/y/task.yml", plus())
    assert run(tree, "--no-pickup") == ["a1", "a2", "b1", "b2", "c1", "c2"]
    tree.write("tasks/y/task.yml", plus(c=1))
    assert run(tree, "--no-pickup") == ["c1", "c2"], "what the task has itself counts all the same"


def test_a_reverted_edit_is_free(tree: Project) -> None:
    run(tree)
    tree.write("tasks/x/task.yml", plus(b=5))
    assert run(tree) == ["b1", "b2", "c1", "c2"]
    tree.write("tasks/x/task.yml", plus())
    assert "R" in tree.run("status", "tasks").out
    assert run(tree) == []
    assert tree.results("tasks/x")[1]["c"] == 1
    tree.write("tasks/x/task.yml", plus(b=5))
    assert run(tree) == []
    assert tree.results("tasks/x")[1]["c"] == 6


def test_inputs_are_added_and_removed(tree: Project) -> None:
    run(tree)
    tree.write("tasks/x/task.yml", {**plus(), "input_ids": [1, 2, 3]})
    assert run(tree) == ["a3", "b3", "c3"]
    tree.write("tasks/x/task.yml", {**plus(), "input_ids": [2]})
    tree.run("status", "tasks", "--check").exits(1)
    assert run(tree) == []
    assert list(tree.results("tasks/x")) == [2]
    tree.write("tasks/x/task.yml", {**plus(), "input_ids": [1, 2]})
    assert run(tree) == []


def test_stages_are_added_and_removed(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", "C", runnable=True))
    spec = {"runnable": True, "input_ids": [1]}
    project.write("tasks/task.yml", {**spec, "pipeline": ["stages.A", "stages.B"]})
    assert run(project) == ["a1", "b1"]
    project.write("tasks/task.yml", {**spec, "pipeline": ["stages.A", "stages.B", "stages.C"]})
    assert run(project) == ["c1"]
    project.write("tasks/task.yml", {**spec, "pipeline": ["stages.A"]})
    project.run("status", "tasks", "--check").exits(1)
    assert run(project) == []
    assert sorted(kept(project, "tasks", 1)) == ["a"]


def test_the_order_of_stages_that_do_not_depend_on_each_other_does_not_matter(make_project: MakeProject) -> None:
    parts = [stage("A", "", "a", "1"), stage("B", "", "b", "2"), stage("C", "a b", "c", "a + b")]
    spec = {"runnable": True, "pipeline": ["stages.A", "stages.B", "stages.C"], "input_ids": [1]}
    project = make_project({"stages.py": stages(*parts), "tasks/task.yml": spec})
    assert run(project) == ["a1", "b1", "c1"]
    project.write("tasks/task.yml", {**spec, "pipeline": ["stages.C", "stages.B", "stages.A"]})
    project.write("stages.py", stages(*reversed(parts)))
    assert run(project) == []


def test_a_disabled_stage_has_no_results(make_project: MakeProject) -> None:
    spec = {"runnable": True, "pipeline": ["stages.A", "stages.B"], "input_ids": [1]}
    project = make_project({"stages.py": stages(stage("A", "", "a", "1"), stage("B", "a", "b", "a + 1")),
                            "tasks/task.yml": spec})
    run(project)
    project.write("tasks/task.yml", {**spec, "config": {"b": {"enabled": False}}})
    (state,) = project.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["pending"] == "specification"
    assert state["reasons"][0].startswith('stage disabled: "b"')
    assert run(project) == []
    assert sorted(kept(project, "tasks", 1)) == ["a"]
    project.write("tasks/task.yml", {**spec, "config": {"b": {"enabled": True}}})
    (state,) = project.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["reasons"][0].startswith('stage enabled: "b"')
    assert run(project) == []
    assert sorted(kept(project, "tasks", 1)) == ["a", "b"]


def test_in_a_diamond_only_the_changed_side_runs(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": stages(stage("A", "", "a", "1"), stage("B", "a", "b", 'a + config.get("plus", 0)'),
                            stage("C", "a", "c", "a * 10"), stage("D", "b c", "d", "b + c")),
        "tasks/task.yml": {"pipeline": ["stages.A", "stages.B", "stages.C", "stages.D"], "input_ids": [1]},
        "tasks/x/task.yml": plus()})
    assert run(project) == ["a1", "b1", "c1", "d1"]
    project.write("tasks/x/task.yml", plus(b=1))
    assert run(project) == ["b1", "d1"]
    assert project.results("tasks/x")[1]["d"] == 12


def test_marginal_values_are_computed_again_only_when_they_are_needed(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", "C", "D", marginal_stages=["a", "b"]))
    project.write("tasks/x/task.yml", plus())
    assert len(run(project)) == 8
    assert sorted(kept(project, "tasks/x", 1)) == ["c", "d"]
    assert run(project) == [], "that values are missing that are not kept is no reason to run"
    project.write("tasks/x/task.yml", plus(d=1))
    assert run(project) == ["d1", "d2"], "d reads c only, which is kept"
    project.write("tasks/x/task.yml", plus(c=1, d=1))
    assert run(project) == ["a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"]
    project.write("tasks/y/task.yml", plus())
    assert run(project) == [], "the results of the first run are still there, and no marginal value is needed"


def test_what_is_marginal_no_more_is_kept(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", runnable=True, marginal_stages=["a"]))
    run(project)
    project.write("tasks/task.yml", {**chain("A", "B", runnable=True)["tasks/task.yml"]})
    (state,) = project.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["pending"] == "specification"
    assert state["reasons"] == ['the values of "a" are to be kept now']
    assert run(project) == ["a1", "a2"]
    assert kept(project, "tasks", 2) == {"a": 2, "b": 2}
    assert run(project) == []


def test_consumed_values_are_computed_again_only_when_they_are_needed(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": stages(stage("A", "", "a", "[1]"), stage("B", "", "b", "a + [2]", consumes=["a"]),
                            stage("C", "b", "c", 'b + [config.get("plus", 0)]')),
        "tasks/task.yml": {"pipeline": ["stages.A", "stages.B", "stages.C"], "input_ids": [1]},
        "tasks/x/task.yml": plus()})
    assert run(project) == ["a1", "b1", "c1"]
    assert kept(project, "tasks/x", 1) == {"b": [1, 2], "c": [1, 2, 0]}
    project.write("tasks/x/task.yml", plus(c=3))
    assert run(project) == ["c1"]


def test_a_task_that_is_renamed_copied_or_moved_keeps_its_results(tree: Project) -> None:
    run(tree)
    tree.move("tasks/x", "tasks/new")
    tree.run("status", "tasks", "--check").ok()
    shutil.copytree(tree.root / "tasks/new", tree.root / "tasks/copy")
    tree.run("status", "tasks", "--check").ok()
    tree.move("tasks/copy", "tasks/group/deep/copy")
    tree.run("status", "tasks", "--check").ok()
    assert run(tree) == []
    tree.write("tasks/group/deep/copy/task.yml", plus(c=7))
    assert run(tree) == ["c1", "c2"]
    assert tree.results("tasks/new")[1]["c"] == 1, "the copy is independent"


def test_a_moved_tree_keeps_its_results(tree: Project) -> None:
    run(tree)
    tree.move("tasks", "elsewhere")
    tree.run("status", "elsewhere", "--check").ok()


def test_code_of_a_stage_that_changes_runs_it_and_what_depends_on_it(tree: Project) -> None:
    run(tree)
    tree.edit("stages.py", 'return {"b": a + config', 'return {"b": 0 + a + config')
    assert run(tree) == ["b1", "b2", "c1", "c2"]
