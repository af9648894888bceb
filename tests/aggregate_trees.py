"""Trees with aggregates, as their users write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["STAGES", "variants"]

STAGES = """\
from collections.abc import Mapping

from repype_like.stage import Stage, aggregate, stage
from tracing import trace


@stage(outputs=["x"])
def measure(input_id, *, k: int = 1, fail: int = 0):
    trace("measure", input_id)
    if input_id == fail:
        raise ValueError("as asked for")
    return k * input_id


@aggregate(outputs=["mean"])
def average(x: Mapping[int, int]):
    trace("average", None)
    return sum(x.values()) / len(x)


@stage(outputs=["y"])
def normalise(x: int, mean: float):
    trace("normalise", None)
    return x / mean


class Total(Stage):
    over = "inputs"
    inputs = ["y", "mean"]
    outputs = ["total"]

    def process(self, pipeline, config, status=None, y=None, mean=None):
        trace("total", None)
        return {"total": sum(y[input_id] for input_id in y) * mean}


class Rank(Stage):
    over = "tasks"
    tasks = "../k=*/"
    inputs = ["x", "mean", "configs"]
    outputs = ["ranking"]

    def process(self, pipeline, config, status=None, x=None, mean=None, configs=None):
        trace("rank", None)
        return {"ranking": [(task, configs[task]["measure"]["k"], mean[task], dict(x[task]))
                            for task in sorted(x, key=lambda task: mean[task])]}


@stage(over="inputs", outputs=["best"])
def best(ranking):
    trace("best", None)
    return ranking[-1][0]
"""


def variants(*ks: int, **more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files of a tree with a task for each k, and one that compares them."""
    spec = {"pipeline": ["stages.average", "stages.measure"], "input_ids": [1, 2, 3]}
    compare = {"runnable": True, "pipeline": ["stages.best", "stages.Rank"]}
    return {"stages.py": STAGES, "tasks/task.yml": spec, "tasks/compare/task.yml": compare,
            **{f"tasks/k={k}/task.yml": {"runnable": True, "config": {"measure": {"k": k}}} for k in ks}, **more}
