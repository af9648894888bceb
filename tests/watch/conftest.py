"""A small tree that is watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import Project

STAGES = stages(
    stage("Load", "", "data", 'open(pipeline.track(f"raw/{input_id}.txt")).read().strip()'),
    stage("Scale", "data", "scaled", """
        if config.get("fail") == input_id:
            raise ValueError("bad")
        return {"scaled": used.twice(data) + str(config.get("plus", 0))}
    """),
).replace("import ctypes", "import used\nimport ctypes")

FILES: dict[str, Any] = {
    "stages.py": STAGES,
    "used.py": "import deeper\n\n\ndef twice(text):\n    return 2 * deeper.same(text)\n",
    "deeper.py": "def same(text):\n    return text\n",
    "raw/1.txt": "one\n",
    "raw/2.txt": "two\n",
    "tasks/task.yml": {"pipeline": ["stages.Load", "stages.Scale"], "input_ids": [1, 2]},
    "tasks/a/task.yml": {"runnable": True},
    "tasks/b/task.yml": {"runnable": True, "base_config_path": "../../base.yml"},
    "tasks/b/c/task.yml": {"config": {"scale": {"plus": 5}}},
    "base.yml": {"scale": {"plus": 3}},
}


@pytest.fixture
def tree(make_project: Callable[[Mapping[str, Any]], Project]) -> Project:
    """Return the project, in which nothing was run yet."""
    return make_project(FILES)
