"""What stages printed and why they failed can be read afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    project = make_project({
        "stages.py": stages(
            stage("A", "", "a", "print('\x1b[31mred', end='')\nctypes.CDLL(None).puts(b' in C')\n[input_id]"),
            stage("B", "a", "b", """
                print("password=hunter2")
                if input_id == 2 and not Path("fit").exists():
                    raise ValueError("unfit")
                return {"b": a}
                """)),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A", "stages.B"], "input_ids": [1, 2],
                           "config": {"b": {"api_key": "abc", "size": 3}}},
        "tasks/v/task.yml": {"config": {"c": {}}},
    })
    project.run("run", "tasks", "-j2").exits(1)
    return project


@pytest.mark.parametrize("task", ["tasks", "tasks/v"])
def test_output_and_traceback_are_shown_for_every_task_that_they_concern(project: Project, task: str) -> None:
    answer = project.run("log", task).ok()
    assert "b, input 2: ValueError: unfit" in answer.out
    assert 'raise ValueError("unfit")' in answer.out
    assert "size" in answer.out
    assert answer.out.count("in C") == 2
    assert not {"hunter2", "abc", "\x1b"} & set(answer.out.replace("'", " ").split()), "secrets are masked"
    assert "\x1b" not in answer.out


def test_only_what_is_asked_for_is_shown(project: Project) -> None:
    (entry,) = project.run("log", "tasks", "--stage", "b", "--input", "2", "--json").ok().json()["entries"]
    assert (entry["stage"], entry["input"], entry["error"]) == ("b", 2, "ValueError: unfit")
    assert project.run("log", "tasks", "--input", "3").exits(1).err.startswith("Nothing is noted down")
    assert "did you mean" in project.run("log", "tasks", "--stage", "bb").exits(2).err


def test_the_latest_time_counts_and_earlier_ones_can_be_had(project: Project) -> None:
    project.write("fit", "")
    project.run("run", "tasks", "-j2").ok()
    assert "unfit" not in project.run("log", "tasks").ok().out
    assert "unfit" in project.run("log", "tasks", "--all").ok().out


def test_what_failed_and_is_done_by_now_is_past_though_nothing_was_printed_since(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": stages(stage("A", "", "a", "1 if Path('fit').exists() else int('unfit')")),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A"], "input_ids": [1]}})
    project.run("run", "tasks", "-j1").exits(1)
    assert "unfit" in project.run("log", "tasks").ok().out
    project.write("fit", "")
    project.run("run", "tasks", "-j1").ok()
    assert "what failed was done later; --all shows it" in project.run("log", "tasks").exits(1).err
    assert "unfit" in project.run("log", "tasks", "--all").ok().out


def test_a_task_without_a_log_has_nothing_to_say(project: Project) -> None:
    project.run("reset", "tasks", "-y").ok()
    assert not (project.root / "tasks/.repype/log").exists()
    assert "no stage printed anything" in project.run("log", "tasks").exits(1).err
    assert "no such directory" in project.run("log", "nowhere").exits(2).err
    assert "no task.yml" in project.run("log", ".").exits(2).err


def test_a_log_that_cannot_be_written_costs_a_warning(make_project: MakeProject) -> None:
    project = make_project({"stages.py": stages(stage("A", "", "a", "print('said')\n1")), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.A"], "input_ids": "1-20"}})
    project.write("tasks/.repype/log", "no folder")
    answer = project.run("run", "tasks", "-j2").ok()
    assert answer.err.count("cannot be written down") == 1
    assert len(project.results("tasks")) == 20


def test_the_log_stays_small(make_project: MakeProject) -> None:
    project = make_project({"stages.py": stages(stage("A", "", "a", "print('x' * 60000)\n1")), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.A"], "input_ids": "1-120"}})
    project.run("run", "tasks", "-j2").ok()
    files = list((project.root / "tasks/.repype/log").iterdir())
    assert len(files) == 2
    assert sum(file.stat().st_size for file in files) < 5e6
