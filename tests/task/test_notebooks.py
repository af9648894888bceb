"""Stages defined in the cells of a notebook, and what a notebook shows; executed by IPython itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from project import Project

DRIVER = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
for cell in json.loads(sys.argv[1]):
    shell.run_cell(cell, store_history=True).raise_error()
"""

STAGE = """
class Double(Stage):
    inputs = ["input_id"]
    outputs = ["twice"]

    def process(self, pipeline, config, input_id, status=None):
        ran.append(1) if False else None
        return {"twice": helper(input_id)}
"""

FUNCTION = """
@stage(outputs=["more"])
def add(twice: int) -> int:
    return twice + int(table[1])
"""

SETUP = """
import json
import numpy as np
import repype_like
from repype_like import events
from repype_like.batch import Batch
from repype_like.stage import Stage, stage
table, K, said, ran = np.arange(3), 2, {}, []

def helper(x):
    return x * K

def run(name):
    batch = Batch()
    batch.load(".")
    places = batch.workplaces(batch.prepare())
    done = []
    batch.execute(batch.plan(places), places, jobs=0, listen=lambda event: done.append(event.stage)
                  if isinstance(event, events.StageFinished) else None)
    said[name] = sorted(set(done)), {str(key): value["more"] for key, value in repype_like.open(".").load().items()}
"""

SAY = "print(json.dumps(said))"


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    pytest.importorskip("IPython")
    return make_project({"task.yml": {"runnable": True, "pipeline": ["__main__.Double", "__main__.add"],
                                      "input_ids": [1, 2]}, "driver.py": DRIVER})


def execute(project: Project, *cells: str) -> Any:
    child = project._popen("driver.py", json.dumps(cells), env={"PYTHONWARNINGS": "ignore"})
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, out + err
    return json.loads(out.splitlines()[-1])


def test_every_edit_of_a_cell_is_seen(project: Project) -> None:
    said = execute(
        project, SETUP, STAGE, FUNCTION, "run('first')", "run('again')",
        "def helper(x):\n    # the same\n    return x * K", STAGE, FUNCTION, "run('the same')",
        "def helper(x):\n    return x * K + 1", "run('helper')", "K = 3", "run('constant')", "table[1] = 5",
        "run('in place')", STAGE.replace("helper(input_id)", "-helper(input_id)"), "run('stage')",
        FUNCTION.replace("+ int", "- int"), "run('function')", SAY)
    assert said == {
        "first": [["add", "double"], {"1": 3, "2": 5}], "again": [[], {"1": 3, "2": 5}],
        "the same": [[], {"1": 3, "2": 5}], "helper": [["add", "double"], {"1": 4, "2": 6}],
        "constant": [["add", "double"], {"1": 5, "2": 8}], "in place": [["add"], {"1": 9, "2": 12}],
        "stage": [["add", "double"], {"1": 1, "2": -2}], "function": [["add"], {"1": -9, "2": -12}]}


def test_a_notebook_that_is_executed_again_finds_its_results(project: Project) -> None:
    execute(project, SETUP, STAGE, FUNCTION, "run('first')", SAY)
    assert execute(project, SETUP, "1 + 1", FUNCTION, STAGE, "run('again')", SAY)["again"][0] == []
    model = "class Model:\n    __slots__ = ('f',)\nopen_file = open('task.yml')"
    uses = STAGE.replace("helper(input_id)", "(helper(input_id), open_file)[0]")
    said = execute(project, SETUP, model, uses, FUNCTION, "run('1')", "run('2')", "open_file = open('task.yml')",
                   "run('3')", SAY)
    assert [said[name][0] for name in "123"] == [["add", "double"], [], ["add", "double"]]


def test_elsewhere_it_is_said_that_a_module_is_needed(project: Project) -> None:
    execute(project, SETUP, STAGE, FUNCTION, "run('first')", SAY)
    said = project.run("run").exits(2).err
    assert 'cannot import "__main__.Double": what a notebook, a session or a script defines is there only while' in said
    assert 'put "Double" into a module' in said
    assert "more" in project.run("table").ok().out


def test_what_a_notebook_shows(project: Project) -> None:
    evil = "<script>"
    project.write("v=1 <script>/task.yml", {"config": {"double": {"note": evil}}})
    project.write("off/task.yml", {"runnable": False})
    shown = execute(
        project, SETUP, STAGE, FUNCTION.replace("int(table[1])", f"0; '{evil}'"), "run('first')",
        "tree, task = repype_like.open_tree('.'), repype_like.open('.')",
        "results, context = task.load(), tree.prepare()[0]",
        "print(json.dumps([[repr(x), x._repr_html_()] for x in "
        "(tree, task, results, results[1], context, context.pipeline, context.pipeline.stages[0])]))")
    texts = [text for text, _ in shown]
    assert texts[0] == "<Batch: 3 tasks>"
    assert texts[2] == "{1: <InputData: input_id, more, twice>,\n 2: <InputData: input_id, more, twice>}"
    assert texts[5] == "<Pipeline: double, add>"
    tree, task, results, fields, context, pipeline, one = (html for _, html in shown)
    assert all(evil not in html for _, html in shown)
    assert "v=1 &lt;script&gt;" in tree
    assert "a template" in tree
    assert "up to date" in task
    assert "2/2" in task
    assert "<svg" in pipeline
    assert context.count("<rect") == task.count("<rect")
    assert ">twice</th>" in results
    assert ">more</td>" in fields
    assert ">double</text>" in one


def test_open_tree(project: Project) -> None:
    project.write("broken/task.yml", "runnable: [")
    shown = execute(project, "import warnings, json, repype_like", (
        "with warnings.catch_warnings(record=True) as caught:\n    warnings.simplefilter('always')\n"
        "    tree = repype_like.open_tree('.')"), "print(json.dumps([str(caught[0].message), tree._repr_html_()]))")
    assert "broken/task.yml:2" in shown[0]
    assert "1 task</strong>" in shown[1]
    assert "broken/task.yml:2" in shown[1]
    with pytest.raises(AssertionError, match="there are no tasks"):
        execute(project, "import repype_like\nrepype_like.open_tree('/proc/self/fdinfo')")
