"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from project import TRACING, Project

MakeProject = Callable[[Mapping[str, Any]], Project]


@pytest.fixture
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeProject]:
    """Return a function that makes a project of ``{path: content}``; see :mod:`project`."""
    projects: list[Project] = []

    def make(files: Mapping[str, str | bytes | Mapping[str, Any]]) -> Project:
        directory = tmp_path_factory.mktemp("test")
        project = Project(directory / "project", directory / "home")
        project.home.mkdir()
        projects.append(project)
        project.write("tracing.py", TRACING)
        for path, content in files.items():
            project.write(path, content)
        return project

    yield make
    for project in projects:
        project.close()
