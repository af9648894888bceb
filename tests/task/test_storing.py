from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from repype_like.task import Task

LoadTree = Callable[..., Any]
SPEC: dict[str, Any] = {"runnable": True, "pipeline": ["stages.Load", "stages.Scale"], "input_ids": "1-2"}


def test_fields_of_no_stage_are_kept_as_well(load_tree: LoadTree) -> None:
    class Adding(Task):
        def store(self, pipeline: Any, data: Any, config: Any, times: Any) -> None:
            for fields in data.values():
                fields["double"] = 2 * fields["size"]
            super().store(pipeline, data, config, times)

    _, tasks = load_tree({".": SPEC}, Adding)
    task = tasks["."]
    task.run(task.create_config())
    assert task.load()[1]["double"] == 6
    assert task.is_pending(task.create_pipeline(), task.create_config()) == ""
    task.run(task.create_config())
    assert task.load()[1]["double"] == 6


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), np.float64(0.25), 3])
def test_times_of_any_kind_leave_what_is_stored_readable(load_tree: LoadTree, seconds: Any) -> None:
    _, tasks = load_tree({".": SPEC})
    task = tasks["."]
    times = task.times
    for input_id in (1, 2):
        times["load", input_id] = seconds
    data = {input_id: {"image": [input_id] * 3, "size": 3, "scaled": [1]} for input_id in (1, 2)}
    task.store(task.create_pipeline(), data, task.create_config(), times)
    assert task.load()[1]["size"] == 3
    found = {record.stage: record.seconds for record in task.results.records}
    assert found == {"load": seconds if math.isfinite(seconds) else 0.0, "scale": 0.0}


def test_what_a_class_strips_need_not_be_storable(load_tree: LoadTree) -> None:
    class Stripping(Task):
        def strip_marginals(self, pipeline: Any, data_chunk: Any) -> Any:
            return {field: value for field, value in super().strip_marginals(pipeline, data_chunk).items()
                    if field != "stream"}

    spec = {**SPEC, "pipeline": ["stages.Load", "opening.Opening"]}
    _, tasks = load_tree({".": spec}, Stripping, **{"opening.py": """
        from repype_like.stage import Stage

        class Opening(Stage):
            inputs = ["image"]
            outputs = ["stream", "length"]

            def process(self, pipeline, config, status=None, image=None):
                return {"stream": iter(image), "length": len(image)}
        """})
    task = tasks["."]
    data = task.run(task.create_config())
    expected = {"input_id": 2, "image": [2, 2, 2], "size": 3, "length": 3}
    assert dict(data[2]) == dict(task.load()[2]) == expected
    assert task.is_pending(task.create_pipeline(), task.create_config()) == ""


def test_no_other_task_takes_what_a_class_has_altered(load_tree: LoadTree, reload: Any) -> None:
    class Negating(Task):
        def store(self, pipeline: Any, data: Any, config: Any, times: Any) -> None:
            for fields in data.values():
                fields["size"] = -fields["size"]
            super().store(pipeline, data, config, times)

    _, tasks = load_tree({".": SPEC, "a": {}, "b": {}}, Negating)
    tasks["a"].run(tasks["a"].create_config())
    assert tasks["a"].load()[1]["size"] == -3
    plain = reload()["b"]
    plain.run(plain.create_config())
    assert plain.load()[1]["size"] == 3
