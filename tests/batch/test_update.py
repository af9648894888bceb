from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from repype_like import events
from repype_like.batch import Batch, Summary
from repype_like.errors import LockedError
from repype_like.plan import Request
from repype_like.status import RunState, read, run_logs
from repype_like.store import RunLock

SPEC: dict[str, Any] = {"runnable": True, "pipeline": ["stages.Load", "stages.Scale"], "input_ids": "1-2"}


def update(request: Request | None = None, heard: list[events.Event] | None = None) -> Summary:
    """Load the tasks anew and bring them up to date."""
    batch = Batch()
    batch.load("tasks")
    places = batch.workplaces(batch.prepare())
    request = request or Request()
    return batch.execute(batch.plan(places, request), places, request,
                         listen=heard.append if heard is not None else lambda event: None)


def test_what_came_of_it_is_summed_up(load_batch: Callable[..., Any]) -> None:
    project, _ = load_batch({"a": SPEC, "b": {**SPEC, "config": {"scale": {"factor": 5}}}})
    first = update()
    assert (first.completed, first.failed, first.computed, first.up_to_date) == (["a", "b"], [], 6, 0)
    second = update()
    assert (second.completed, second.computed, second.up_to_date) == ([], 0, 2)
    project.edit("tasks/b/task.yml", "factor: 5", "factor: 2")
    third = update()
    assert (third.completed, third.computed, third.up_to_date) == (["b"], 2, 1)
    assert third.succeeded


def test_tasks_of_one_tree_take_over_from_each_other(load_batch: Callable[..., Any]) -> None:
    project, _ = load_batch({".": SPEC, "a": {"config": {"scale": {"factor": 5}}}})
    update()
    project.write("tasks/b/task.yml", {"config": {"scale": {"factor": 5}}})
    heard: list[events.Event] = []
    summary = update(heard=heard)
    assert (summary.completed, summary.computed, summary.taken) == (["b"], 0, 4)
    finished, = (event for event in heard if isinstance(event, events.TaskFinished))
    assert set(finished.sources) <= {".", "a"}


def test_one_failing_input_costs_that_input(load_batch: Callable[..., Any]) -> None:
    failing = {**SPEC, "pipeline": ["stages.Load", "failing.Fail"], "config": {"fail": {"at": 2}}}
    project, _ = load_batch({"a": SPEC, "b": failing}, **{"failing.py": """
        from repype_like.stage import Stage

        class Fail(Stage):
            inputs = ["image"]
            outputs = ["ok"]

            def process(self, pipeline, config, status=None, image=None):
                return {"ok": 1 / (image[0] - config["at"])}
        """})
    summary = update()
    assert not summary.succeeded
    assert (summary.completed, summary.failed) == (["a"], ["b"])
    failure, = summary.failures
    assert (failure.task, failure.stage, failure.input_id) == ("b", "fail", 2)
    assert update().computed == 0, "what has failed is tried again, and what was finished is kept"
    project.edit("tasks/b/task.yml", "at: 2", "at: 3")
    assert (update().completed, update().up_to_date) == (["b"], 2)


def test_part_of_the_work_does_not_complete_a_task(load_batch: Callable[..., Any]) -> None:
    load_batch({".": SPEC})
    summary = update(Request(inputs=frozenset([2])))
    assert (summary.completed, summary.unfinished, summary.computed) == ([], ["."], 2)
    assert summary.succeeded
    assert update().computed == 2


def test_a_changed_wording_is_taken_down_without_running_anything(load_batch: Callable[..., Any]) -> None:
    project, _ = load_batch({".": SPEC})
    update()
    project.edit("tasks/task.yml", "input_ids: 1-2", "input_ids: [2, 1]")
    summary = update()
    assert (summary.computed, summary.completed) == (0, [])


def test_a_stage_that_reads_what_a_later_one_writes_does_not_settle_and_is_told(load_batch: Callable[..., Any]) -> None:
    load_batch({".": {**SPEC, "pipeline": ["odd.Reader", "odd.Writer"], "input_ids": 1,
                      "scopes": {"count": "%s.txt"}}}, **{"odd.py": """
        from repype_like.stage import Stage

        class Reader(Stage):
            inputs = ["input_id"]
            outputs = ["count"]

            def process(self, pipeline, config, status=None, input_id=None):
                path = pipeline.resolve("count", input_id)
                return {"count": int(path.read_text()) if path.exists() else 0}

        class Writer(Stage):
            inputs = ["input_id", "count"]

            def process(self, pipeline, config, status=None, input_id=None, count=None):
                pipeline.resolve("count", input_id).write_text(str(count + 1))
        """})
    summary = update()
    assert summary.failed == ["."]
    assert "does not settle" in summary.failures[0].error


def test_the_log_tells_what_the_listener_was_told(load_batch: Callable[..., Any]) -> None:
    project, _ = load_batch({".": SPEC})
    heard: list[events.Event] = []
    update(heard=heard)
    log, = run_logs(project.root / "tasks")
    logged = list(read(log))
    assert [type(event) for event in logged] == [type(event) for event in heard]
    state = RunState()
    for event in logged:
        state.feed(event)
    assert (state.done, state.outcomes["completed"]) == (4, 1)
    update()
    assert run_logs(project.root / "tasks") == [log], "a run that has nothing to do leaves no log"


def test_two_runs_do_not_work_on_the_same_tasks(load_batch: Callable[..., Any]) -> None:
    project, _ = load_batch({"a": SPEC, "b": SPEC})
    with RunLock(project.root / "tasks/a", [project.root / "tasks/a"], command="other", wait=False), \
            pytest.raises(LockedError):
        update()
