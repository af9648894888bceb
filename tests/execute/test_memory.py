"""The peak memory that is told of a stage is its own, and not that of the one before it in the same process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from project import Project

LARGE = 200_000_000

STAGES = f"""
    from repype_like.stage import stage

    @stage(outputs=["size"])
    def take(input_id):
        return {{"size": len(b"x" * ({LARGE} if input_id == 2 else 10))}}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak can be reset on Linux only")
@pytest.mark.parametrize("how", [("--serial",), ("-j", "1")])
def test_a_small_stage_after_a_large_one_is_small(make_project: Callable[[Mapping[str, Any]], Project],
                                                  how: tuple[str, ...]) -> None:
    project = make_project({"task.yml": {"runnable": True, "pipeline": ["stages.take"], "input_ids": "1-3"},
                            "stages.py": STAGES})
    told = [json.loads(line) for line in project.run("run", *how, "--json").ok().out.splitlines()]
    peaks = {event["input_id"]: event["memory"] for event in told if event["event"] == "StageFinished"}
    assert peaks[2] > LARGE
    assert max(peaks[1], peaks[3]) < LARGE
