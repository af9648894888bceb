"""FAULTS 1, 28: what a run that was killed leaves behind is nobody's input, and what is not wanted any more goes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from chains import stage, stages
from project import Project
from repype_like.store import Store

MakeTree = Callable[..., Project]

HALF = """
    made = pipeline.resolve("made", input_id)
    found = made.read_text() if made.exists() else ""
    made.write_text(found + "half")
    Path(f"begun{input_id}").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    made.write_text(found + "whole")
    return {"b": found + "whole"}
    """


def _until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.01)


def _kill_in_the_midst(project: Project, task: str, jobs: str) -> None:
    child = project.start("run", task, jobs)
    _until((project.root / "begun1").exists)
    os.killpg(child.pid, signal.SIGKILL)  # the workers go with the coordinator, or are ended by the kernel
    child.wait()
    project.write("go", "")


@pytest.mark.parametrize("jobs", ["--serial", "-j1"])
def test_the_half_made_file_of_a_stage_that_was_killed_is_not_found_by_the_next_attempt(
        make_tree: MakeTree, jobs: str) -> None:
    project = make_tree(HALF, inputs=[1], more={"scopes": {"made": "made-%s.txt"}})
    _kill_in_the_midst(project, "tasks", jobs)
    assert project.read("tasks/made-1.txt") == "half"
    project.run("run", "tasks", jobs).ok()
    assert project.read("tasks/made-1.txt") == "whole"
    assert project.results("tasks")[1]["b"] == "whole"
    assert not (project.root / "tasks/.repype/unfinished").exists()
    project.run("status", "tasks", "--check").ok()


def test_a_copy_of_a_tree_that_was_killed_leaves_the_original_alone(make_tree: MakeTree) -> None:
    project = make_tree(HALF, inputs=[1], more={"scopes": {"made": "../outside/%s.txt"}})
    (project.root / "outside").mkdir()
    _kill_in_the_midst(project, "tasks", "-j1")
    project.write("copies/outside/1.txt", "of the copy")
    project.move("tasks", "copies/tasks")
    project.run("run", "copies/tasks", "-j1")
    assert project.read("outside/1.txt") == "half", "the copy does not know what has become of the original"


def test_what_was_finished_before_the_kill_stays(make_tree: MakeTree) -> None:
    body = """
        made = pipeline.resolve("made", input_id)
        made.write_text(str(input_id))
        while input_id == 2 and not Path("go").exists():
            Path("begun1").touch()
            time.sleep(0.01)
        return {"b": 1}
        """
    project = make_tree(body, inputs=[1, 2], more={"scopes": {"made": "made-%s.txt"}})
    child = project.start("run", "tasks", "-j1")
    _until((project.root / "begun1").exists)
    before = (project.root / "tasks/made-1.txt").stat()
    _until(lambda: any(record.stage == "b" for record in Store(project.root / "tasks").records))
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    project.write("go", "")
    project.executions()
    project.run("run", "tasks", "-j1").ok()
    assert ("b", 1) not in project.executions()
    assert os.path.samestat(before, (project.root / "tasks/made-1.txt").stat())


FOLDER = {
    "stages.py": stages(
        stage("Make", "", "made", "pipeline.resolve('made', input_id).write_text(str(input_id))\nreturn {'made': 1}"),
        stage("Look", "made", "seen", "1")),
    "tasks/task.yml": {"runnable": True, "pipeline": ["stages.Make", "stages.Look"], "input_ids": [1, 2, 3],
                       "scopes": {"made": "made-%s.txt"}},
}


@pytest.mark.parametrize("removed", ["input", "stage", "enabled"])
def test_the_files_of_what_was_removed_go_and_come_back(
        removed: str, make_project: Callable[..., Project]) -> None:
    project = make_project(FOLDER)
    project.run("run", "tasks").ok()
    project.write("tasks/made-2.txt", "edited")
    before, spec = project.read("tasks/made-3.txt"), project.read("tasks/task.yml")
    if removed == "input":
        project.write("tasks/task.yml", spec.replace("- 2\n- 3\n", ""))
    elif removed == "stage":
        project.edit("stages.py", "inputs = ['made', 'input_id']", "inputs = ['input_id']")
        project.edit("stages.py", "input_id, made, status", "input_id, status")
        project.write("tasks/task.yml", spec.replace("- stages.Make\n", ""))
    else:
        project.edit("stages.py", "inputs = ['made', 'input_id']", "inputs = ['input_id']")
        project.edit("stages.py", "input_id, made, status", "input_id, status")
        project.write("tasks/task.yml", spec + "config:\n  make:\n    enabled: false\n")
    project.run("run", "tasks").ok()
    left = sorted(path.name for path in (project.root / "tasks").glob("made-*"))
    assert left == (["made-1.txt", "made-2.txt"] if removed == "input" else ["made-2.txt"]), "an edited one is not ours"
    project.run("status", "tasks", "--check").ok()
    (project.root / "tasks/made-2.txt").unlink()
    project.executions()
    project.write("tasks/task.yml", spec)
    project.run("run", "tasks").ok()
    assert project.read("tasks/made-3.txt") == before
    assert not {("make", 1), ("make", 3)} & project.executions().keys(), "reverting an edit is free"
