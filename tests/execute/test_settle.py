"""What is written when a task is complete."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from chains import chain
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]


def content(project: Project) -> dict[str, Any]:
    digest: dict[str, Any] = json.loads(project.read("tasks/.repype/digest.json"))["content"]
    return digest


def test_the_digest_says_what_a_task_was_completed_with(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", runnable=True, config={"a": {"plus": 1}}))
    project.run("run", "tasks").ok()
    digest = content(project)
    assert (digest["stages"], digest["inputs"]) == (["a", "b"], [1, 2])
    assert digest["config"] == {"a": {"plus": 1}, "b": {}}
    assert {stage: [pair[0] for pair in pairs] for stage, pairs in digest["records"].items()} == {
        "a": [1, 2], "b": [1, 2]}
    assert digest["provenance"]["command"][:3] == ["repype", "run", "tasks"]


def test_there_is_no_digest_before_all_is_done(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", runnable=True))
    project.run("run", "tasks", "--until", "a").ok()
    assert not (project.root / "tasks/.repype/digest.json").exists()
    project.run("run", "tasks", "--input", "1").ok()
    assert not (project.root / "tasks/.repype/digest.json").exists()
    project.run("run", "tasks", "--input", "2").ok()
    assert content(project)["inputs"] == [1, 2]


def test_a_task_that_fails_keeps_its_last_digest(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", runnable=True))
    project.run("run", "tasks").ok()
    before = content(project)
    project.edit("stages.py", 'return {"b"', 'raise ValueError\n        return {"b"')
    project.run("run", "tasks").exits(1)
    assert content(project) == before
    assert project.results("tasks")[1]["b"] == 1


def test_times_and_final_configurations_are_written(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", runnable=True, scopes={"config": "cfg/%s.yml"}))
    project.run("run", "tasks").ok()
    assert yaml.safe_load(project.read("tasks/cfg/1.yml"))["a"]["plus"] == 0, "a default that was asked for"
    assert {line.split(",")[0] for line in project.read("tasks/times.csv").splitlines()[1:]} == {"a", "b"}


def test_a_specification_that_is_edited_while_it_runs_leaves_the_task_pending(make_project: MakeProject) -> None:
    files = dict(chain("A", runnable=True))
    files["stages.py"] = files["stages.py"].replace(
        "        return", "        if input_id == 1:\n            subprocess.run("
        "['sh', '-c', 'echo \"config: {a: {plus: 5}}\" >> tasks/task.yml'])\n        return")
    project = make_project(files)
    project.run("run", "tasks", "--serial").ok()
    assert project.results("tasks")[1]["a"] == 1
    (state,) = project.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["reasons"][0].startswith("a.plus (not set) -> 5")
