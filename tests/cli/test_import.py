"""``repype import``: results of repype 1.0.4, written here as it writes them, are taken over."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dill
import numpy as np
import pytest

from chains import stage, stages
from project import Project

FILES: dict[str, Any] = {
    "stages.py": stages(
        stage("Load", "", "image", "float(pipeline.resolve('raw', input_id).read_text())"),
        stage("Scale", "image", "scaled", "image * config['factor']"),
        stage("Total", "scaled", "total", "scaled + config.get('plus', 0)")),
    "tasks/task.yml": {"pipeline": ["stages.Load", "stages.Scale", "stages.Total"], "input_ids": [1, "b"],
                       "scopes": {"raw": "../../raw/%s.txt"}, "marginal_stages": ["load"],
                       "config": {"scale": {"factor": 2}}},
    "tasks/one/task.yml": {"runnable": True},
    "raw/1.txt": "10", "raw/b.txt": "20",
}


def _spec(project: Project) -> dict[str, Any]:
    return {**FILES["tasks/task.yml"], "runnable": True}


def _store_as_repype_does(task: Path, data: Mapping[Any, Mapping[str, Any]], spec: Mapping[str, Any]) -> None:
    """Write what repype 1.0.4 leaves in the directory of a completed task."""
    with gzip.open(task / "data.dill.gz", "wb") as file:
        dill.dump(dict(data), file, byref=True)
    (task / ".task.json").write_text(json.dumps(spec))
    (task / ".sha.json").write_text(json.dumps({
        "stages": {name: hashlib.sha1(name.encode()).hexdigest() for name in ("load", "scale", "total")},
        "task": hashlib.sha1(json.dumps(spec).encode()).hexdigest()}))
    columns = list(data)
    (task / "times.csv").write_text("\n".join([
        ",".join(["", *map(str, columns)]), *(f"{name},0.5,1.5" for name in ("load", "scale", "total"))]) + "\n")


@pytest.fixture
def old(make_project: Callable[..., Project]) -> Project:
    """A project whose task was completed by repype 1.0.4."""
    project = make_project(FILES)
    _store_as_repype_does(project.root / "tasks/one", {
        1: {"input_id": 1, "scaled": 20.0, "total": np.float64(20)},
        "b": {"input_id": "b", "scaled": 40.0, "total": 40.0}}, _spec(project))
    return project


def test_results_are_taken_over_and_count_from_then_on(old: Project) -> None:
    answer = old.run("import", "tasks", "--trust").ok()
    assert (answer.out, answer.err) == ("one\n", "Took over the results of 1 task.\n")
    old.run("status", "tasks", "--check").ok()
    assert {key: (fields["scaled"], fields["total"]) for key, fields in old.results("tasks/one").items()} == {
        1: (20.0, 20.0), "b": (40.0, 40.0)}
    assert old.read("tasks/one/times.csv").splitlines()[1] == "load,0.5,1.5"
    old.run("run", "tasks").ok()
    assert not old.executions()
    assert old.run("import", "tasks", "--trust").ok().err.startswith("Nothing to take over")
    old.run("verify", "tasks").ok()
    old.edit("stages.py", "config.get('plus', 0)", "1")
    old.run("run", "tasks").ok()
    assert {name for name, _ in old.executions()} == {"total"}, "the values before it are stored"
    old.write("raw/1.txt", "11")
    old.run("run", "tasks").ok()
    assert old.executions() == {("load", 1): 1, ("scale", 1): 1, ("total", 1): 1}


def test_what_was_computed_with_another_configuration_is_no_result_of_this_one(old: Project) -> None:
    old.write("tasks/one/task.yml", {"runnable": True, "config": {"total": {"plus": 5}}, "input_ids": [1, 2]})
    old.write("raw/2.txt", "30")
    old.run("import", "tasks", "--trust").ok()
    old.run("run", "tasks").ok()
    executed = old.executions()
    assert executed["scale", 1] == 0
    assert {key for key in executed if key[1] == 1} == {("total", 1)}
    assert {key: fields["total"] for key, fields in old.results("tasks/one").items()} == {1: 25.0, 2: 65.0}


def test_the_word_is_asked_for(old: Project) -> None:
    assert "add --trust" in old.run("import", "tasks").exits(2).err
    assert old.run("import", "tasks", "-n", "--json").ok().json() == {
        "schema": 1, "tasks": [{"task": "one", "imported": False, "error": None}]}
    assert not (old.root / "tasks/one/.repype").exists()


def test_what_cannot_be_taken_over_is_named_and_the_others_are(old: Project) -> None:
    for name in ("torn", "incomplete", "strange"):
        old.write(f"tasks/{name}/task.yml", {"runnable": True})
        _store_as_repype_does(old.root / "tasks" / name, {1: {"total": 1}}, _spec(old))
    file = old.root / "tasks/torn/data.dill.gz"
    file.write_bytes(file.read_bytes()[:-20])
    (old.root / "tasks/incomplete/.sha.json").unlink()
    (old.root / "tasks/strange/data.dill.gz").write_bytes(gzip.compress(dill.dumps([1, 2])))
    answer = old.run("import", "tasks", "--trust").exits(1)
    assert answer.out == "one\n"
    assert "torn: not taken over: tasks/torn/data.dill.gz: cannot be read" in answer.err
    assert "incomplete: not taken over" in answer.err
    assert "strange: not taken over: tasks/strange/data.dill.gz: is not what repype 1.0.4 stores" in answer.err


FITTING = stages(
    stage("Fit", "", "model", "raise AssertionError('it is taken over')", formats={"model": "file"}),
    stage("Size", "model", "size", "len(Path(model).read_bytes())"))


def test_paths_in_fields_that_are_files_become_files(make_project: Callable[..., Project]) -> None:
    base = {"pipeline": ["stages.Fit", "stages.Size"], "input_ids": [1]}
    project = make_project({"stages.py": FITTING, "tasks/task.yml": base, "models/m.bin": "0123456789"})
    model = project.root / "models/m.bin"
    values = {"path": model, "text": str(model), "gone": project.root / "models/gone.bin", "bytes": b"01"}
    for name, value in values.items():
        project.write(f"tasks/{name}/task.yml", {"runnable": True})
        _store_as_repype_does(project.root / "tasks" / name, {1: {"input_id": 1, "model": value, "size": 10}},
                              {**base, "runnable": True})
    answer = project.run("import", "tasks", "--trust").exits(1)
    assert answer.out.split() == ["path", "text"]
    for name, why in (("gone", "gone.bin cannot be read"), ("bytes", 'a bytes cannot be stored as "file"')):
        what = f'{name}: not taken over: the field "model" of the stage "fit" for the input 1 cannot be stored: '
        assert why in answer.err.partition(what)[2].partition("\n")[0]
    model.unlink()
    project.run("status", "tasks/path", "--check").ok()
    project.run("show", "tasks/text", "model", "--input", "1", "-o", "out.bin").ok()
    assert project.read("out.bin") == "0123456789"
    project.edit("stages.py", "len(Path(model).read_bytes())", "len(Path(model).read_bytes()) + 1")
    project.run("run", "tasks/path", "-j1").ok()
    assert project.executions() == {("size", 1): 1}
    assert project.results("tasks/path")[1]["size"] == 11
