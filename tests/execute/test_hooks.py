"""Methods ``on_<stage>_<event>`` of task classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import chain
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

TASKS = """
    from repype_like.task import Task
    from tracing import trace


    class Watching(Task):
        def on_a_end(self, stage, event, pipeline, input_id, data, config, status, **kwargs):
            trace(f"{event} {stage.id} {pipeline.find('b')} {sorted(data)} {data['a']}", input_id)
            data["a"] = 1000

        def on_b_start(self, stage, event, data, config, input_id, **kwargs):
            trace(f"{event} {stage.id} {sorted(data)} {config['plus']}", input_id)

        def on_b_skip(self, stage, event, data, input_id, **kwargs):
            trace(f"{event} {stage.id} {data['b']}", input_id)

        def on_c_after(self, stage, event, input_id, **kwargs):
            trace(f"{event} {stage.id}", input_id)
    """


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    files = chain("A", "B", "C", input_ids=[5], config={"b": {"plus": 1}})
    return make_project({**files, "tasks.py": TASKS,
                         "tasks/x/task.yml": {"runnable": True, "task_class": "tasks.Watching"}})


@pytest.mark.parametrize("jobs", ["--serial", "-j2"])
def test_hooks_are_told_what_happens(project: Project, jobs: str) -> None:
    project.run("run", "tasks", jobs).ok()
    assert list(project.executions()) == [
        ("a", 5), ("end a 1 ['a', 'input_id'] 5", 5), ("start b ['a', 'input_id'] 1", 5), ("b", 5), ("c", 5),
        ("end c", 5)]
    assert project.results("tasks/x")[5]["b"] == 6, "what a hook writes stays its own"


def test_a_skipped_stage_is_told_to_those_who_want_to_know(project: Project) -> None:
    project.run("run", "tasks").ok()
    project.executions()
    project.write("tasks/x/task.yml", {"runnable": True, "task_class": "tasks.Watching", "config": {"c": {"plus": 1}}})
    project.run("run", "tasks").ok()
    assert list(project.executions()) == [("skip b 6", 5), ("c", 5), ("end c", 5)]


def test_of_tasks_that_share_work_the_first_gets_end_and_the_others_skip(project: Project) -> None:
    project.write("tasks/y/task.yml", {"runnable": True, "task_class": "tasks.Watching"})
    project.run("run", "tasks").ok()
    executed = project.executions()
    assert executed["end c", 5] == executed["skip c", 5] == executed["skip b 6", 5] == 1
    project.run("run", "tasks").ok()
    assert not project.executions()


@pytest.mark.parametrize("hook", ["on_b_start", "on_a_end"])
def test_a_hook_that_fails_is_a_warning(project: Project, hook: str) -> None:
    text = project.read("tasks.py")
    start = text.index("trace", text.index(hook))
    project.write("tasks.py", text[:start] + "raise ValueError('no use')\n        " + text[start:])
    answer = project.run("run", "tasks").ok()
    assert f"the hook {hook} failed for input 5: ValueError: no use" in answer.err
    assert project.results("tasks/x")[5]["c"] == 6


def test_what_was_finished_before_a_hook_kills_the_process_is_kept(project: Project) -> None:
    text = project.read("tasks.py")
    project.write("tasks.py", text.replace('data["a"] = 1000', "import os; os._exit(1)"))
    answer = project.run("run", "tasks", "-j2").ok()
    assert "a hook, or what was left running, ended with exit code 1" in answer.err
    executed = project.executions()
    assert executed["a", 5] == executed["b", 5] == 1, "the rest was done by another process"


def test_a_stage_that_is_turned_off_is_skipped(make_project: Callable[..., Project]) -> None:
    project = make_project({
        "task.yml": {"runnable": True, "task_class": "stages.Watching", "pipeline": ["stages.On", "stages.Off"],
                     "input_ids": "1-2"},
        "stages.py": """
            from repype_like.stage import Stage
            from repype_like.task import Task
            from tracing import trace

            class On(Stage):
                inputs = ["input_id"]
                outputs = ["x"]
                def process(self, pipeline, config, status=None, input_id=None):
                    return {"x": 10 * input_id}

            class Off(Stage):
                inputs = ["x"]
                outputs = ["y"]
                enabled_by_default = False

            class Watching(Task):
                def on_off_skip(self, stage, event, pipeline, input_id, data, config, status, **kwargs):
                    trace(f"{event} {data['x']}", input_id)
        """,
    })
    project.run("run").ok()
    assert project.executions() == {("skip 10", 1): 1, ("skip 20", 2): 1}
    project.run("run").ok()
    assert not project.executions()
