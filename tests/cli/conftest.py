"""A small project: three stages, a template, and two variants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from project import Project

STAGES = """
    from repype_like import status as _status
    from repype_like.stage import Stage
    from tracing import trace


    class Load(Stage):
        inputs = ["input_id"]
        outputs = ["data"]

        def process(self, pipeline, config, input_id, status=None):
            trace(self.id, input_id)
            return {"data": list(range(input_id + 1))}


    class Scale(Stage):
        inputs = ["data", "input_id"]
        outputs = ["scaled"]
        default_config = {"factor": 1}

        def process(self, pipeline, config, data, input_id, status=None):
            trace(self.id, input_id)
            print("scaling", input_id)
            if input_id == config.get("fail"):
                raise ValueError(f"{input_id} cannot be scaled")
            for _ in _status.progress(status, data):
                pass
            return {"scaled": [config["factor"] * item for item in data]}


    class Total(Stage):
        inputs = ["scaled", "input_id"]
        outputs = ["total"]

        def process(self, pipeline, config, scaled, input_id, status=None):
            trace(self.id, input_id)
            _status.update(status, f"total of {len(scaled)}")
            return {"total": sum(scaled)}
    """

FILES: dict[str, Any] = {
    "stages.py": STAGES,
    "tasks/task.yml": {"pipeline": ["stages.Load", "stages.Scale", "stages.Total"], "input_ids": "1-3"},
    "tasks/base/task.yml": {"runnable": True},
    "tasks/base/factor=2/task.yml": {"config": {"scale": {"factor": 2}}},
}


@pytest.fixture
def tree(make_project: Callable[[dict[str, Any]], Project]) -> Project:
    """Return the project, in which nothing was run yet."""
    return make_project(FILES)


@pytest.fixture(scope="session")
def completed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the project with everything run; tests must leave it as it is."""
    from project import TRACING

    directory = tmp_path_factory.mktemp("completed")
    project = Project(directory / "project", directory / "home")
    project.home.mkdir()
    for path, content in {"tracing.py": TRACING, **FILES}.items():
        project.write(path, content)
    project.run("run", "tasks").ok()
    return project
