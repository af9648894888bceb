"""A tree of variants with scores, completed once for all tests."""

from __future__ import annotations

from typing import Any

import pytest

from project import TRACING, Project

STAGES = """
    from repype_like.stage import Stage


    class Fit(Stage):
        inputs = ["input_id"]
        outputs = ["model", "fit_seconds"]

        def configure(self, pipeline, input_id, *args, **kwargs):
            config = super().configure(pipeline, input_id, *args, **kwargs)
            config["start"] = (ord(input_id), 1)
            return config

        def process(self, pipeline, config, input_id, status=None):
            return {"model": object(), "fit_seconds": 1.5}


    class Score(Stage):
        inputs = ["model", "input_id"]
        outputs = ["metrics", "label"]

        def process(self, pipeline, config, model, input_id, status=None):
            number = {"x": 1, "y": 3}[input_id]
            return {"metrics": {"accuracy": config["C"] * number, "good": number > 1, "api_key": "hidden"},
                    "label": "same"}
    """

FILES: dict[str, Any] = {
    "stages.py": STAGES,
    "tasks/task.yml": {"pipeline": ["stages.Fit", "stages.Score"], "input_ids": ["x", "y"],
                       "config": {"score": {"C": 1.0, "nested": {"deep": [1]}}}},
    "tasks/base/task.yml": {"runnable": True},
    "tasks/base/C=0.25/task.yml": {"config": {"score": {"C": 0.25}}},
    "tasks/other/task.yml": {"runnable": True, "config": {"score": {"nested": {"deep": [2]}}}},
    "tasks/never/task.yml": {"runnable": True},
}


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the project with all but one task run; tests must leave it as it is."""
    directory = tmp_path_factory.mktemp("scored")
    project = Project(directory / "project", directory / "home")
    project.home.mkdir()
    for path, content in {"tracing.py": TRACING, **FILES}.items():
        project.write(path, content)
    project.run("run", "tasks", "--only", "base", "--only", "base/*", "--only", "other").ok()
    return project
