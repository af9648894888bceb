"""``repype runs``: what was run, and what came of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from chains import stage, stages
from project import Project

BLOCKS = stages(stage("One", "", "a", "input_id"), stage("Two", "a", "b", """
    while not Path("go").exists():
        time.sleep(0.01)
    return {"b": a}
"""))


def test_the_runs_of_a_tree(tree: Project) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tree.root, check=True)
    assert "nothing was run here yet" in tree.run("runs", "tasks").exits(2).err
    tree.run("run", "tasks", "--only", "base").ok()
    tree.edit("tasks/base/factor=2/task.yml", "factor: 2", "fail: 2")
    tree.run("run", "tasks").exits(1)
    latest, first = tree.run("runs", "tasks/base").ok().out.splitlines()
    assert first.split()[1:4] == ["completed", "9", "computed"]
    assert first.endswith("repype run tasks --only base")
    assert " failed " in latest
    shown = tree.run("runs", "tasks", "latest").ok().out
    assert "command  repype run tasks\n" in shown
    assert f"with     Python {'.'.join(map(str, sys.version_info[:3]))}" in shown
    assert re.search(r"^memory   at most [\d.]+ MB while a stage ran, [\d.]+ MB in the process that led", shown,
                     re.MULTILINE)
    assert re.search(r"^scale +2 .* MB +0 +1$", shown, re.MULTILINE)
    assert "base/factor=2: failed" in shown
    assert "picked up from base" in shown
    assert "failed: scale for 2 (base/factor=2): ValueError: 2 cannot be scaled" in shown
    name = first.split()[0]
    assert tree.run("runs", "tasks", name).ok().out.startswith(f"run      {name}\noutcome  completed, 9 computed")
    assert 'no run is named "nonsense"; there are 20' in tree.run("runs", "tasks", "nonsense").exits(2).err


def test_as_json(completed: Project) -> None:
    run = completed.run("runs", "tasks", "--json").ok().json()["runs"][-1]
    assert (run["outcome"], run["computed"], run["completed"], run["failed"]) == ("completed", 15, 2, 0)
    assert run["provenance"]["python"]
    details = completed.run("runs", "tasks", run["run"], "--json").ok().json()
    assert {stage: times["count"] for stage, times in details["stages"].items()} == {"load": 3, "scale": 6, "total": 6}


def test_a_run_that_was_killed(make_project: Callable[..., Project]) -> None:
    project = make_project({"stages.py": BLOCKS, "task.yml": {
        "runnable": True, "pipeline": ["stages.One", "stages.Two"], "input_ids": [1, 2]}})
    child = project.start("run", "-j2")
    deadline = time.monotonic() + 60
    runs = project.root / ".repype/runs"
    while not (runs.is_dir() and any("StageFinished" in log.read_text() for log in runs.iterdir())):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert " running " in project.run("runs").ok().out
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    listed = project.run("runs").ok().out
    assert re.search(r" killed +[12] computed ", listed)
    shown = project.run("runs", ".", "latest").ok().out
    assert re.search(r"^outcome  killed, [12] computed, ", shown, re.MULTILINE)
    assert re.search(r"^one +[12] ", shown, re.MULTILINE)
    assert ".: unfinished\n" in shown
    (project.root / "go").touch()
    project.run("run").ok()
    assert [run["outcome"] for run in project.run("runs", "--json").ok().json()["runs"]] == ["completed", "killed"]


def test_a_log_that_is_damaged(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    log = next((tree.root / "tasks/.repype/runs").iterdir())
    log.write_bytes(b"\0" * 100)
    assert tree.run("runs", "tasks").ok().out.split()[1] == "unknown"
    assert "outcome  unknown" in tree.run("runs", "tasks", "latest").ok().out
    assert tree.run("runs", "tasks", "--json").ok().json()["runs"][0]["outcome"] == "unknown"


def test_versions_and_secrets(make_project: Callable[..., Project]) -> None:
    code = stages(stage("One", "", "a", "len(yaml.__version__)")).replace("import ctypes", "import yaml, ctypes")
    project = make_project({"stages.py": code, "task.yml": {
        "runnable": True, "pipeline": ["stages.One"], "input_ids": [1]}})
    project.run("run", "--resources", "token=3").ok()
    shown = project.run("runs", ".", "latest").ok().out
    assert re.search(r"^with .*PyYAML \d", shown, re.MULTILINE)
    assert "token=3" not in shown
