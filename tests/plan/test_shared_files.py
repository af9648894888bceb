"""A stage that appends to a file which others append to as well is an error that names the stage and the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

APPEND = """
    with open(pipeline.resolve("log"), "a") as file:
        file.write(f"{config.get('word', input_id)}\\n")
    return {"a": 0}
    """
ERROR = 'The stage "a" failed for the input {}: it reads and changes the file tasks/log'


def tree(make_project: MakeProject, log: str) -> Project:
    """Return a project with two inputs in one task, and two tasks below it."""
    return make_project({
        "stages.py": stages(stage("A", "", "a", APPEND)),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A"], "input_ids": [1, 2], "scopes": {"log": log}},
        "tasks/x/task.yml": {"input_ids": [1], "config": {"a": {"word": "x"}}},
        "tasks/y/task.yml": {"input_ids": [1], "config": {"a": {"word": "y"}}}})


@pytest.mark.parametrize("flag", ["--serial", "--jobs=2"])
def test_inputs_that_append_to_one_file(make_project: MakeProject, flag: str) -> None:
    project = tree(make_project, "log")
    for _ in range(2):  # it does not become right by being done once more
        answer = project.run("run", "tasks", "--only", ".", flag).exits(1)
        assert ERROR.format(2) in answer.err or ERROR.format(1) in answer.err


def test_tasks_that_append_to_one_file(make_project: MakeProject) -> None:
    project = tree(make_project, "{ROOTDIR}/log")
    for _ in range(2):
        answer = project.run("run", "tasks", "--only", "x", "--only", "y", "--serial").exits(1)
        assert ERROR.format(1) in answer.err
    assert "failed last time: it reads and changes the file tasks/log" in project.run("status", "tasks/y").ok().out


def test_a_task_that_appends_to_a_file_of_its_own_begins_anew(make_project: MakeProject) -> None:
    project = tree(make_project, "log")
    for args in ((), ("--force",)):
        project.run("run", "tasks/x", "tasks/y", *args).ok()
        assert [project.read(f"tasks/{name}/log") for name in "xy"] == ["x\n", "y\n"]
        project.executions()
        project.run("run", "tasks/x", "tasks/y").ok()
        assert not project.executions()


def test_a_file_of_the_users_own_must_not_be_appended_to(make_project: MakeProject) -> None:
    project = tree(make_project, "log")
    project.write("tasks/x/log", "mine\n")
    answer = project.run("run", "tasks/x").exits(1)
    assert ERROR.format(1).replace("tasks/", "tasks/x/") in answer.err
    assert "The file stays as it is now: it had 5 bytes, and now has 7 bytes" in answer.err
    assert project.read("tasks/x/log") == "mine\nx\n"
