from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from repype_like import status as _status
from repype_like.pipeline import StageError
from repype_like.task import Task

LoadTree = Callable[..., Any]
SPEC: dict[str, Any] = {"runnable": True, "pipeline": ["stages.Load", "stages.Scale"], "input_ids": "1-2"}
RUN_ALL = [("load", 1), ("load", 2), ("scale", 1), ("scale", 2)]


def test_progress_is_reported_through_the_status_of_the_caller(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": SPEC})
    with _status.create() as status:
        tasks["."].run(tasks["."].create_config(), status=status)
    directory = str(tasks["."].directory)
    assert status.data == [{"info": "start", "task": directory, "first_stage": "load", "pickup": None},
                           {"info": "completed", "task": directory}]


def test_a_task_that_finds_nothing_to_pick_up_starts_from_scratch(load_tree: LoadTree, calls: Any) -> None:
    class FromScratch(Task):
        def find_pickup_task(self, pipeline: Any, config: Any) -> Any:
            return {"task": None, "first_diverging_stage": None}

    _, tasks = load_tree({".": SPEC}, FromScratch)
    task = tasks["."]
    for _ in range(2):
        task.run(task.create_config())
        assert calls(task) == RUN_ALL


def test_a_task_may_name_the_stage_to_begin_with(load_tree: LoadTree, calls: Any) -> None:
    class FromScale(Task):
        def find_first_diverging_stage(self, pipeline: Any, config: Any) -> Any:
            return pipeline.stage("scale")

    _, tasks = load_tree({".": SPEC}, FromScale)
    task = tasks["."]
    task.run(task.create_config())
    calls(task)
    task.run(task.create_config())
    assert calls(task) == [("scale", 1), ("scale", 2)]


WHOLE = """
    from pathlib import Path
    from repype_like.pipeline import Pipeline, create_pipeline
    from stages import Load, Scale

    class Whole(Pipeline):
        def process(self, input_id, config, **kwargs):
            data, config, times = super().process(input_id, config, **kwargs)
            if Path("offset.txt").exists():
                data["scaled"] = [value + int(Path("offset.txt").read_text()) for value in data["scaled"]]
            return data, config, times

    def make(**kwargs):
        return create_pipeline([Load(), Scale()], pipeline_cls=Whole, **kwargs)
    """


def test_a_pipeline_that_processes_inputs_as_a_whole(load_tree: LoadTree, calls: Any) -> None:
    project, tasks = load_tree({".": {**SPEC, "pipeline": "whole.make"}}, **{"whole.py": WHOLE, "offset.txt": "100"})
    task = tasks["."]
    pipeline, config = task.create_pipeline(), task.create_config()
    assert task.run(config)[2]["scaled"] == [104, 104, 104]
    assert calls(task) == RUN_ALL
    assert task.load()[2]["scaled"] == [104, 104, 104]
    assert task.is_pending(pipeline, config) == ""
    project.write("offset.txt", "200")
    assert task.is_pending(pipeline, config) == "incomplete", "the file that it has read counts"
    assert task.run(config)[2]["scaled"] == [204, 204, 204]
    assert task.is_pending(pipeline, config) == ""


def test_a_failure_in_such_a_pipeline_names_the_stage(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "pipeline": "whole.make", "config": {"scale": {"factor": None}}}},
                         **{"whole.py": WHOLE})
    with pytest.raises(StageError, match="scale") as failure:
        tasks["."].run(tasks["."].create_config())
    assert isinstance(failure.value.__cause__, TypeError)
