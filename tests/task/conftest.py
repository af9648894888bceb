"""Tasks in this very process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from project import Project
from repype_like.batch import Batch
from repype_like.task import Task

STAGES = """
    from repype_like.stage import Stage

    CALLS = []

    class Load(Stage):
        inputs = ["input_id"]
        outputs = ["image", "size"]

        def process(self, pipeline, config, status=None, input_id=None):
            CALLS.append(("load", input_id))
            return {"image": [input_id] * 3, "size": 3}

    class Scale(Stage):
        inputs = ["image"]
        outputs = ["scaled"]

        def process(self, pipeline, config, status=None, image=None):
            CALLS.append(("scale", image[0]))
            return {"scaled": [value * config.get("factor", 2) for value in image]}

    class Total(Stage):
        inputs = ["input_id"]
        consumes = ["scaled"]
        outputs = ["total"]

        def process(self, pipeline, config, status=None, input_id=None, scaled=None):
            CALLS.append(("total", input_id))
            path = pipeline.resolve("out", input_id)
            if path is not None:
                path.parent.mkdir(exist_ok=True)
                path.write_text(str(sum(scaled)))
            if config.get("broken", None) == input_id:
                raise ValueError("it is broken")
            return {"total": sum(scaled)}
    """

SPEC: dict[str, Any] = {
    "runnable": True, "pipeline": ["stages.Total", "stages.Scale", "stages.Load"], "input_ids": "1-2",
    "marginal_stages": ["load"], "config": {"scale": {"factor": 3}}, "scopes": {"out": "out/%s.txt"},
}

Tree = tuple[Project, dict[str, Task]]
LoadTree = Callable[..., Tree]


@pytest.fixture
def load_tree(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> LoadTree:
    """Return a function that writes specifications, by path, and loads them as tasks of a class, by path."""

    def load(specs: Mapping[str, Any] | None = None, cls: type[Task] = Task, **files: str) -> Tree:
        specs = {".": SPEC} if specs is None else specs
        project = make_project({"stages.py": STAGES, **files,
                                **{f"tasks/{path}/task.yml": spec for path, spec in specs.items()}})
        monkeypatch.chdir(project.root)
        return project, tasks_of(cls)

    return load


def tasks_of(cls: type[Task] = Task) -> dict[str, Task]:
    batch = Batch(cls)
    batch.load("tasks")
    assert not [str(problem) for problem in batch.problems]
    return {batch.name_of(task): task for task in batch.tasks.values()}


@pytest.fixture
def reload() -> Callable[..., dict[str, Task]]:
    """Return a function that loads the tasks again."""
    return tasks_of


@pytest.fixture
def calls() -> Callable[[Task], list[tuple[str, Any]]]:
    """Return a function that tells which stages were executed since it was last asked."""

    def take(task: Task) -> list[tuple[str, Any]]:
        noted = task.codebase.load("stages.CALLS")
        taken = list(noted)
        noted.clear()
        return sorted(taken, key=str)

    return take
