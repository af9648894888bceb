"""``repype runs``: what was run, and what came of it."""

from __future__ import annotations

import subprocess

from project import Project


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
    assert f"with     Python {'.'.join(map(str, __import__('sys').version_info[:3]))}" in shown
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


def test_a_run_that_was_killed(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    log = next((tree.root / "tasks/.repype/runs").iterdir())
    log.write_text(log.read_text().rpartition('{"event": "RunFinished"')[0] + '{"event": "Sta')
    assert " killed " in tree.run("runs", "tasks").ok().out
    assert "outcome  killed" in tree.run("runs", "tasks", "latest").ok().out
