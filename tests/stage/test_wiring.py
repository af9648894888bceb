"""Stages that hang together in other ways than by fields which are simply read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from project import Project
from repype_like.errors import UsageError
from repype_like.pipeline import PipelineError, create_pipeline
from repype_like.stage import Lazy, Stage, stage

MakeProject = Callable[[Mapping[str, Any]], Project]

SOURCE = """
    from repype_like.stage import Lazy, Stage, stage
    from tracing import trace


    @stage(outputs=["image"])
    def load(input_id, *, depth: int = 1):
        trace("load", input_id)
        return [input_id] * depth


    @stage(outputs=["mask"])
    def segment(input_id, *, threshold: int = 0):
        trace("segment", input_id)
        return input_id > threshold


    @stage(outputs=["report"], extra_dependencies=["segment"])
    def report(image):
        trace("report", 0)
        return len(image)


    @stage(outputs=["area"], optional_inputs=["mask"])
    def measure(image, mask="no mask"):
        trace("measure", 0)
        return str(mask)


    class Weigh(Stage):
        inputs = ["image"]
        optional_inputs = ["mask"]
        outputs = ["weight"]

        def process(self, pipeline, config, image, mask=None, status=None):
            return {"weight": repr(mask)}


    @stage(outputs=["summary"], lazy=["image"])
    def summarize(image: Lazy, input_id):
        trace("summarize", input_id)
        return image.load() if input_id == 1 else "not looked at"
"""


def make(make_project: MakeProject, *names: str, **keys: Any) -> Project:
    return make_project({"stages.py": SOURCE, "task.yml": {
        "runnable": True, "input_ids": [1], "pipeline": [f"stages.{name}" for name in names], **keys}})


def damage(project: Project) -> None:
    """Flip a bit of every blob, as a disk does: nothing tells that it was written to."""
    for blob in (project.root / ".repype/blobs").iterdir():
        status = blob.stat()
        blob.chmod(0o644)
        content = bytearray(blob.read_bytes())
        content[-10] ^= 1
        blob.write_bytes(content)
        os.utime(blob, ns=(status.st_atime_ns, status.st_mtime_ns))


def ran(project: Project) -> dict[str, int]:
    return {name: count for (name, _), count in project.executions().items()}


@pytest.mark.parametrize("options", [("--serial",), ("-j", "2")])
def test_what_a_stage_depends_upon_runs_before_it_and_again_with_it(make_project: MakeProject,
                                                                    options: tuple[str, ...]) -> None:
    project = make(make_project, "report", "load", "segment")
    project.run("run", *options).ok()
    assert list(ran(project)) == ["load", "segment", "report"]
    project.write("task.yml", project.read("task.yml") + "config: {segment: {threshold: 1}}\n")
    project.run("run", *options).ok()
    assert ran(project) == {"segment": 1, "report": 1}
    project.run("run", *options).ok()
    assert ran(project) == {}


def test_a_stage_does_not_run_if_what_it_depends_upon_fails(make_project: MakeProject) -> None:
    project = make(make_project, "report", "load", "segment", config={"segment": {"threshold": None}})
    project.edit("stages.py", "return input_id > threshold", "raise ValueError")
    project.edit("task.yml", "threshold: null", "threshold: 2")
    project.run("run").exits(1)
    assert "report" not in ran(project)


def test_declaring_a_dependency_is_a_reason(make_project: MakeProject) -> None:
    project = make(make_project, "report", "load", "segment")
    project.edit("stages.py", ', extra_dependencies=["segment"]', "")
    project.run("run").ok()
    project.edit("stages.py", '@stage(outputs=["report"])', '@stage(outputs=["report"], extra_dependencies=["mask"])')
    assert 'now depends on the stage "segment"' in project.run("status").out
    project.executions()
    project.run("run").ok()
    assert ran(project) == {"report": 1}
    project.edit("stages.py", ', extra_dependencies=["mask"]', "")
    project.run("run").ok()
    assert ran(project) == {}, "the earlier result is there still"


def test_a_disabled_stage_is_not_waited_for(make_project: MakeProject) -> None:
    project = make(make_project, "report", "load", "segment", config={"segment": {"enabled": False}})
    project.run("run").ok()
    assert ran(project) == {"load": 1, "report": 1}


def test_an_unknown_dependency_is_an_error_of_the_specification(make_project: MakeProject) -> None:
    project = make(make_project, "report", "load", "segment")
    project.edit("stages.py", 'extra_dependencies=["segment"]', 'extra_dependencies=["segmet"]')
    outcome = project.run("run").exits(2)
    assert 'extra_dependencies of the stage "report": there is no stage or field "segmet"' in outcome.err
    assert 'did you mean "segment"' in outcome.err


def test_dependencies_in_a_circle_are_named() -> None:
    @stage(outputs=["a"], extra_dependencies=["second"])
    def first(input_id: int) -> int:
        return input_id

    @stage(outputs=["b"])
    def second(a: int) -> int:
        return a

    with pytest.raises(PipelineError, match=r'"first" depends on "second" .*, which reads the field "a" of "first"'):
        create_pipeline([first, second])


def test_an_optional_field_has_its_default_until_somebody_produces_it(make_project: MakeProject) -> None:
    project = make(make_project, "load", "measure", "Weigh")
    project.run("run").ok()
    results = project.results()[1]
    assert (results["area"], results["weight"]) == ("no mask", "None")
    project.edit("task.yml", "- stages.Weigh", "- stages.Weigh\n- stages.segment")
    assert '"mask" now comes from the stage "segment"' in project.run("status", "-v").out
    project.executions()
    project.run("run").ok()
    results = project.results()[1]
    assert (results["area"], results["weight"]) == ("True", "True")
    assert ran(project) == {"segment": 1, "measure": 1}
    project.write("task.yml", project.read("task.yml") + "config: {segment: {enabled: false}}\n")
    project.run("run").ok()
    assert project.results()[1]["area"] == "no mask"
    assert ran(project) == {}, "it is what it was at first"


def test_an_optional_field_needs_a_default() -> None:
    def measure(image: int, mask: int) -> int:
        return image + mask

    with pytest.raises(UsageError, match='"mask" of the stage "measure" is optional, so it needs a default'):
        stage(outputs=["area"], optional_inputs=["mask"])(measure)

    class Weigh(Stage):
        optional_inputs = ("mask",)

        def process(self, pipeline: Any, config: Any, status: Any = None, *args: Any, mask: Any,
                    **inputs: Any) -> dict[str, Any]:
            return {}

    with pytest.raises(UsageError, match=r'"mask" of the stage "weigh" is optional, so process\(\) needs a default'):
        Weigh()


def test_names_of_fields_are_checked() -> None:
    class Summarize(Stage):
        inputs = ("stack",)
        lazy = ("stak",)

    with pytest.raises(UsageError, match='names "stak", which is none of its inputs; did you mean "stack"'):
        Summarize()

    class Report(Stage):
        extra_dependencies = "segment"

    with pytest.raises(UsageError, match="has to be a list"):
        Report()


def test_a_lazy_field_is_read_when_it_is_asked_for(make_project: MakeProject) -> None:
    project = make(make_project, "load", "summarize", input_ids=[1, 2], config={"load": {"depth": 3}})
    project.run("run").ok()
    assert [fields["summary"] for fields in project.results().values()] == [[1, 1, 1], "not looked at"]
    project.executions()
    project.edit("task.yml", "depth: 3", "depth: 2")
    project.run("run").ok()
    assert project.executions()["summarize", 2] == 1, "it counts, whether it was looked at or not"


def test_a_lazy_field_that_is_damaged_is_made_anew_if_it_is_asked_for(make_project: MakeProject) -> None:
    project = make(make_project, "load", "summarize", input_ids=[1, 2], config={"load": {"depth": 100_000}})
    project.run("run").ok()
    damage(project)
    project.edit("stages.py", "image.load() if input_id == 1", "len(image.load()) if input_id == 1")
    project.executions()
    project.run("run").ok()
    found = project.executions()
    assert found["load", 1] == 1
    assert found["load", 2] == 0, "nobody has looked"
    assert "100000" in project.run("show", ".", "summary", "--input", "1").ok().out


def test_a_stage_cannot_go_on_with_a_damaged_field(make_project: MakeProject) -> None:
    project = make(make_project, "load", "summarize", config={"load": {"depth": 100_000}})
    project.run("run").ok()
    damage(project)
    project.edit("stages.py", 'return image.load() if input_id == 1 else "not looked at"', """try:
        return len(image.load())
    except Exception:
        return -1""")
    project.run("run").ok()
    assert project.results()[1]["summary"] == 100_000


def test_a_handle_cannot_be_kept_or_stored(make_project: MakeProject) -> None:
    project = make(make_project, "load", "summarize")
    project.edit("stages.py", 'return image.load() if input_id == 1 else "not looked at"', "return image")
    outcome = project.run("run").exits(1)
    assert "return what its load() gives" in outcome.err
    handle = Lazy(lambda: 1, "stack")
    handle.close()
    with pytest.raises(UsageError, match="only while the stage runs"):
        handle.load()
