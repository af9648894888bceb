"""What is asked for beyond bringing everything up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import chain
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project(chain("A", "B", "C", runnable=True))


def run(project: Project, *args: str) -> list[str]:
    project.run("run", "tasks", "--serial", *args).ok()
    return sorted(f"{stage}{input_id}" for stage, input_id in project.executions().elements())


def test_force_runs_every_stage(project: Project) -> None:
    run(project)
    assert run(project, "--force") == ["a1", "a2", "b1", "b2", "c1", "c2"]
    assert run(project) == []


def test_from_runs_a_stage_and_what_depends_on_it(project: Project) -> None:
    run(project)
    assert run(project, "--from", "b") == ["b1", "b2", "c1", "c2"]
    assert run(project, "--from", "b", "--input", "2") == ["b2", "c2"]


def test_until_leaves_out_the_later_stages(project: Project) -> None:
    assert run(project, "--until", "b") == ["a1", "a2", "b1", "b2"]
    assert run(project, "--until", "b") == []
    assert run(project, "--from", "b", "--until", "b") == ["b1", "b2"]
    assert run(project) == ["c1", "c2"]


def test_a_selected_input_is_run_alone(project: Project) -> None:
    assert run(project, "--input", "2") == ["a2", "b2", "c2"]
    assert "1/2" in project.run("status", "tasks").out
    assert run(project) == ["a1", "b1", "c1"]


def test_a_forced_run_that_fails_loses_nothing(project: Project) -> None:
    run(project)
    project.edit("stages.py", 'return {"b"', 'raise ValueError\n        return {"b"')
    project.run("run", "tasks", "--force", "--serial").exits(1)
    project.edit("stages.py", "raise ValueError\n        ", "")
    project.executions()
    assert run(project) == []


def test_a_dry_run_says_what_a_run_does(project: Project) -> None:
    for args in ((), ("--from", "b"), ("--until", "a", "--force"), ("--input", "1", "--force")):
        plan = project.run("run", "tasks", "-n", *args).ok().err
        assert f" {len(run(project, *args))} to be computed" in plan, args


def test_status_counts_inputs_and_names_the_first_stage(project: Project) -> None:
    run(project)
    project.write("tasks/task.yml", {**chain("A", "B", "C", runnable=True)["tasks/task.yml"], "input_ids": [1, 2, 3],
                                     "config": {"c": {"plus": 1}}})
    (state,) = project.run("status", "tasks", "--json").ok().json()["tasks"]
    assert (state["inputs"], state["first_stage"]) == ({"total": 3, "done": 0}, "a")
    assert [reason.partition(",")[0] for reason in state["reasons"]] == ["input added: 3", "c.plus (not set) -> 1"]


def test_the_digest_is_refreshed_when_only_words_change(project: Project) -> None:
    run(project)
    before = project.read("tasks/.repype/digest.json")
    spec = chain("A", "B", "C", runnable=True)["tasks/task.yml"]
    project.write("tasks/task.yml", {**spec, "input_ids": "1-2", "scopes": {"unused": "%s"}})
    project.run("status", "tasks", "--check").ok()
    assert run(project) == []
    assert project.results("tasks")[1]["c"] == 1
    assert project.read("tasks/.repype/digest.json") == before, "what counts is what it was"
