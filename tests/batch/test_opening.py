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
    with pytest.raises(UsageError, match=r"tasks/group: there is no task.yml.*below it are a, b"):
        repype_like.open("tasks/group")
    with pytest.raises(UsageError, match="no such directory"):
        repype_like.open("nowhere")
