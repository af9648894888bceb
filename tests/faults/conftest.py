"""A project whose stages do what tests want them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import Project
from warm_program import WarmProgram

MakeTree = Callable[..., Project]


@pytest.fixture
def make_tree(make_project: Callable[[Mapping[str, Any]], Project]) -> MakeTree:
    """Return a function that makes a project of three stages, of which the second does `body`."""

    def make(body: str, inputs: Any = (1, 2, 3), more: Mapping[str, Any] | None = None, **attributes: Any) -> Project:
        return make_project({
            "stages.py": stages(stage("A", "", "a", "[input_id]"), stage("B", "a", "b", body, **attributes),
                                stage("C", "b", "c", "[b]")),
            "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A", "stages.B", "stages.C"],
                               "input_ids": list(inputs), **(more or {})}})

    return make


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmProgram]:
    """Return what runs the program without starting Python for each run."""
    with WarmProgram(tmp_path_factory.mktemp("warm")) as program:
        yield program
