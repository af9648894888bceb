"""What the attributes of a stage count for, as users of the program see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from project import Project

SOURCE = """
    from repype_like.stage import Stage, stage
    from tracing import trace


    class Load(Stage):
        outputs = ["image"]
        version = 1
        default_config = {"size": 2}
        ignore_config = ["batch"]
        metadata = {"kind": "input"}

        def normalize_config(self, config):
            if "width" in config:
                config["size"] = config.pop("width")
            return config

        def process(self, pipeline, config, status=None):
            trace("load", config["size"])
            return {"image": [config["size"]] * config.get("batch", 1)}


    @stage(outputs=["total", "first"], fingerprint="version", version="1")
    def add(image):
        trace("add", image[0])
        return sum(image), image[0]
"""

SPEC = {"runnable": True, "input_ids": [1], "pipeline": ["stages.Load", "stages.add"]}

EDITS = {
    "a default is written out": ("task.yml", "[1]", "[1]\nconfig: {load: {size: 2}}", None),
    "by its other name": ("task.yml", "[1]", "[1]\nconfig: {load: {width: 2}}", None),
    "another value": ("task.yml", "[1]", "[1]\nconfig: {load: {size: 3}}", "load"),
    "another value by its other name": ("task.yml", "[1]", "[1]\nconfig: {load: {width: 3}}", "load"),
    "what does not count": ("task.yml", "[1]", "[1]\nconfig: {load: {batch: 9}}", None),
    "another default": ("stages.py", '{"size": 2}', '{"size": 3}', "load"),
    "another version": ("stages.py", "version = 1", "version = 2", "load"),
    "metadata": ("stages.py", '"kind": "input"', '"kind": "source"', None),
    "code that is vouched for": ("stages.py", "return sum(image), image[0]", "return 7, 7", None),
    "a version that vouches for code": ("stages.py", 'version="1"', 'version="2"', "add"),
}


def test_which_edits_make_which_stage_run(make_project: Callable[[Mapping[str, Any]], Project]) -> None:
    project = make_project({"stages.py": SOURCE, "task.yml": "runnable: true\ninput_ids: [1]\n"
                            "pipeline: [stages.Load, stages.add]\n"})
    project.run("run").ok()
    assert project.executions() == {("load", 2): 1, ("add", 2): 1}
    found = {}
    for name, (file, old, new, _) in EDITS.items():
        project.edit(file, old, new)
        [task] = project.run("status", "--json").ok().json()["tasks"]
        found[name] = task["first_stage"]
        project.edit(file, new, old)
    assert found == {name: first for name, (*_, first) in EDITS.items()}


def test_a_stage_gets_what_its_configuration_means(make_project: Callable[[Mapping[str, Any]], Project]) -> None:
    project = make_project({"stages.py": SOURCE, "task.yml": {**SPEC, "config": {"load": {"width": 5, "batch": 3}}}})
    project.run("run").ok()
    assert project.results()[1]["total"] == 15
    assert project.results()[1]["first"] == 5
    assert project.executions() == {("load", 5): 1, ("add", 5): 1}


def test_a_function_may_say_what_its_configuration_means(make_project: Callable[[Mapping[str, Any]], Project]) -> None:
    project = make_project({"stages.py": """
        from repype_like.stage import stage
        from tracing import trace


        def in_pixels(config):
            if "size_mm" in config:
                config["size"] = 10 * config.pop("size_mm")
            return config


        @stage(outputs=["size_found"], normalize_config=in_pixels)
        def measure(input_id, *, size: int = 20):
            trace("measure", input_id)
            return size
        """, "task.yml": {"runnable": True, "input_ids": [1], "pipeline": ["stages.measure"]}})
    project.run("run").ok()
    project.write("task.yml", project.read("task.yml") + "config: {measure: {size_mm: 2}}\n")
    project.run("run").ok()
    assert project.executions() == {("measure", 1): 1}, "the same, said in another way"
    project.edit("stages.py", "10 * ", "11 * ")
    project.run("run").ok()
    assert project.executions() == {("measure", 1): 1}
    assert project.results()[1]["size_found"] == 22
    project.edit("stages.py", "            return config\n\n".replace("            ", "    "), "")
    answer = project.run("run").exits(2)
    assert 'normalize_config() of the stage "measure" has to return the configuration, and not None' in answer.err
