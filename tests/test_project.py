"""The tests of everything else rest on the project fixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from project import Outcome, Project


def test_executions_are_counted_over_processes_since_the_last_call(make_project: Callable[..., Project]) -> None:
    project = make_project({})
    script = "import sys, tracing\nfor number in range(200): tracing.trace('blur', number % 2 or '0')"

    def trace_from(processes: int) -> None:
        children = [project._popen("-c", script) for _ in range(processes)]
        for child in children:
            child.communicate()
        assert [child.returncode for child in children] == [0] * processes

    assert not project.executions()
    trace_from(3)
    assert project.executions() == {("blur", 1): 300, ("blur", "0"): 300}
    trace_from(1)
    assert project.executions() == {("blur", 1): 100, ("blur", "0"): 100}


def test_files_are_written_edited_moved_and_removed(make_project: Callable[..., Project]) -> None:
    project = make_project({"a/task.yml": {"config": {"blur": {"sigma": 1.0}}}, "stages.py": """
        def blur():
            return 1
        """})
    assert project.read("stages.py") == "def blur():\n    return 1\n"
    project.edit("a/task.yml", "sigma: 1.0", "sigma: 2.0")
    project.move("a", "b/c")
    assert project.read("b/c/task.yml") == "config:\n  blur:\n    sigma: 2.0\n"
    with pytest.raises(AssertionError, match="stands 0 times"):
        project.edit("b/c/task.yml", "sigma: 1.0", "sigma: 3.0")
    project.remove("b")
    assert not (project.root / "b").exists()


def test_an_unexpected_exit_code_shows_what_the_program_said() -> None:
    outcome = Outcome(("run", "a"), 2, '{"x": 1}\n', "no such task\n")
    assert outcome.exits(2).json() == {"x": 1}
    with pytest.raises(AssertionError, match=r"(?s)exit code 0 expected.*\$ repype run a .*no such task"):
        outcome.ok()


def test_nothing_outlives_the_test(make_project: Callable[..., Any]) -> None:
    project = make_project({"sleeper.py": "import time\nprint('here', flush=True)\ntime.sleep(600)\n"})
    child = project._popen("sleeper.py")
    project._children.append(child)
    assert child.stdout.readline() == "here\n"
    project.close()
    assert child.returncode == -9
