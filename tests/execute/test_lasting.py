"""Files that are read once in a process, by the first execution, and kept in memory for the others."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

import pytest

from project import Project

_HEAD = """\
import functools
from pathlib import Path
from repype_like.stage import Stage
from tracing import trace

OPTIONS = {"unit": "mm"}
FILE = Path(__file__).with_name("data.txt")

"""

_STAGE = """

class Read(Stage):
    inputs = ["input_id"]
    outputs = ["y"]
{methods}
    def process(self, pipeline, config, status=None, input_id=None):
        trace(self.id, input_id)
        out = {{}}
        out["y"] = {value} + OPTIONS["unit"]
        return out


class Other(Stage):
    inputs = ["input_id"]
    outputs = ["z"]

    def process(self, pipeline, config, status=None, input_id=None):
        trace(self.id, input_id)
        return {{"z": 1}}
"""

_KEPT = {
    "a cache": ("@functools.lru_cache\ndef table():\n    return FILE.read_text()", "", "table()"),
    "a global variable": (("TEXT = None\ndef table():\n    global TEXT\n    if TEXT is None:\n"
                          "        TEXT = FILE.read_text()\n    return TEXT"), "", "table()"),
    "a table": (("CACHE = {}\ndef table(name):\n    if name not in CACHE:\n        CACHE[name] = FILE.read_text()\n"
                "    return CACHE[name]"), "", "table('a')"),
    "a property": ("", "@functools.cached_property\ndef table(self):\n    return FILE.read_text()", "self.table"),
    "an attribute": ("", ("text = None\ndef table(self):\n    if self.text is None:\n"
                         "        self.text = FILE.read_text()\n    return self.text"), "self.table()"),
    "an object of a module": (
        ("class Table:\n    text = None\n    def load(self):\n        self.text = self.text or FILE.read_text()\n"
        "        return self.text\nTABLE = Table()"), "", "TABLE.load()"),
}
_TASK = {"runnable": True, "pipeline": ["stages.Read", "stages.Other"], "input_ids": "1-3"}


def _stages(functions: str, methods: str, value: str) -> str:
    return _HEAD + functions + _STAGE.format(methods=indent(methods, "    "), value=value)


@pytest.mark.parametrize(("functions", "methods", "value"), _KEPT.values(), ids=_KEPT.keys())
def test_what_is_kept_in_memory_counts_for_those_that_find_it_there(
        functions: str, methods: str, value: str, make_project: Callable[..., Project]) -> None:
    project = make_project({"task.yml": _TASK, "stages.py": _stages(functions, methods, value), "data.txt": "one"})
    project.run("run").ok()
    project.executions()
    project.write("data.txt", "two")
    project.run("run").ok()
    assert project.executions() == {("read", input_id): 1 for input_id in (1, 2, 3)}
    assert {result["y"] for result in project.results().values()} == {"twomm"}


def test_a_file_of_one_input_counts_for_that_input_alone(make_project: Callable[..., Project]) -> None:
    functions = ("class Table:\n    def __init__(self, path):\n        self.text = path.read_text()\n"
                 "def table(input_id):\n    return Table(FILE.with_name(f'{input_id}.txt')).text")
    project = make_project({"task.yml": _TASK, "stages.py": _stages(functions, "", "table(input_id)"),
                            "1.txt": "one", "2.txt": "two", "3.txt": "three"})
    project.run("run").ok()
    project.executions()
    project.write("2.txt", "TWO")
    project.run("run").ok()
    assert project.executions() == {("read", 2): 1}
