"""Each reason has words of its own, which say what has changed, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import chain, stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

SPEC = {"runnable": True, "pipeline": ["stages.A", "stages.B"], "input_ids": [1, 2],
        "scopes": {"data": "data.txt", "made": "%s.out"}, "config": {"b": {"size": 1.0}}}
A = stage("A", "", "a", 'text_of(pipeline.resolve("data"))')
B = stage("B", "a", "b", 'pipeline.resolve("made", input_id).write_text(helper(config["size"]))')
HELPER = "\n\ndef helper(value):\n    return str(value)\n"


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """A task that is complete, with an input file and output files."""
    made = make_project({"stages.py": stages(A, B) + HELPER, "tasks/task.yml": SPEC, "tasks/data.txt": "data"})
    made.run("run", "tasks", "--serial").ok()
    return made


def reasons(project: Project, *args: str) -> tuple[str, list[str]]:
    """Return why the task is pending, in one word and in many."""
    (state,) = project.run(*(args or ("status",)), "tasks", "--json").json()["tasks"]
    return state["pending"], state["reasons"]


def at(project: Project, text: str, below: int = 0) -> str:
    """Return the place of the first line with `text` in the specification, or one some lines below."""
    lines = project.read("tasks/task.yml").splitlines()
    return f"tasks/task.yml:{1 + below + next(index for index, line in enumerate(lines) if text in line)}"


def spec(project: Project, **changes: Any) -> None:
    project.write("tasks/task.yml", {**SPEC, **changes})


def test_nothing(project: Project) -> None:
    assert reasons(project) == ("", [])


def test_never_run(make_project: MakeProject) -> None:
    assert reasons(make_project(chain("A", runnable=True))) == ("incomplete", ["never run"])


def test_forced(project: Project) -> None:
    assert reasons(project, "run", "-n", "--force") == ("incomplete", ["forced"])


def test_damaged_digest(project: Project) -> None:
    project.write("tasks/.repype/digest.json", "{}")
    pending, (text,) = reasons(project)
    assert pending == "incomplete"
    assert text == "damaged: tasks/.repype/digest.json: is not what was written"


def test_record_gone(project: Project) -> None:
    project.remove("tasks/.repype/records")
    pending, texts = reasons(project)
    assert pending == "incomplete"
    assert texts[0] == 'damaged: the record of "a" for input 1 is gone'


def test_input_added(project: Project) -> None:
    spec(project, input_ids=[1, 2, "three"])
    assert reasons(project) == ("specification", [f"input added: 'three', {at(project, 'input_ids', 1)}"])


def test_input_removed(project: Project) -> None:
    spec(project, input_ids=[1])
    assert reasons(project) == ("specification", [f"input removed: 2, {at(project, 'input_ids', 1)}"])


def test_stage_added(project: Project) -> None:
    project.write("more.py", stages(stage("C", "b", "c", "b")))
    spec(project, pipeline=["stages.A", "stages.B", "more.C"])
    assert reasons(project) == ("pipeline", [f'stage added: "c", {at(project, "pipeline", 1)}'])


def test_stage_removed(project: Project) -> None:
    spec(project, pipeline=["stages.A"])
    pending, texts = reasons(project)
    assert (pending, texts[0]) == ("pipeline", f'stage removed: "b", {at(project, "pipeline", 1)}')


def test_stage_disabled_and_enabled(project: Project) -> None:
    spec(project, config={"b": {"size": 1.0, "enabled": False}})
    assert reasons(project) == ("specification", [f'stage disabled: "b", {at(project, "enabled")}'])
    project.run("run", "tasks").ok()
    spec(project, config={"b": {"size": 1.0, "enabled": True}})
    assert reasons(project) == ("specification", [f'stage enabled: "b", {at(project, "enabled")}'])


def test_code_changed(project: Project) -> None:
    project.edit("stages.py", "return str(value)", "return repr(value)")
    pending, (text,) = reasons(project)
    assert pending == "pipeline"
    assert text.startswith("code changed: helper")


def test_config_changed(project: Project) -> None:
    spec(project, config={"b": {"size": 2.0}})
    assert reasons(project) == ("specification", [f"b.size 1.0 -> 2.0, {at(project, 'size')}"])
    spec(project, config={"b": {"size": 2.0, "deep": {"er": [1]}}})
    assert reasons(project) == ("specification", [
        f"b.deep (not set) -> {{'er': [1]}} and 1 more, {at(project, 'deep', 1)}"])


def test_package_changed(project: Project) -> None:
    spec(project, packages=["PyYAML"])
    pending, (text,) = reasons(project)
    assert pending == "pipeline"
    assert text.startswith("package changed: PyYAML not counted -> ")


def test_input_file_changed(project: Project) -> None:
    project.write("tasks/data.txt", "other")
    assert reasons(project) == ("incomplete", ["input file changed: tasks/data.txt"])
    project.remove("tasks/data.txt")
    assert reasons(project) == ("incomplete", ["input file removed: tasks/data.txt"])
    project.run("run", "tasks").ok()
    project.write("tasks/data.txt", "data")
    assert reasons(project) == ("incomplete", ["input file appeared: tasks/data.txt"])


def test_output_file_missing_and_changed(project: Project) -> None:
    project.remove("tasks/1.out")
    assert reasons(project) == ("incomplete", ["output file missing: tasks/1.out"])
    project.write("tasks/1.out", "edited")
    assert reasons(project) == ("incomplete", ["output file changed: tasks/1.out"])


def test_field_of_another_stage(project: Project) -> None:
    project.write("more.py", stages(stage("New", "", "a", "'new'")))
    spec(project, pipeline=["more.New", "stages.B"])
    pending, texts = reasons(project)
    assert pending == "pipeline"
    place = at(project, "pipeline", 1)
    assert texts[:2] == [f'stage removed: "a", {place}', f'stage added: "new", {place}']
    assert texts[2] == '"a" now comes from the stage "new"'


def test_kept_now(make_project: MakeProject) -> None:
    project = make_project(chain("A", "B", runnable=True, marginal_stages=["a"]))
    project.run("run", "tasks").ok()
    project.write("tasks/task.yml", chain("A", "B", runnable=True, marginal_stages=[])["tasks/task.yml"])
    assert reasons(project) == ("specification", [
        f'the values of "a" are to be kept now, {at(project, "marginal")}'])


def test_values_lost(make_project: MakeProject) -> None:
    files = dict(chain("A", runnable=True, input_ids=[1]))
    files["stages.py"] = files["stages.py"].replace("input_id + config", "list(range(50000)) or config")
    project = make_project(files)
    project.run("run", "tasks").ok()
    for blob in (project.root / "tasks/.repype/blobs").iterdir():
        blob.unlink()
    assert reasons(project) == ("incomplete", ['damaged: values of "a" for input 1 are gone'])
