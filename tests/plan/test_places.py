"""Values that contain the path of their task are true in that place only, and so is what depends on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

SOURCES = stages(
    stage("Same", "", "same", "[input_id]"),
    stage("Where", "same", "where", 'pipeline.resolve("made", input_id)'),
    stage("Name", "where", "name", "where.parent.name"))
SPEC = {"pipeline": ["stages.Same", "stages.Where", "stages.Name"], "input_ids": [1], "scopes": {"made": "%s.out"}}


@pytest.fixture(params=[[], ["where"]], ids=["kept", "marginal"])
def project(make_project: MakeProject, request: pytest.FixtureRequest) -> Project:
    """Two tasks with the same configuration, complete."""
    made = make_project({"stages.py": SOURCES, "tasks/task.yml": {**SPEC, "marginal_stages": request.param},
                         "tasks/a/task.yml": "runnable: true", "tasks/b/task.yml": "runnable: true"})
    made.run("run", "tasks").ok()
    return made


def test_they_are_not_shared(project: Project) -> None:
    assert project.executions() == {("same", 1): 1, ("where", 1): 2, ("name", 1): 2}
    assert [project.results(f"tasks/{name}")[1]["name"] for name in "ab"] == ["a", "b"]
    project.run("status", "tasks", "--check").ok()
    project.run("run", "tasks").ok()
    assert not project.executions()


def test_they_are_not_good_after_a_move(project: Project) -> None:
    project.executions()
    place = project.root / "tasks/a"
    project.move("tasks/a", "tasks/c")
    found = project.run("status", "tasks", "-v").ok().out
    assert f'from where: moved: the values of "where" contain the path of the task, which was {place}' in found.replace(
        "tasks/a\n", f"{place}\n")
    project.run("run", "tasks").ok()
    assert project.executions() == {("where", 1): 1, ("name", 1): 1}
    assert project.results("tasks/c")[1]["name"] == "c"
    project.move("tasks/c", "tasks/a")
    project.run("run", "tasks").ok()
    assert not project.executions(), "the records of the place before are still there"


def test_nor_in_a_copy(project: Project) -> None:
    import shutil

    project.executions()
    shutil.copytree(project.root / "tasks/a", project.root / "tasks/c", symlinks=True)
    project.run("run", "tasks").ok()
    assert project.executions() == {("where", 1): 1, ("name", 1): 1}
    assert [project.results(f"tasks/{name}")[1]["name"] for name in "ac"] == ["a", "c"]


def test_the_path_of_the_tree_binds_to_the_tree(make_project: MakeProject) -> None:
    scopes = {"made": "{ROOTDIR}/data/%s"}
    project = make_project({"stages.py": SOURCES, "tasks/task.yml": {**SPEC, "scopes": scopes},
                            "tasks/a/task.yml": "runnable: true", "tasks/b/task.yml": "runnable: true"})
    project.run("run", "tasks").ok()
    assert project.executions() == {("same", 1): 1, ("where", 1): 1, ("name", 1): 1}
    project.move("tasks", "elsewhere")
    project.run("run", "elsewhere").ok()
    assert project.executions() == {("where", 1): 1, ("name", 1): 1}
    assert project.results("elsewhere/a")[1]["where"] == project.root / "elsewhere/data/1"
