"""Projects as they were written for repype 1.0.4. What is expected of them was taken down from running them with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from project import Outcome, Project

Run = Callable[..., Outcome]


@pytest.fixture
def make_old_project(make_project: Callable[..., Project]) -> Callable[[Mapping[str, str]], tuple[Project, Run]]:
    """Return a function that makes a project after changing the import name, and a function that runs its scripts."""

    def make(files: Mapping[str, str]) -> tuple[Project, Run]:
        project = make_project({path: re.sub(r"\brepype\b", "repype_like", text) for path, text in files.items()})

        def run(*args: str, code: int = 0) -> Outcome:
            child = project._popen(*args)
            out, err = child.communicate(timeout=120)
            return Outcome(args, child.returncode, out, err).exits(code)

        return project, run

    return make
