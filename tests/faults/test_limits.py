"""FAULTS 19, 21: descriptors run out, and clocks are wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from project import TRACE_VARIABLE, Project

MakeTree = Callable[..., Project]

LIMITED = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[1])))
from repype_like.cli.app import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(("limit", "codes"), [(48, {0}), (12, {0, 1})])
def test_few_descriptors_are_enough_or_that_is_said(make_tree: MakeTree, limit: int, codes: set[int]) -> None:
    project = make_tree("return {'b': list(range(input_id, 50000))}", inputs=range(1, 30))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), "run", "tasks", "-j2"], cwd=project.root, capture_output=True,
        text=True, check=False, timeout=120,
        env={**os.environ, "HOME": str(project.home), TRACE_VARIABLE: str(project.home / "trace")})
    assert done.returncode in codes, done.stderr
    assert "internal error" not in done.stderr
    assert done.returncode == 0 or "Too many open files" in done.stderr
    project.run("run", "tasks", "-j2").ok()
    project.run("verify", "tasks").ok()


@pytest.mark.parametrize("seconds", [0, 86_400, 2_524_608_000], ids=["1970", "a day later", "2050"])
def test_times_of_files_decide_nothing(make_tree: MakeTree, seconds: int) -> None:
    project = make_tree("pipeline.resolve('made', input_id).write_text('b')\nreturn {'b': list(range(50000))}",
                        more={"scopes": {"made": "made-%s.txt"}})
    project.run("run", "tasks", "-j1").ok()
    project.executions()
    for path in [*project.root.rglob("*")]:
        os.utime(path, (seconds, seconds))
    project.run("status", "tasks", "--check").ok()
    project.run("run", "tasks").ok()
    assert not project.executions()
    project.edit("stages.py", "'b': list(range(50000))", "'b': list(range(40000))")
    os.utime(project.root / "stages.py", (seconds, seconds))
    project.run("run", "tasks", "-j1").ok()
    assert {stage for stage, _ in project.executions()} == {"b", "c"}
