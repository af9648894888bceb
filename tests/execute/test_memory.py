"""The peak memory that is told of a stage: its own, and nobody else's that is counted with it."""

from __future__ import annotations

import json
import os
import subprocess
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


LAUNCHER = f"""
import subprocess, sys
held = b"x" * {2 * LARGE}  # the system counts it for the program that is started from here as well
sys.exit(subprocess.run([sys.executable, "-m", "repype_like", *sys.argv[1:]]).returncode)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak can be reset on Linux only")
@pytest.mark.parametrize("how", [("--serial",), ("-j", "1")])
def test_the_peak_of_a_stage_is_its_own(make_project: Callable[[Mapping[str, Any]], Project],
                                        how: tuple[str, ...]) -> None:
    project = make_project({"task.yml": {"runnable": True, "pipeline": ["stages.take"], "input_ids": "1-3"},
                            "stages.py": STAGES})
    done = subprocess.run([sys.executable, "-c", LAUNCHER, "run", *how, "--json"], cwd=project.root, check=True,
                          env={**os.environ, "HOME": str(project.home)}, capture_output=True, encoding="utf-8")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    peaks = {event["input_id"]: event["memory"] for event in told if event["event"] == "StageFinished"}
    assert LARGE < peaks[2] < 2 * LARGE, "neither too little, nor that of the program which has started this one"
    assert max(peaks[1], peaks[3]) < LARGE, "nor that of the stage before"
