"""One file, one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chains import stage, stages
from project import Project
from repype_like.plan import Claim, conflict

MakeProject = Callable[[Mapping[str, Any]], Project]

WRITE = stage("Write", "", "done", 'pipeline.resolve("made", input_id).write_text(config.get("text", ""))')

WRITE_TOGETHER = stage("Write", "", "done", """
    pipeline.resolve("made", input_id).write_text(config["text"])
    Path(config["mine"]).touch()
    deadline = time.monotonic() + 20
    while not Path(config["theirs"]).exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    1
""")
"""It ends when the stage of the other task has written the file as well."""


def tree(make_project: MakeProject, scope: str, **keys: Any) -> Project:
    return make_project({"stages.py": stages(WRITE), "tasks/task.yml": {
        "pipeline": ["stages.Write"], "input_ids": [1], "scopes": {"made": scope}, **keys}})


@pytest.mark.parametrize("together", [True, False])
def test_two_tasks_that_write_one_file_are_an_error_that_names_both(make_project: MakeProject, together: bool) -> None:
    project = tree(make_project, "{ROOTDIR}/made.txt")
    project.write("tasks/a/task.yml", {"runnable": True, "config": {"write": {"text": "a"}}})
    if not together:
        project.run("run", "tasks").ok()
    project.write("tasks/b/task.yml", {"runnable": True, "config": {"write": {"text": "b"}}})
    answer = project.run("run", "tasks", "--serial").exits(1)
    assert 'the tasks "b" and "a" both write the file' in answer.err
    assert "made.txt" in answer.err
    assert answer.err.count("both write") == 2, "as it happens, and in the summary"
    project.run("run", "tasks").exits(1)


@pytest.mark.parametrize("texts", [("a", "b"), ("same", "same")])
def test_two_tasks_that_write_one_file_at_the_same_time_run_again_one_by_one(
        make_project: MakeProject, tmp_path: Path, texts: tuple[str, str]) -> None:
    project = tree(make_project, "{ROOTDIR}/made.txt")
    project.write("stages.py", stages(WRITE_TOGETHER))
    for mine, theirs, text in (("a", "b", texts[0]), ("b", "a", texts[1])):
        project.write(f"tasks/{mine}/task.yml", {"runnable": True, "config": {"write": {
            "text": text, "mine": str(tmp_path / mine), "theirs": str(tmp_path / theirs)}}})
    answer = project.run("run", "tasks", "-j", "2")
    if texts[0] == texts[1]:
        answer.ok()
        project.run("status", "tasks", "--check").ok()
    else:
        answer.exits(1)
        assert "both write the file" in answer.err


def test_two_tasks_may_write_one_file_with_the_same_content(make_project: MakeProject) -> None:
    project = tree(make_project, "{ROOTDIR}/made.txt")
    project.write("tasks/a/task.yml", {"runnable": True, "config": {"write": {"text": "same"}}})
    project.write("tasks/b/task.yml", {"runnable": True, "config": {"write": {"text": "same", "more": 1}}})
    project.run("run", "tasks").ok()
    project.run("status", "tasks", "--check").ok()


def test_two_inputs_that_write_one_file_are_an_error_that_names_both(make_project: MakeProject) -> None:
    project = tree(make_project, "made.txt", runnable=True, input_ids=[1, 2])
    project.edit("stages.py", 'config.get("text", "")', "str(input_id)")
    answer = project.run("run", "tasks", "--serial").exits(1)
    assert "the inputs 2 and 1 both write the file" in answer.err


def test_a_claim_conflicts_only_with_another_result_of_another_content() -> None:
    path, ours = Path("f"), Claim("a", "s", 1, "0")
    assert not conflict(path, ours, None)
    assert not conflict(path, ours, Claim("b", "s", 1, "0"))
    assert not conflict(path, ours, Claim("a", "s", 1, "1")), "an earlier result of the same stage and input"
    assert not conflict(path, ours, Claim("a", "", 1, "1"))
    assert '"s" and "t"' in conflict(path, ours, Claim("a", "t", 1, "1"))
    assert "1 and '1'" in conflict(path, ours, Claim("a", "s", "1", "1"))
    assert '"a" and "b"' in conflict(path, ours, Claim("b", "", None, "1"))
