"""FAULTS 64, 65: nobody reads what is said, or it cannot be written; results are unaffected."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from project import TRACE_VARIABLE, Project

MakeTree = Callable[..., Project]

_PATIENCE = 60.0
"""Seconds."""

REPYPE = f"{sys.executable} -m repype_like"


@pytest.fixture
def project(make_tree: MakeTree) -> Project:
    return make_tree("print('said', flush=True); os.write(1, b'more')\nreturn {'b': a}")


def shell(project: Project, command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell, in which ``repype`` is the program."""
    environment = {**os.environ, "HOME": str(project.home), TRACE_VARIABLE: str(project.home / "trace"), **env}
    return subprocess.run(["bash", "-c", f"set -o pipefail; {command.replace('repype', REPYPE)}"], cwd=project.root,
                          env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("how", ["--serial", "-j2 --json"])
def test_closed_streams_are_no_error(project: Project, closed: str, how: str) -> None:
    """The files that a run opens must not get their numbers either: what a stage prints would go there."""
    done = shell(project, f"repype run tasks {how} {closed}")
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr
    project.run("verify", "tasks").ok()
    assert len(project.results("tasks")) == 3
    assert shell(project, f"repype status tasks --check {closed}").returncode == 0


def test_a_reader_of_events_who_has_seen_enough_ends_the_run_quietly(project: Project) -> None:
    done = shell(project, "repype run tasks -j2 --json | head -1")
    assert (done.returncode, done.stdout.count("\n")) == (141, 1)
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr
    project.run("run", "tasks").ok()


def test_a_reader_of_messages_who_has_seen_enough_keeps_nothing_from_running(project: Project) -> None:
    done = shell(project, "repype run tasks -j2 2>&1 | head -1")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    project.run("status", "tasks", "--check").ok()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_output_that_cannot_be_written_is_said_and_the_results_are_there(project: Project) -> None:
    done = shell(project, "repype run tasks -j2 --json > /dev/full")
    assert done.returncode == 1, "whoever reads the events shall know"
    assert done.stderr.count("cannot write to stdout: No space left on device; the run goes on without") == 1
    assert shell(project, "repype run tasks 2> /dev/full").returncode == 0
    project.run("status", "tasks", "--check").ok()
    done = shell(project, "repype status tasks > /dev/full")
    assert (done.returncode, done.stderr) == (1, "repype: error: cannot write to stdout: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_nobody_can_be_told_what_is_known_at_a_glance(project: Project) -> None:
    answers = project.home / ".cache/repype_like/answers"
    project.run("run", "tasks").ok()
    until = time.monotonic() + _PATIENCE
    while not list(answers.glob("*")):
        assert time.monotonic() < until, "nothing is kept"
        project.run("run", "tasks").ok()
    assert shell(project, "repype run tasks 2> /dev/full").returncode == 0


@pytest.mark.parametrize(("folder", "said"), [("runs", "the log of this run cannot be written"),
                                              ("log", "cannot be written down")])
def test_logs_that_cannot_be_written_cost_a_warning(project: Project, folder: str, said: str) -> None:
    project.write(f"tasks/.repype/{folder}", "no folder")
    answer = project.run("run", "tasks", "-j2").ok()
    assert answer.err.count(said) == 1
    assert len(project.results("tasks")) == 3


def test_what_failed_cannot_be_noted(make_tree: MakeTree) -> None:
    project = make_tree("1 / 0")
    (project.root / "tasks/.repype/failed").mkdir(parents=True)
    answer = project.run("run", "tasks", "-j2").exits(1)
    assert "ZeroDivisionError" in answer.err
    assert "internal error" not in answer.err


@pytest.mark.parametrize("columns", ["1", "20", "300"])
def test_streams_that_know_ascii_only_and_any_width(project: Project, columns: str) -> None:
    project.write("tasks/größer/task.yml", {"config": {"b": {"größe": "ü" * 50}}})
    for command in ("run tasks -j1", "status tasks -v", "run tasks", "runs tasks"):
        done = shell(project, f"repype {command}", LC_ALL="C", PYTHONIOENCODING="ascii", COLUMNS=columns)
        assert done.returncode == 0, done.stderr
        assert (done.stdout + done.stderr).isascii()
        assert "\x1b" not in done.stderr, "this is no terminal"
