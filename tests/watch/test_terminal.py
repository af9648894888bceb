"""What is seen on a terminal, and what keys do; in a real one."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pexpect
import pytest

from chains import stage, stages
from project import Project
from watching import DEADLINE


@contextmanager
def terminal(project: Project, *args: str, env: Mapping[str, str] | None = None, size: tuple[int, int] = (24, 80),
             ) -> Iterator[Any]:
    """Start the program in a terminal of this size (lines, columns), and kill it at the end."""
    environment = {**os.environ, "HOME": str(project.home), "TERM": "xterm-256color", "LANG": "C.UTF-8",
                   "REPYPE_TEST_TRACE": str(project.home / "trace"), **(env or {})}
    child = pexpect.spawn(sys.executable, ["-m", "repype_like", *args], cwd=str(project.root), env=environment,
                          dimensions=size, timeout=DEADLINE, encoding="utf-8")
    try:
        yield child
    finally:
        child.close(force=True)


def modes(child: Any) -> list[Any]:
    """Return how the terminal is set up."""
    return termios.tcgetattr(child.fileno())[:4]


def gate(name: str) -> str:
    """Return the source of a stage that waits for a file."""
    return stage(name, "", "done", """
        while not Path(os.environ["GATE"]).exists():
            time.sleep(0.01)
        return {"done": 1}
    """)


def test_the_block_and_the_keys(tree: Project) -> None:
    tree.write("tasks/a/task.yml", {"runnable": True, "config": {"scale": {"fail": 2}}})
    with terminal(tree, "watch", "tasks") as child:
        before = modes(child)
        child.expect("not all up to date, 1 failure")
        child.expect("tasks.*: 1 failed, 2 up to date")
        child.expect(r"✗ F.*a +1/2  scale 2: ValueError: bad")
        child.expect("✓ U.*b/c +2/2  up to date")
        child.expect("last failure: .*a scale 2: ValueError: bad")
        child.expect(r"Enter run now  a all  f failed only  c cancel  p pause  l log  q quit  \? help")
        assert modes(child) != before
        child.send("l")
        child.expect('raise ValueError\\("bad"\\)')
        child.send("?")
        child.expect("f      run what has failed, and nothing else")
        child.send("?")
        child.send("p")
        child.expect("paused")
        tree.write("tasks/b/c/task.yml", {"config": {"scale": {"plus": 6}}})
        child.expect("changed: tasks/b/c/task.yml")
        child.expect("● R.*b/c .*scale.plus 5 -> 6")
        tree.executions()
        child.send("\r")
        child.expect("b/c: completed")
        assert set(tree.executions()) == {("scale", 1), ("scale", 2)}
        child.send("p")
        child.send("f")
        child.expect("a scale 2: ValueError: bad")
        child.send("a")
        child.expect("a scale 2: ValueError: bad")
        tree.write("tasks/a/task.yml", {"runnable": True})
        child.expect("all up to date")
        child.send("q")
        child.expect(pexpect.EOF)
        assert modes(child) == before
        child.close()
        assert child.exitstatus == 0


def test_what_is_cancelled_waits(make_project: Any) -> None:
    project = make_project({"stages.py": stages(gate("Wait")), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.Wait"], "input_ids": [1]}})
    door = project.home / "gate"
    with terminal(project, "watch", "tasks", env={"GATE": str(door), "NO_COLOR": "1"}) as child:
        child.expect("→ C  .*wait 1")
        child.send("c")
        child.expect("cancelled; from wait: never run")
        door.touch()
        child.send("\r")
        child.expect(r"✓ U  \. +1/1  up to date")
        child.expect("all up to date")
        child.sendintr()
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
        assert not re.search(r"\x1b\[[\d;]*m", child.before), "no colours"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_terminal_is_as_it_was_however_it_ends(make_project: Any, number: int) -> None:
    project = make_project({"stages.py": stages(gate("Wait")), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.Wait"], "input_ids": [1]}})
    with terminal(project, "watch", "tasks", env={"GATE": str(project.home / "gate")}) as child:
        before = modes(child)
        child.expect("C.*wait 1")
        assert modes(child) != before
        child.kill(number)
        child.expect(pexpect.EOF)
        assert modes(child) == before
        child.close()
        assert child.exitstatus == (1 if number == signal.SIGINT else 128 + number)


def test_a_narrow_terminal_that_is_resized(tree: Project) -> None:
    with terminal(tree, "watch", "tasks", size=(6, 24), env={"NO_COLOR": "1"}) as child:
        child.expect("all up to date")
        child.expect(r"q quit  \? help")
        child.setwinsize(24, 100)
        child.expect("c cancel  p pause")
        child.send("q")
        child.expect(pexpect.EOF)


def test_a_dumb_terminal_gets_plain_lines(tree: Project) -> None:
    with terminal(tree, "watch", "tasks", "--once", env={"TERM": "dumb"}) as child:
        child.expect(pexpect.EOF)
        assert "\x1b" not in child.before
        assert re.search(r"\d\d:\d\d:\d\d \S+ all up to date, \d+ results computed", child.before)
        child.close()
        assert child.exitstatus == 0


def test_the_bell_rings_when_it_goes_wrong_and_when_it_is_mended(tree: Project) -> None:
    with terminal(tree, "watch", "tasks", "--notify", env={"NO_COLOR": "1"}) as child:
        child.expect("all up to date")
        assert "\a" not in child.before
        tree.write("tasks/a/task.yml", {"runnable": True, "config": {"scale": {"fail": 2}}})
        child.expect("\a")
        tree.write("tasks/a/task.yml", {"runnable": True})
        child.expect("\a")


def test_status_shows_a_run_that_goes_on_elsewhere(make_project: Any) -> None:
    project = make_project({"stages.py": stages(gate("Wait")), "tasks/task.yml": {
        "pipeline": ["stages.Wait"], "input_ids": [1]}, "tasks/a/task.yml": {"runnable": True}})
    door = project.home / "gate"
    with terminal(project, "status", "--watch", "tasks/a", env={"NO_COLOR": "1"}) as child:
        child.expect(r"● R  \. +0/1  from wait: never run")
        run = project.start("run", "tasks", env={"GATE": str(door)})
        child.expect("→ C  .*wait 1")
        door.touch()
        child.expect(r"✓ U  \. +1/1  up to date")
        assert run.wait(DEADLINE) == 0
        child.send("q")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
