from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import repype_like
from repype_like.errors import SpecError, UsageError

SPEC: dict[str, Any] = {"runnable": True, "pipeline": ["stages.Load", "stages.Scale"], "input_ids": "1-2"}


def test_a_task_is_opened_with_those_that_it_inherits_from(load_batch: Callable[..., Any]) -> None:
    project, _ = load_batch({".": SPEC, "a/b": {"input_ids": 5}})
    task = repype_like.open("tasks/a/b")
    assert task.full_spec == {**SPEC, "input_ids": 5}
    assert repype_like.open(project.root / "tasks/a/b/task.yml").directory == task.directory
    task.run(task.create_config())
    assert repype_like.open("tasks/a/b").load()[5]["scaled"] == [10, 10, 10]


def test_what_is_wrong_above_concerns_it_and_what_is_wrong_elsewhere_does_not(load_batch: Callable[..., Any]) -> None:
    load_batch({".": {"runable": True}, "a": {}})
    with pytest.raises(SpecError, match="runable"):
        repype_like.open("tasks/a")
    load_batch({".": {}, "a": {}, "b": {"runable": True}})
    assert repype_like.open("tasks/a").spec == {}
    assert repype_like.open("tasks").spec == {}


def test_where_there_is_no_task_those_below_are_named(load_batch: Callable[..., Any]) -> None:
    load_batch({"group/a": {}, "group/b": {}})
    with pytest.raises(UsageError, match=r"tasks/group: there is no task.yml.*the tasks below it, a, b"):
        repype_like.open("tasks/group")
    with pytest.raises(UsageError, match="no such directory"):
        repype_like.open("nowhere")


def test_stages_that_were_edited_in_between_are_read_anew(load_batch: Callable[..., Any]) -> None:
    project, _ = load_batch({".": SPEC})

    def scaled() -> Any:
        task = repype_like.open("tasks")
        task.run(task.create_config())
        return task.load()[2]["scaled"]

    assert scaled() == [4, 4, 4]
    earlier = repype_like.open("tasks")
    project.edit("stages.py", "value * config", "value + config")
    assert earlier.load()[2]["scaled"] == [4, 4, 4]
    assert earlier.is_pending(earlier.create_pipeline(), earlier.create_config()) == "", "it has the code as it was"
    latest = repype_like.open("tasks")
    assert latest.is_pending(latest.create_pipeline(), latest.create_config()) == "pipeline"
    project.edit("stages.py", "value + config", "1 + value + config")
    assert scaled() == [5, 5, 5]
