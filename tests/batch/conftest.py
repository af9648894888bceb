"""Batches in this very process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from project import Project
from repype_like.batch import Batch
from repype_like.task import Task

STAGES = """
    from repype_like.stage import Stage

    class Load(Stage):
        inputs = ["input_id"]
        outputs = ["image"]

        def process(self, pipeline, config, status=None, input_id=None):
            return {"image": [input_id] * 3}

    class Scale(Stage):
        inputs = ["image"]
        outputs = ["scaled"]

        def process(self, pipeline, config, status=None, image=None):
            return {"scaled": [value * config.get("factor", 2) for value in image]}

    class Shown(Stage):
        outputs = ["mask"]
        formats = {"mask": "pgn"}

    class Misnamed(Stage):
        outputs = ["mask"]
        formats = {"maks": "png"}
    """


@pytest.fixture
def load_batch(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that writes specifications, by path, and returns the project and a batch of them."""

    def load(specs: Mapping[str, Any], cls: type[Task] = Task, **files: str) -> tuple[Project, Batch]:
        project = make_project({"stages.py": STAGES, **files,
                                **{f"tasks/{path}/task.yml": spec for path, spec in specs.items()}})
        monkeypatch.chdir(project.root)
        batch = Batch(cls)
        batch.load("tasks")
        return project, batch

    return load
