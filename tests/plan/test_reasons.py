"""Each reason has words of its own, which say what has changed, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import chain, stage, stages
from project import Project
from repype_like.plan.differences import differences

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


def line(project: Project, text: str, number: int = 0) -> str:
    """Return the place of a line with `text` in the module of the stages: of the first one, or that with a `number`."""
    lines = project.read("stages.py").splitlines()
    return f"stages.py:{[1 + index for index, content in enumerate(lines) if text in content][number]}"


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
    assert text == f'code changed: helper in {line(project, "def helper")} (stage "b")'
    project.edit("stages.py", "return repr(value)", "return str(value)")
    project.edit("stages.py", "helper(config", "helper(2 * config")
    process = line(project, "def process", 1)
    assert reasons(project) == ("pipeline", [f'code changed: B.process in {process} (stage "b")'])
    project.edit("stages.py", "class B(Stage)", "SIZE = 1\n\n\nclass B(Stage)")
    project.edit("stages.py", "helper(2 *", "helper(SIZE *")
    places = f'B.process in {line(project, "def process", 1)}, added SIZE in {line(project, "SIZE = 1")}'
    assert reasons(project)[1] == [f'code changed: {places} (stage "b")']
    project.edit("stages.py", "    outputs = ['b']", "    outputs = ['b']\n    version = 2")
    assert "its attributes or its version" in reasons(project)[1][0]


def test_config_changed(project: Project) -> None:
    spec(project, config={"b": {"size": 2.0}})
    assert reasons(project) == ("specification", [f"b.size 1.0 -> 2.0, {at(project, 'size')}"])
    spec(project, config={"b": {"size": 2.0, "deep": {"er": [1]}}})
    assert reasons(project) == ("specification", [
        f"b.deep (not set) -> {{'er': [1]}}, {at(project, 'deep', 1)}", f"b.size 1.0 -> 2.0, {at(project, 'size')}"])
    project.edit("stages.py", "return str(value)", "return repr(value)")
    pending, texts = reasons(project)
    assert (pending, len(texts)) == ("pipeline", 3)


def test_package_changed(project: Project) -> None:
    spec(project, packages=["PyYAML"])
    pending, (text,) = reasons(project)
    assert pending == "pipeline"
    assert text.startswith("package changed: PyYAML not counted -> ")


def test_input_file_changed(project: Project) -> None:
    project.write("tasks/data.txt", "other")
    assert reasons(project) == ("incomplete", ['input file changed, read by "a": tasks/data.txt'])
    project.remove("tasks/data.txt")
    assert reasons(project) == ("incomplete", ['input file removed, read by "a": tasks/data.txt'])
    project.run("run", "tasks").ok()
    project.write("tasks/data.txt", "data")
    assert reasons(project) == ("incomplete", ['input file appeared, read by "a": tasks/data.txt'])


def test_output_file_missing_and_changed(project: Project) -> None:
    project.remove("tasks/1.out")
    assert reasons(project) == ("incomplete", ['output file missing, made by "b": tasks/1.out'])
    project.write("tasks/1.out", "edited")
    assert reasons(project) == ("incomplete", ['output file changed, made by "b": tasks/1.out'])


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


def test_many_inputs_added_and_removed(project: Project) -> None:
    spec(project, input_ids=[2, *range(10, 20)])
    place = at(project, "input_ids", 1)
    assert reasons(project) == ("specification", [f"input added: 10, 11, 12 and 7 more, {place}",
                                                  f"input removed: 1, {place}"])


def test_failed_last_time(make_project: MakeProject) -> None:
    body = """
        if config.get("bad") == input_id:
            raise ValueError("password=geheim\\nsecond line")
        return {"b": input_id}
        """
    project = make_project({"stages.py": stages(stage("A", "", "a", "input_id"), stage("B", "a", "b", body)),
                            "tasks/task.yml": {**SPEC, "config": {"b": {"bad": 2}}}})
    project.run("run", "tasks").exits(1)
    failed = 'failed last time: ValueError: password=*** (stage "b", input 2)'
    assert reasons(project) == ("incomplete", [failed])
    assert f"from b: {failed}\n" in project.run("status", "tasks").ok().out
    project.run("run", "tasks", "--input", "1").ok()
    assert reasons(project) == ("incomplete", [failed])  # it would be tried just so again
    spec(project, config={"b": {"bad": 3}})
    assert reasons(project) == ("incomplete", ["never completed"])  # but this is another matter
    project.run("run", "tasks").ok()
    assert reasons(project) == ("", [])
    spec(project, config={"b": {"bad": 1}})
    project.run("run", "tasks").exits(1)
    assert reasons(project) == ("incomplete", [failed.replace("2", "1"), f"b.bad 3 -> 1, {at(project, 'bad')}"])
    spec(project, config={"b": {"bad": 3}})
    assert reasons(project) == ("", [])


def test_failed_as_a_whole(make_project: MakeProject) -> None:
    files = chain("A", runnable=True, task_class="own.Own")
    project = make_project({**files, "own.py": """
        from repype_like.task import Task

        class Own(Task):
            def run(self, *args, **kwargs):
                raise OSError("no luck")
        """})
    project.run("run", "tasks").exits(1)
    assert reasons(project)[1] == ["failed last time: OSError: no luck"]


def test_secrets_are_masked_at_the_source() -> None:
    old = {"api_key": "one", "deep": {"password": ["two"]}, "size": {"token": "three", "n": 1}}
    found = [str(item) for item in differences(old, {"size": 2}, ("load",))]
    assert found == ["load.api_key *** -> (not set)", "load.deep {'password': ['***']} -> (not set)",
                     "load.size {'token': '***', 'n': 1} -> 2"]
