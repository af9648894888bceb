"""Watching with a cluster for the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chains import stage, stages
from dask_cluster import DaskCluster, traced
from project import Project
from watching import computed, watching

MakeProject = Callable[[Mapping[str, Any]], Project]


def test_a_task_that_changes_while_it_runs_is_begun_again_and_the_others_go_on(
        make_project: MakeProject, dask_cluster: DaskCluster) -> None:
    """What runs for it on the cluster is ended: two workers, both of which wait, are enough for a third task."""
    wait = stage("Wait", "ready", "done", """
        while not Path("gate-" + str(config["gate"])).exists():
            time.sleep(0.01)
        return {"done": config["gate"]}
    """)
    project = traced(make_project({
        "stages.py": stages(stage("Quick", "", "ready", "input_id"), wait),
        "tasks/task.yml": {"pipeline": ["stages.Quick", "stages.Wait"], "input_ids": [1]},
        "tasks/a/task.yml": {"runnable": True, "config": {"quick": {"own": 1}, "wait": {"gate": "a"}}},
        "tasks/b/task.yml": {"runnable": True, "config": {"quick": {"own": 2}, "wait": {"gate": "b"}}}}))
    with watching(project, "--dask", dask_cluster.address) as watch:
        for _ in range(2):
            watch.until("StageStarted", stage="wait")
        project.edit("tasks/a/task.yml", "gate: a", "gate: again")
        assert watch.until("RunBegan")["again"] == ["a"]
        watch.until("StageStarted", stage="wait", task="a")
        Path(project.root / "gate-b").touch()
        watch.until("TaskFinished", task="b", outcome="completed")
        Path(project.root / "gate-again").touch()
        watch.until("TaskFinished", task="a", outcome="completed")
        assert watch.until("CycleEnded")["good"] is True
        assert not [item for item in watch.seen if item["event"] == "StageFailed"]
        assert computed(watch.seen) == [("a", "quick", 1), ("a", "wait", 1), ("b", "quick", 1), ("b", "wait", 1)]
    assert project.results("tasks/a")[1]["done"] == "again"
