from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from repype_like.batch import Batch, RunContext
from repype_like.errors import RepypeError
from repype_like.task import Task

SPEC: dict[str, Any] = {"runnable": True, "pipeline": ["stages.Load", "stages.Scale"], "input_ids": "1-2"}


def test_a_context_has_the_pipeline_with_hooks_and_the_config(load_batch: Callable[..., Any]) -> None:
    class Hooked(Task):
        def on_load_end(self, **kwargs: Any) -> None:
            """Hear of it."""

    _, batch = load_batch({".": {**SPEC, "config": {"scale": {"factor": 3}}}}, Hooked)
    context = RunContext(batch.task("tasks"))
    assert context.config.entries == {"scale": {"factor": 3}}
    assert context.pipeline.stages[0].event_callbacks == {"end": [context.task.on_load_end]}  # type: ignore[attr-defined]
    assert context.pending == "incomplete"
    assert context.run()[2]["scaled"] == [6, 6, 6]
    assert RunContext(context.task).pending == ""
    assert repr(context) == '<RunContext "tasks">'


def test_equal_contexts(load_batch: Callable[..., Any]) -> None:
    _, batch = load_batch({".": SPEC})
    first, second = RunContext(batch.task("tasks")), RunContext(batch.task("tasks"))
    assert first == second
    assert hash(first) == hash(second)
    second.config["scale/factor"] = 3
    assert first != second


def test_run_hands_arguments_on_by_keyword(load_batch: Callable[..., Any]) -> None:
    class Own(Task):
        def run(self, config: Any, *, pipeline: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
            return {"pipeline": pipeline, **kwargs}

    _, batch = load_batch({".": SPEC}, Own)
    context = RunContext(batch.task("tasks"))
    given: Any = context.run(pickup=False)
    assert given == {"pipeline": context.pipeline, "pickup": False}


def test_a_template_has_no_context(load_batch: Callable[..., Any]) -> None:
    _, batch = load_batch({".": {}})
    with pytest.raises(AssertionError, match="not runnable"):
        RunContext(batch.task("tasks"))


def test_what_fails_in_a_class_of_tasks_is_named() -> None:
    class Failing(Task):
        def create_config(self) -> Any:
            return {}["missing"]  # type: ignore[index]

        def create_pipeline(self, *args: Any, **kwargs: Any) -> Any:
            return None

    with pytest.raises(RepypeError, match=r"create_config failed: KeyError: 'missing' \(.*test_context"):
        RunContext(Batch(Failing).task("anywhere", {"runnable": True}))  # type: ignore[arg-type]
