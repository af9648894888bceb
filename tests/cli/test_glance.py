"""What is known at a glance is said in the same words as what was looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from project import Outcome, Project

_PATIENCE = 60.0
"""Seconds."""

_ASKED = (("status",), ("status", "--json"), ("status", "-v", "--sizes"), ("status", "--check"), ("run",),
          ("run", "--serial", "-k"))


_FILES = {
    "task.yml": {"pipeline": ["stages.Double"], "input_ids": "1-3"},
    "sub/one/task.yml": {"runnable": True},
    "sub/two/task.yml": {"runnable": True, "input_ids": [1]},
    "stages.py": """
        from repype_like.stage import Stage

        class Double(Stage):
            inputs = ["input_id"]
            outputs = ["twice"]

            def process(self, pipeline, config, status=None, input_id=None):
                return {"twice": 2 * input_id}
        """}


def test_a_run_that_has_nothing_to_do_keeps_that(make_project: Callable[[dict[str, Any]], Project]) -> None:
    project = make_project(_FILES)
    folder = project.home / ".cache/repype_like/answers"
    project.run("run", "--serial").ok()
    until = time.monotonic() + _PATIENCE
    while not list(folder.glob("*")):
        assert time.monotonic() < until, "nothing is kept"
        assert "Nothing to do: 2 tasks are up to date." in project.run("run").ok().err
    assert project.run("run", "--force", "--serial").ok().err.count("completed") > 1


def test_it_is_said_in_the_same_words(make_project: Callable[[dict[str, Any]], Project]) -> None:
    project = make_project(_FILES)
    folder = project.home / ".cache/repype_like/answers"
    project.run("run", "--serial").ok()
    until = time.monotonic() + _PATIENCE
    while len(list(folder.glob("*")) if folder.is_dir() else []) < 2:
        assert time.monotonic() < until, "nothing is kept"
        project.run("status").ok()
        project.run("status", "sub").ok()

    def say() -> list[Outcome]:
        return [project.run(*asked, path) for asked in _ASKED for path in (".", "sub")]

    at_a_glance = say()
    for file in folder.glob("*"):
        file.unlink()
        file.mkdir()  # so that nothing can be kept
    assert at_a_glance == say()
    assert at_a_glance[0].out.count("up to date") == 2
    assert "The tree begins above" in at_a_glance[1].err
