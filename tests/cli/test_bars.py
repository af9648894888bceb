"""The bars of a run as they stand on the screen of a terminal, whoever computes."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pexpect
import pyte
import pytest

from chains import stage, stages
from dask_cluster import DaskCluster, traced
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

WAITING = """
    for number in _status.progress(status, range(4), details="tiles of a slide"):
        while number == 2 and not Path(f"gate-{config['name']}").exists():
            time.sleep(0.01)
    if config["name"] == "left":
        raise ValueError("unfit")
    return {"labels": 1}
    """


class Screen:
    """What somebody sees in a terminal of 80 columns in which the program runs."""

    def __init__(self, child: Any, rows: int):
        self.child = child
        self.screen = pyte.Screen(80, rows)
        self.stream = pyte.Stream(self.screen)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def until(self, condition: Callable[[list[str]], object], seconds: float = 150) -> list[str]:
        """Wait until the lines are such, and return them."""
        deadline = time.monotonic() + seconds
        while not condition(self.lines):
            assert time.monotonic() < deadline, "\n".join(self.lines)
            self.read()
        return self.lines

    def read(self) -> bool:
        """Take in what there is, and tell whether there can be more."""
        try:
            self.stream.feed(self.child.read_nonblocking(4096, timeout=0.05))
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        return True


@contextmanager
def terminal(project: Project, *args: str, rows: int = 24, **env: str) -> Iterator[Screen]:
    environment = {**os.environ, "HOME": str(project.home), "TERM": "xterm-256color", "LANG": "C.UTF-8",
                   "REPYPE_TEST_TRACE": str(project.home / "trace"), **env}
    environment.pop("COLUMNS", None)
    environment.pop("LINES", None)
    child = pexpect.spawn(sys.executable, ["-m", "repype_like", *args], cwd=str(project.root), env=environment,
                          encoding="utf-8", timeout=60, dimensions=(rows, 80))
    try:
        yield Screen(child, rows)
    finally:
        child.close(force=True)


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return traced(make_project({
        "stages.py": stages(stage("Segment", "", "labels", WAITING)),
        "tasks/task.yml": {"pipeline": ["stages.Segment"], "input_ids": [1]},
        "tasks/left/task.yml": {"runnable": True, "config": {"segment": {"name": "left"}}},
        "tasks/a-task-with-a-name-that-is-much-too-long-for-one-line-of-the-terminal/task.yml": {
            "runnable": True, "config": {"segment": {"name": "right"}}}}))


def watch_to_the_end(project: Project, screen: Screen) -> None:
    lines = screen.until(lambda lines: sum("2/4" in line for line in lines) == 2)
    shown = [re.sub(r"(segment 1), [0-9.]+ s$", r"\1", line) for line in lines if line]
    assert shown == [
        "  0% |                    | 0/2",
        "  a-task-with-a-name-that… |          | 0/1  segment 1",
        "    segment 1: tiles of a slide |█████     | 2/4",
        "  left                     |          | 0/1  segment 1",
        "    segment 1: tiles of a slide |█████     | 2/4"]
    (project.root / "gate-left").touch()
    lines = screen.until(lambda lines: any("1 failed" in line for line in lines))
    shown = [line for line in lines if line]
    told = "✗ left segment for 1: ValueError: unfit"
    failed = next(index for index, line in enumerate(shown) if line.startswith(told))
    bar = next(index for index, line in enumerate(shown) if " 1/2  " in line and "1 failed" in line)
    assert failed < bar, "failures stand above the bars"
    assert sum("2/4" in line for line in shown) == 1
    (project.root / "gate-right").touch()
    while screen.read():
        pass
    assert not any("█" in line or "2/4" in line for line in screen.lines), "the bars are taken away"
    assert any(line.startswith("1 task completed, 1 failed in ") for line in screen.lines), "\n".join(screen.lines)
    screen.child.wait()
    assert screen.child.exitstatus == 1


def test_bars_of_workers(project: Project) -> None:
    with terminal(project, "run", "tasks", "-j2", rows=40) as screen:
        watch_to_the_end(project, screen)


def test_bars_of_a_cluster(project: Project, dask_cluster: DaskCluster) -> None:
    with terminal(project, "run", "tasks", "--dask", dask_cluster.address, rows=40) as screen:
        watch_to_the_end(project, screen)


def test_bars_take_half_of_a_low_terminal_at_most_and_resizing_leaves_no_traces(project: Project) -> None:
    with terminal(project, "run", "tasks", "-j2", rows=6) as screen:
        lines = screen.until(lambda lines: any("more" in line for line in lines))
        assert sum("|" in line for line in lines) <= 3
        screen.child.setwinsize(6, 40)
        screen.screen.resize(6, 40)
        lines = screen.until(lambda lines: any("more" in line for line in lines) and max(map(len, lines)) < 40)
        (project.root / "gate-left").touch()
        (project.root / "gate-right").touch()
        while screen.read():
            pass
        assert not any("█" in line for line in screen.lines)
