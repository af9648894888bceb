"""What stages can ask for: a folder that survives, seeds, a logger, not to be kept, to be drawn once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from project import Project
from repype_like.errors import UsageError
from repype_like.stage import Stage

MakeProject = Callable[[Mapping[str, Any]], Project]


def make(make_project: MakeProject, source: str, *stages: str, **keys: Any) -> Project:
    return make_project({"stages.py": source, "tasks/task.yml": {
        "runnable": True, "input_ids": [1], "pipeline": [f"stages.{name}" for name in stages], **keys}})


def test_a_folder_survives_a_kill_and_goes_when_the_stage_is_done(make_project: MakeProject) -> None:
    project = make(make_project, """
        import os, signal
        from repype_like.stage import stage


        @stage(outputs=["steps"])
        def train(input_id, stage):
            checkpoint = stage.work_dir / "checkpoint"
            done = int(checkpoint.read_text()) if checkpoint.exists() else 0
            for step in range(done, 4):
                checkpoint.write_text(str(step + 1))
                if step == 1:
                    os.kill(os.getpid(), signal.SIGKILL)
            return f"{done} of {checkpoint.read_text()}"
        """, "train")
    project.run("run", "tasks", "-j", "1").exits(1)
    assert [path.name for path in (project.root / "tasks/.repype/work").glob("*/*")] == ["checkpoint"]
    project.run("run", "tasks", "-j", "1").ok()
    assert project.results("tasks")[1]["steps"] == "2 of 4"
    assert not (project.root / "tasks/.repype/work").exists()


def test_another_configuration_has_another_folder(make_project: MakeProject) -> None:
    project = make(make_project, """
        from repype_like.stage import stage


        @stage(outputs=["seen"])
        def train(input_id, stage, *, rate: float = 1.0, fail: bool = False):
            marks = sorted(path.name for path in stage.work_dir.iterdir())
            (stage.work_dir / str(rate)).touch()
            if rate == 1:
                raise ValueError
            return marks
        """, "train")
    project.run("run", "tasks").exits(1)
    project.write("tasks/task.yml", project.read("tasks/task.yml") + "config: {train: {rate: 2}}\n")
    project.run("run", "tasks").ok()
    assert project.results("tasks")[1]["seen"] == []
    assert (project.root / "tasks/.repype/work").exists(), "that of the failed attempt"
    project.run("reset", "tasks", "-y").ok()
    assert not (project.root / "tasks/.repype/work").exists()


def test_outside_of_a_run_there_is_no_folder() -> None:
    class Fit(Stage):
        pass

    with pytest.raises(UsageError, match="only while it is run"):
        _ = Fit().work_dir


def test_seeds_follow_from_what_is_computed(make_project: MakeProject) -> None:
    project = make(make_project, """
        import random
        import numpy as np
        from repype_like.stage import stage


        @stage(outputs=["drawn"], seeded=True)
        def draw(input_id):
            return [random.random(), float(np.random.random())]
        """, "draw", input_ids=[1, 2])
    project.run("run", "tasks", "--serial").ok()
    first = project.results("tasks")
    assert first[1]["drawn"] != first[2]["drawn"]
    project.run("run", "tasks", "--force", "-j", "2").ok()
    assert project.results("tasks") == first


def test_what_is_different_each_time_is_drawn_once(make_project: MakeProject) -> None:
    source = """
        import os
        from repype_like.stage import stage
        from tracing import trace


        @stage(outputs=["drawn"], deterministic=False)
        def draw(input_id):
            trace("draw", input_id)
            return os.urandom(8)


        @stage(outputs=["shown"], cache=False)
        def show(drawn, input_id):
            trace("show", input_id)
            return drawn.hex()


        @stage(outputs=["kept"])
        def keep(shown, input_id, *, suffix: str = ""):
            return shown + suffix
        """
    project = make(make_project, source, "draw", "show", "keep")
    project.write("tasks/b/task.yml", "config: {keep: {suffix: b}}")
    project.run("run", "tasks").ok()
    assert project.executions() == {("draw", 1): 1, ("show", 1): 1}
    assert "not deterministic" in project.run("show", "tasks", "--graph").ok().out
    assert project.run("show", "tasks", "--parameters").ok().out.splitlines()[0] == "draw:  # not deterministic"
    first = project.results("tasks")[1]
    assert "shown" not in first, "never kept"
    assert project.results("tasks/b")[1]["kept"] == first["kept"] + "b"
    project.edit("tasks/b/task.yml", "suffix: b", "suffix: c")
    project.run("run", "tasks").ok()
    assert project.executions() == {("show", 1): 1}, "computed again where it is needed, and from what was drawn"
    assert project.results("tasks/b")[1]["kept"] == first["kept"] + "c"
    project.run("run", "tasks", "--from", "draw").ok()
    assert project.results("tasks")[1]["drawn"] != first["drawn"]
    project.write("tasks/task.yml", project.read("tasks/task.yml") + "marginal_stages: [draw]\n")
    assert '"draw" is not deterministic, so what it produces has to be kept' in project.run("run", "tasks").exits(2).err


def test_what_a_stage_logs_is_shown_when_it_fails(make_project: MakeProject) -> None:
    project = make(make_project, """
        from repype_like.stage import stage


        @stage
        def fit(input_id, stage):
            stage.logger.info("fitting %s", input_id)
            raise ValueError("no")
        """, "fit")
    assert "INFO repype.fit: fitting 1" in project.run("run", "tasks").exits(1).err
