"""Watching where the system does not play along.

Ways to save (rows 53, 54) are in tests/watch/test_saves.py; what stages write (55), checkouts and vanishing trees (56),
and polling in tests/watch/test_watcher.py; network file systems (57) in tests/watch/test_filesystems.py.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chains import chain
from project import Project
from watching import DEADLINE, Watching, computed, watching


@pytest.fixture
def project(make_project: object) -> Project:
    assert callable(make_project)
    made: Project = make_project({**chain("Add"), "tasks/a/task.yml": {"runnable": True},
                                  "tasks/b/task.yml": {"runnable": True, "config": {"add": {"plus": 1}}}})
    return made


def test_exhausted_inotify_watches(project: Project) -> None:
    """A user namespace has a limit of its own, so that nobody else runs out of watches."""
    limit = 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare: no user namespaces here")
    child = subprocess.Popen([*command, sys.executable, "-m", "repype_like", "watch", "tasks", "--json"],
                             cwd=project.root, env={**os.environ, "REPYPE_TEST_TRACE": str(project.home / "trace")},
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watch = Watching(child)
    try:
        assert "no more inotify watches" in watch.until("Notice")["text"]
        watch.cycle()
        project.write("tasks/b/task.yml", {"runnable": True, "config": {"add": {"plus": 2}}})
        assert computed(watch.cycle()) == [("b", "add", 1), ("b", "add", 2)]
        assert watch.end() == 0
    finally:
        child.kill()
        child.communicate()


def test_killed_with_all_that_it_has_started(project: Project) -> None:
    with watching(project) as watch:
        watch.cycle()
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(watch.child.pid)], capture_output=True, text=True,
                                  check=True).stdout.split()
        assert children, "helpers"
        watch.end(signal.SIGKILL)
        for pid in map(int, children):
            _wait_until_gone(pid)
    project.run("run", "tasks").ok()


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + DEADLINE
    status = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < deadline, f"{pid} lives on"
            time.sleep(0.02)


def test_nobody_reads_what_it_says(project: Project) -> None:
    child = project.start("watch", "tasks", "--json")
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()
    assert child.wait(DEADLINE) == 141
    assert child.stderr is not None
    assert not child.stderr.read()
