"""``repype show --graph``."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from aggregate_trees import variants
from chains import stage, stages
from project import Project

STAGES = stages(
    stage("Load", "", "image", "input_id * 10"),
    stage("Blur", "image", "smooth", "image + config.get('sigma', 1)"),
    stage("Segment", "smooth image", "labels", "smooth + image"))


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project({
        "task.yml": {"runnable": True, "pipeline": ["stages.Segment", "stages.Blur", "stages.Load"],
                     "input_ids": [1, 2], "marginal_stages": ["blur"]},
        "sigma=2/task.yml": {"config": {"blur": {"sigma": 2}}},
        "off/task.yml": {"runnable": False},
        "stages.py": STAGES})


def boxes(text: str) -> str:
    """Return what stands in the boxes, with single blanks, a line each."""
    found = (re.match("│ (.*?) [│├◄]", line) for line in text.splitlines())
    return "\n".join(" ".join(match[1].split()) for match in found if match)


def test_what_is_up_to_date_and_what_is_not(project: Project) -> None:
    project.run("run", "--only", ".", ".").ok()
    shown = project.run("show", "--graph", ".").ok().out
    assert shown.startswith("# .: up to date\n")
    assert "✓ load 2/2" in boxes(shown)
    assert "smooth (not kept) ├─┐" in shown
    text = boxes(project.run("show", "--graph", "sigma=2").ok().out)
    assert "✓ load" not in text
    assert "● load 0/2\n2 picked up from .\n" in text
    assert "● blur 0/2\nnever run\n" in text


def test_reasons(project: Project) -> None:
    project.run("run").ok()
    project.edit("sigma=2/task.yml", "sigma: 2", "sigma: 3")
    text = boxes(project.run("show", "--graph", "sigma=2").ok().out)
    assert "✓ load 2/2\n" in text
    assert "● blur 0/2\nblur.sigma 2 -> 3, sigma=2/task.yml:3\n" in text
    assert "● segment 0/2\ndepends on a stage that runs\n" in text


def test_failed(project: Project) -> None:
    project.edit("stages.py", "smooth + image", "1 // 0")
    project.run("run").exits(1)
    text = boxes(project.run("show", "--graph", ".").ok().out)
    assert "✗ segment 0/2" in text
    assert "ZeroDivisionError" in text


def test_dependencies_without_a_field(project: Project) -> None:
    project.write("task.yml", {"runnable": True, "pipeline": ["stages.Blur", "stages.Load"], "input_ids": [1]})
    with_it = "    outputs = ['smooth']\n    extra_dependencies = ['image']"
    project.edit("stages.py", "    outputs = ['smooth']", with_it)
    project.edit("stages.py", "    inputs = ['image', 'input_id']", "    inputs = ['input_id']")
    project.edit("stages.py", "input_id, image, status", "input_id, status")
    shown = project.run("show", "--graph", ".").ok().out
    assert "end of load ├" in shown
    assert "end of load ◄" in shown


def test_template(project: Project) -> None:
    shown = project.run("show", "--graph", "off").ok().out
    assert shown.startswith("# off: a template, which is not run\n")
    assert "load" in boxes(shown)


def test_files(project: Project) -> None:
    project.run("run").ok()
    project.run("show", "--graph", ".", "-o", "map.svg").ok()
    root = ET.fromstring(project.read("map.svg"))
    texts = {element.text for element in root.iter() if element.text}
    assert {"load", "blur", "segment", "2/2", "smooth (not kept)"} <= texts
    project.run("show", "--graph", ".", "-o", "map.dot").ok()
    dot = project.run("show", "--graph", ".", "--dot").ok().out
    assert project.read("map.dot") == dot
    assert '[label="smooth", style=dashed];' in dot
    assert project.run("show", "--graph", "--svg", ".").ok().out == project.read("map.svg")


def test_json(project: Project) -> None:
    found = project.run("show", "--graph", "sigma=2", "--json").ok().json()
    assert found["task"] == "sigma=2"
    assert [item["stage"] for item in found["stages"]] == ["load", "blur", "segment"]
    assert found["stages"][1]["outputs"] == [{"field": "smooth", "kept": False, "readers": ["segment"]}]
    assert found["stages"][0]["state"] == "todo"


def test_mistakes(project: Project) -> None:
    assert "the suffix says what to draw" in project.run("show", "--graph", ".", "-o", "map.png").exits(2).err
    assert "No such file" in project.run("show", "--graph", ".", "-o", "no/map.svg").exits(2).err
    assert "do not go with it" in project.run("show", "--graph", ".", "smooth").exits(2).err
    project.write("a/b/task.yml", {"pipelin": []})
    assert "no task.yml" in project.run("show", "--graph", "a").exits(2).err
    assert "pipeline" in project.run("show", "--graph", "a/b").exits(2).err
    assert "✓" not in project.run("show", "--graph", ".").ok().out  # what is wrong elsewhere is none of its business


def test_aggregates(make_project: Callable[..., Project]) -> None:
    project = make_project(variants(1, 2))
    project.run("run", "tasks").ok()
    own = boxes(project.run("show", "--graph", "tasks/k=1").ok().out)
    assert "✓ average 1/1\nonce, over inputs\nx\nmean" in own
    compare = project.run("show", "--graph", "tasks/compare").ok().out
    assert boxes(compare).startswith("✓ ../k=*/ 2/2\n../k=1\n../k=2\n")
    assert "✓ rank 1/1\nonce, over tasks\n" in boxes(compare)
    assert "mean of ../k=*/ ◄" in compare
    project.edit("tasks/k=2/task.yml", "k: 2", "k: 3")
    text = boxes(project.run("show", "--graph", "tasks/compare").ok().out)
    assert text.startswith("● ../k=*/ 1/2\n")
    assert "● rank 0/1\n" in text
