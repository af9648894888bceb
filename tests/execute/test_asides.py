"""Files that stages make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

WRITE = stage("Write", "", "size", """
    path = pipeline.resolve("made", input_id)
    existed = path.exists()
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{config.get('text', 'made')} {input_id}")
    if config.get("fail"):
        raise ValueError("no")
    return {"size": (path.stat().st_size, existed)}
    """)


def spec(**config: Any) -> dict[str, Any]:
    return {"runnable": True, "pipeline": ["stages.Write"], "input_ids": [1, 2], "scopes": {"made": "made/%s.txt"},
            "config": {"write": config}}


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project({"stages.py": stages(WRITE), "tasks/task.yml": spec()})


def run(project: Project) -> list[str]:
    project.run("run", "tasks", "--serial").ok()
    return sorted(f"{stage}{input_id}" for stage, input_id in project.executions().elements())


def files(project: Project, task: str = "tasks") -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((project.root / task / "made").glob("*"))}


def test_a_file_that_is_deleted_or_edited_is_made_anew(project: Project) -> None:
    assert run(project) == ["write1", "write2"]
    project.remove("tasks/made/1.txt")
    assert "output file missing" in project.run("status", "tasks").ok().out
    assert run(project) == ["write1"]
    project.write("tasks/made/2.txt", "edited")
    assert "output file changed" in project.run("status", "tasks").ok().out
    assert run(project) == ["write2"]
    assert files(project) == {"1.txt": "made 1", "2.txt": "made 2"}
    assert project.results("tasks")[2]["size"] == (6, False), "the stage never meets what was there before"
    assert run(project) == []


def test_files_are_picked_up_into_the_scope_of_each_task(project: Project) -> None:
    run(project)
    project.write("tasks/sub/task.yml", {})
    assert run(project) == []
    assert files(project, "tasks/sub") == files(project)
    project.write("tasks/sub/made/1.txt", "edited")
    assert run(project) == [], "the file is taken from the other task"
    assert files(project, "tasks/sub") == files(project)


def test_files_of_shared_work_are_in_all_scopes(project: Project) -> None:
    for number in range(3):
        project.write(f"tasks/v{number}/task.yml", {})
    assert run(project) == ["write1", "write2"]
    assert all(files(project, f"tasks/v{number}") == files(project) for number in range(3))
    assert run(project) == []


def test_a_revert_brings_files_back(project: Project) -> None:
    run(project)
    project.write("tasks/task.yml", spec(text="new"))
    assert run(project) == ["write1", "write2"]
    assert files(project)["1.txt"] == "new 1"
    project.write("tasks/task.yml", spec())
    assert run(project) == []
    assert files(project)["1.txt"] == "made 1"
    project.write("tasks/task.yml", spec(text="new"))
    assert run(project) == []
    assert files(project)["1.txt"] == "new 1"


def test_superseded_files_are_restored_into_another_task(project: Project) -> None:
    run(project)
    project.write("tasks/task.yml", spec(text="new"))
    run(project)
    project.write("tasks/sub/task.yml", {"config": {"write": {"text": "made"}}})
    assert run(project) in ([], ["write1", "write2"])
    project.write("tasks/other/task.yml", {"config": {"write": {"text": "new"}}})
    assert run(project) == []
    assert files(project, "tasks/other")["2.txt"] == "new 2"


def test_a_changed_scope_has_files_made_there(project: Project) -> None:
    run(project)
    project.write("tasks/task.yml", {**spec(), "scopes": {"made": "elsewhere/%s.txt"}})
    assert run(project) == ["write1", "write2"]
    assert project.read("tasks/elsewhere/2.txt") == "made 2"
    project.write("tasks/task.yml", spec())
    assert run(project) == []


@pytest.mark.parametrize("jobs", ["--serial", "-j2"])
def test_a_stage_that_fails_leaves_files_as_they_were(project: Project, jobs: str) -> None:
    run(project)
    project.write("tasks/task.yml", spec(text="half", fail=True))
    project.run("run", "tasks", jobs).exits(1)
    assert files(project) == {"1.txt": "made 1", "2.txt": "made 2"}
    project.write("tasks/task.yml", {**spec(text="half", fail=True), "input_ids": [3]})
    project.run("run", "tasks", jobs).exits(1)
    assert "3.txt" not in files(project), "nothing is half-written"


def test_what_a_killed_stage_was_writing_is_not_left(project: Project) -> None:
    project.edit("stages.py", 'raise ValueError("no")', "os.kill(os.getpid(), 9)")
    project.write("tasks/task.yml", spec(text="half", fail=True))
    project.run("run", "tasks", "-j2").exits(1)
    assert files(project) == {}


def test_a_stage_that_writes_a_file_no_more_does_not_leave_it(project: Project) -> None:
    run(project)
    project.edit("stages.py", 'path.write_text(f"{config', 'if input_id == 1: path.write_text(f"{config')
    project.edit("stages.py", "(path.stat().st_size, existed)", "(0, existed)")
    assert run(project) == ["write1", "write2"]
    assert files(project) == {"1.txt": "made 1"}
