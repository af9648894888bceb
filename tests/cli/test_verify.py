"""``repype verify``: names the task, the stage, the input and the field of what is not what was written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from chains import stage, stages
from project import Project

FILES: dict[str, Any] = {
    "stages.py": stages(stage("A", "", "a", "[input_id] * 50000"),
                        stage("B", "a", "b", "pipeline.resolve('made', input_id).write_text('b'); len(a)".replace(
                            "; ", "\n"))),
    "tasks/task.yml": {"pipeline": ["stages.A", "stages.B"], "input_ids": [1, "x"], "scopes": {"made": "made-%s.txt"}},
    "tasks/base/task.yml": {"runnable": True},
    "tasks/other/task.yml": {"runnable": True, "config": {"a": {"n": 1}}},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    from project import TRACING

    folder = tmp_path_factory.mktemp("verify")
    project = Project(folder / "project", folder / "home")
    project.home.mkdir()
    for path, content in {"tracing.py": TRACING, **FILES}.items():
        project.write(path, content)
    project.run("run", "tasks").ok()
    return project


@pytest.fixture
def tree(finished: Project, tmp_path: Path) -> Project:
    shutil.copytree(finished.root, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project", finished.home)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def test_everything_is_read_and_no_module_of_the_project(tree: Project) -> None:
    tree.write("stages.py", "raise RuntimeError\n")
    answer = tree.run("verify", "tasks").ok()
    assert answer.out == ""
    assert answer.err.startswith("Sound: 8 records of 2 tasks, ")
    assert tree.run("verify", "tasks", "--json").ok().json() == {"schema": 1, "tasks": [
        {"task": name, "faults": []} for name in ("base", "other")]}


def test_what_is_damaged_is_named_and_the_next_run_mends_it(tree: Project) -> None:
    blob = min((tree.root / "tasks/base/.repype/blobs").iterdir())
    _flip(blob)
    tree.write("tasks/base/made-x.txt", "edited")
    (tree.root / "tasks/other/made-1.txt").unlink()
    answer = tree.run("verify", "tasks").exits(1)
    lines = answer.out.splitlines()
    assert any(line.startswith('base: stage "a", input ') and line.endswith(
        f'field "a": tasks/base/.repype/blobs/{blob.name}: its content is not what was written') for line in lines)
    assert "base: stage \"b\", input 'x': tasks/base/made-x.txt: is not what the stage wrote" in lines
    assert 'other: stage "b", input 1: tasks/other/made-1.txt: is gone' in lines
    assert "3 faults" in answer.err
    faults = {task["task"]: task["faults"] for task in tree.run("verify", "tasks", "--json").exits(1).json()["tasks"]}
    assert {(fault["stage"], fault["field"]) for fault in faults["base"]} == {("a", "a"), ("b", None)}
    assert [fault["input"] for fault in faults["other"]] == [1]
    tree.run("verify", "tasks/other").exits(1)
    tree.run("run", "tasks").ok()
    tree.run("verify", "tasks/other").ok()


def test_one_task_that_cannot_be_read_does_not_keep_the_others_from_being_looked_at(tree: Project) -> None:
    tree.write("tasks/base/.repype/digest.json", "{}")
    tree.remove("tasks/other/.repype/records")
    (tree.root / "tasks/other/.repype/records").mkdir()
    out = tree.run("verify", "tasks").exits(1).out
    assert "base: tasks/base/.repype/digest.json: is not what was written" in out
    assert "other: tasks/other/.repype/records: the log is not a regular file" in out
    assert 'other: stage "a", input 1: the record is gone' in out


def test_there_have_to_be_tasks(tree: Project) -> None:
    (tree.root / "empty").mkdir()
    assert "there are no tasks" in tree.run("verify", "empty").exits(2).err
