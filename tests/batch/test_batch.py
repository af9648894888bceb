from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from repype_like import events
from repype_like.batch import Batch, RunContext
from repype_like.errors import SpecError, UsageError
from repype_like.plan import Request
from repype_like.task import Task

LoadBatch = Callable[..., Any]
SPEC: dict[str, Any] = {"runnable": True, "pipeline": ["stages.Load", "stages.Scale"], "input_ids": "1-2"}
TREE: dict[str, Any] = {".": {**SPEC, "runnable": False}, "b": {"runnable": True}, "a": {"runnable": True},
                        "a/group/c": {"config": {"scale": {"factor": 5}}}}


class Special(Task):
    """A class of tasks."""


def test_tasks_are_loaded_with_their_parents_under_the_paths_that_were_given(load_batch: LoadBatch) -> None:
    project, batch = load_batch(TREE)
    assert set(batch.tasks) == {Path("tasks"), Path("tasks/a"), Path("tasks/b"), Path("tasks/a/group/c")}
    assert set(batch.resolved_tasks) == {path.resolve() for path in batch.tasks}
    assert batch.tasks[Path("tasks/a/group/c")].parent is batch.tasks[Path("tasks/a")]
    below = Batch()
    below.load(project.root / "tasks/a/group")
    assert set(below.tasks) == {project.root / "tasks", project.root / "tasks/a", project.root / "tasks/a/group/c"}
    assert [context.task.directory.name for context in below.contexts] == ["a", "c"]


def test_a_single_task_is_loaded_by_its_path(load_batch: LoadBatch) -> None:
    project, loaded = load_batch(TREE)
    batch = Batch()
    task = batch.task("tasks/a/group/c")
    assert task is not None
    assert task.parent is batch.task("tasks/a")
    assert batch.task(project.root / "tasks/a/group/c") is task
    assert batch.task("tasks/a/group") is None
    assert loaded.task("tasks/a") is loaded.tasks[Path("tasks/a")]


def test_a_specification_may_come_from_the_caller(load_batch: LoadBatch) -> None:
    _, batch = load_batch(TREE)
    task = batch.task("tasks/a/new", {"input_ids": [9]})
    assert (task.parent, task.input_ids) == (batch.tasks[Path("tasks/a")], [9])
    assert batch.task("tasks/a/new") is task
    assert batch.task("tasks/a/new", {"input_ids": [9]}) is task
    with pytest.raises(AssertionError, match="another specification"):
        batch.task("tasks/a/new", {"input_ids": [8]})


def test_contexts_are_sorted_and_found_by_path(load_batch: LoadBatch) -> None:
    project, batch = load_batch(TREE)
    assert [context.task.directory.name for context in batch.contexts] == ["a", "c", "b"]
    assert batch.context(project.root / "tasks/b").task is batch.tasks[Path("tasks/b")]
    assert batch.context("tasks") is None
    assert batch.context("elsewhere") is None


def test_the_class_of_tasks_is_given_or_named(load_batch: LoadBatch) -> None:
    _, batch = load_batch({".": {"task_class": "own.Own"}, "a": {}, "b": {"task_class": "own.Other"}}, Special,
                          **{"own.py": """
                              from repype_like.task import Task

                              class Own(Task):
                                  pass

                              class Other(Task):
                                  pass
                              """})
    assert {path.name: type(task).__name__ for path, task in batch.tasks.items()} == {
        "tasks": "Own", "a": "Own", "b": "Other"}
    _, batch = load_batch({".": {}, "a": {"task_class": "pathlib.Path"}}, Special)
    assert [type(task) for task in batch.tasks.values()] == [Special]
    assert "not a class of tasks" in str(batch.problems[0])
    assert batch.problems[0].where is not None


def test_a_batch_runs_what_is_pending(load_batch: LoadBatch) -> None:
    _, batch = load_batch(TREE)
    assert [context.task.directory.name for context in batch.pending] == ["a", "c", "b"]
    assert asyncio.run(batch.run())
    assert batch.pending == []
    assert batch.context("tasks/a/group/c").task.load()[2]["scaled"] == [10, 10, 10]


def test_a_batch_runs_the_contexts_it_is_given_as_they_are(load_batch: LoadBatch) -> None:
    _, batch = load_batch({**TREE, "broken": {"runnable": True, "pipeline": ["stages.Nothing"]}})
    context = RunContext(batch.task("tasks/a"))
    context.config["scale/factor"] = 100
    assert asyncio.run(batch.run([context]))
    assert context.task.load()[1]["scaled"] == [100, 100, 100]
    assert batch.context("tasks/b").pending == "incomplete"
    with pytest.raises(SpecError, match=r"stages\.Nothing"):
        asyncio.run(batch.run())


def test_a_failure_is_told(load_batch: LoadBatch) -> None:
    _, batch = load_batch({".": {**SPEC, "config": {"scale": {"factor": None}}}})
    assert not asyncio.run(batch.run())
    assert [context.pending for context in batch.contexts] == ["incomplete"]


def test_names_are_relative_to_what_the_loaded_trees_have_in_common(load_batch: LoadBatch) -> None:
    project, batch = load_batch(TREE)
    assert {batch.name_of(task) for task in batch.tasks.values()} == {".", "a", "b", "a/group/c"}
    part = Batch()
    part.load("tasks/a")
    part.load("tasks/b")
    assert part.root == project.root / "tasks"
    below = Batch()
    below.load("tasks/a/group")
    assert {below.name_of(task) for task in below.tasks.values()} == {"c", "..", "../.."}


def test_a_plan_is_made_of_workplaces_and_executed(load_batch: LoadBatch) -> None:
    _, batch = load_batch(TREE)
    heard: list[events.Event] = []
    places = batch.workplaces(batch.prepare())
    assert list(places) == ["a", "a/group/c", "b"]
    plan = batch.plan(places)
    assert [task.computes for task in plan.tasks] == [4, 4, 4]
    summary = batch.execute(plan, places, listen=heard.append, command=("repype", "run"))
    assert summary.succeeded
    assert (summary.completed, summary.computed) == (["a", "a/group/c", "b"], 6), "what is shared is computed once"
    assert isinstance(heard[0], events.RunStarted)
    assert isinstance(heard[-1], events.RunFinished)
    assert heard[0].command == ("repype", "run")
    assert not batch.plan(batch.workplaces(batch.prepare())).pending


def test_what_is_not_loaded_is_picked_up_from_as_well(load_batch: LoadBatch) -> None:
    _, batch = load_batch(TREE)
    asyncio.run(batch.run([batch.context("tasks/b")]))
    part = Batch()
    part.load("tasks/a/group")
    plan = part.plan(part.workplaces(part.prepare()[-1:]))
    assert (plan.tasks[0].takes, plan.tasks[0].first_stage) == (2, "scale")
    assert plan.tasks[0].pickup_path == batch.task("tasks/b").directory
    nothing = part.plan(part.workplaces(part.prepare()[-1:]), Request(pick_up=False))
    assert nothing.tasks[0].takes == 0


def test_tasks_with_different_modules_have_different_numbers(load_batch: LoadBatch) -> None:
    _, batch = load_batch({"a": {**SPEC, "pythonpath": "."}, "b": {**SPEC, "pythonpath": "."}, "c": SPEC, "d": SPEC})
    numbers = [place.view.codebase for place in batch.workplaces(batch.prepare()).values()]
    assert len(set(numbers)) == 3
    assert numbers[2] == numbers[3]


def test_there_has_to_be_a_directory() -> None:
    with pytest.raises(UsageError, match="no such directory"):
        Batch().load("/no/such/directory")
