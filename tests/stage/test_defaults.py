"""Declared defaults: each execution gets its own, whatever the one before did to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

STAGES = """
    from repype_like.stage import Stage

    class Count(Stage):
        inputs = ["input_id"]
        outputs = ["seen"]
        default_config = {"bins": {"edges": [0]}, "names/first": ["a"]}

        def process(self, pipeline, config, status=None, input_id=None):
            config["bins"]["edges"].append(input_id)
            config["names/first"].append(input_id)
            return {"seen": [config["bins/edges"], config["names/first"]]}
"""


@pytest.mark.parametrize("how", [("--serial",), ("-j", "1")])
def test_a_default_that_a_stage_changes_is_as_declared_for_the_next_input(make_project: MakeProject,
                                                                        how: tuple[str, ...]) -> None:
    project = make_project({
        "task.yml": {"runnable": True, "pipeline": ["stages.Count"], "input_ids": "1-3"}, "stages.py": STAGES})
    project.run("run", *how).ok()
    assert {input_id: fields["seen"] for input_id, fields in project.results().items()} == {
        input_id: [[0, input_id], ["a", input_id]] for input_id in (1, 2, 3)}
