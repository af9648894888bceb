"""FAULTS 57: the file system has no locks, as some that are mounted over a network."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crash_points import has_strace
from project import Project

MakeTree = Callable[..., Project]

pytestmark = pytest.mark.skipif(not has_strace(), reason="needs strace, and the right to watch processes by it")

WAIT = """
    Path("begun").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return {"b": a}
    """


def test_runs_exclude_each_other_on_a_file_system_without_locks(make_tree: MakeTree, tmp_path: Path) -> None:
    project = make_tree(WAIT)
    log, begun = tmp_path / "strace.log", project.root / "begun"
    project.under = ("strace", "-D", "-f", "-qq", "--seccomp-bpf", "-A", "-o", str(log), "-e", "trace=flock",
                     "-e", "inject=flock:error=ENOLCK")
    first = project.start("run", "tasks", "-j1")
    _until(begun.exists)
    for command in (["run", "tasks"], ["reset", "tasks", "-y"]):
        answer = project.run(*command).exits(4)
        assert f"pid {first.pid} on host " in answer.err
        assert "is running this tree (repype run tasks -j1); wait for it, or use --wait" in answer.err
    project.run("status", "tasks").ok()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()

    begun.unlink()
    second = project.start("run", "tasks", "-j1")  # who ran before is dead, and blocks nobody
    _until(begun.exists)
    third = project.start("run", "tasks", "-j1", "--wait")
    project.write("go", "")
    said = [child.communicate(timeout=60)[1] for child in (second, third)]
    assert [second.returncode, third.returncode] == [0, 0], said
    assert "the file system of tasks has no locks; should this run be ended by force, delete tasks/" in said[0]
    assert "Nothing to do: 1 task is up to date." in said[1]
    assert "Warning" not in "".join(said), "it is said in our words"
    project.run("status", "tasks", "--check").ok()
    assert not (project.root / "tasks/.repype/lock").exists()
    assert log.read_text().count("ENOLCK") > 5


def _until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.01)
