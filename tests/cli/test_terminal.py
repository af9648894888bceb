"""What a person at a terminal sees, and what Ctrl-C does."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from project import TRACE_VARIABLE, Project

WAITING = """open(f"here{input_id}", "w").close()
        while not Path("gate").exists():
            time.sleep(0.01)"""


@pytest.fixture
def gated(tree: Project) -> Project:
    """Return the project with the stage ``scale`` waiting, after it made the file ``here``, for the file ``gate``."""
    tree.edit("stages.py", 'print("scaling", input_id)', WAITING)
    tree.write("stages.py", "import time\nfrom pathlib import Path\n" + tree.read("stages.py"))
    return tree


@pytest.fixture
def terminals() -> Iterator[list[Any]]:
    """Collect what runs in terminals, to be ended."""
    started: list[Any] = []
    yield started
    for child in started:
        child.close(force=True)


def in_terminal(project: Project, terminals: list[Any], *args: str, **env: str) -> Any:
    environment = {**os.environ, "HOME": str(project.home), TRACE_VARIABLE: str(project.home / "trace"),
                   "TERM": "xterm", "COLUMNS": "80", "LINES": "24", **env}
    child = pexpect.spawn(sys.executable, ["-m", "repype_like", *args], cwd=str(project.root), env=environment,
                          encoding="utf-8", timeout=60, dimensions=(24, 80))
    terminals.append(child)
    return child


def arrived(project: Project, child: Any, *inputs: int) -> None:
    """Wait until stages have come to the gate."""
    while not all((project.root / f"here{number}").exists() for number in inputs):
        assert child.isalive() if hasattr(child, "isalive") else child.poll() is None


def open_gate(project: Project) -> None:
    """Let everything pass from now on."""
    (project.root / "gate").touch()


def test_bars_are_drawn_and_taken_away(gated: Project, terminals: list[Any]) -> None:
    child = in_terminal(gated, terminals, "run", "tasks", "-j", "1")
    arrived(gated, child, 1)
    open_gate(gated)
    child.expect(r"base total for 1: total of 2")
    child.expect(r"\d+% \|.*\| \d+/15")
    child.expect(r"✓.* base: completed \(9 computed")
    child.expect(r"2 tasks completed in ")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_dumb_terminals_get_plain_lines(tree: Project, terminals: list[Any]) -> None:
    child = in_terminal(tree, terminals, "run", "tasks", TERM="dumb")
    child.expect(pexpect.EOF)
    assert "\x1b" not in child.before
    assert "%" not in child.before
    assert "  base: from load, 3 inputs\r\n" in child.before


def test_the_table_fits_into_the_terminal(tree: Project, terminals: list[Any]) -> None:
    tree.run("run", "tasks").ok()
    tree.write("tasks/base/task.yml", {"runnable": True, "config": {"scale": {"factor": "x" * 200}}})
    child = in_terminal(tree, terminals, "status", "tasks", NO_COLOR="1")
    child.expect(pexpect.EOF)
    lines = child.before.splitlines()
    assert [line[:3] for line in lines] == ["○ T", "● R", "✓ U"]
    assert max(map(len, lines)) <= 80
    assert lines[1].endswith("…")
    colored = in_terminal(tree, terminals, "status", "tasks")
    colored.expect(pexpect.EOF)
    assert "\x1b[33m● R" in colored.before


def test_the_first_ctrl_c_lets_what_runs_be_finished(gated: Project, terminals: list[Any]) -> None:
    child = in_terminal(gated, terminals, "run", "tasks", "--only", "base", "-j", "1")
    arrived(gated, child, 1)
    child.sendintr()
    child.expect("finishing what runs, for at most 10 s; Ctrl-C again to kill it")
    open_gate(gated)
    child.expect("1 task not completed in ")
    child.expect("Interrupted; the next run goes on from here")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130
    assert "Traceback" not in child.before
    finished = {("load", 1): 1, ("scale", 1): 1, ("total", 1): 1}
    assert finished.items() <= gated.executions().items()
    gated.run("run", "tasks", "--only", "base").ok()
    assert not finished.keys() & gated.executions().keys(), "what was finished was kept"


def test_the_second_ctrl_c_kills(gated: Project, terminals: list[Any]) -> None:
    child = in_terminal(gated, terminals, "run", "tasks", "--only", "base", "-j", "1")
    arrived(gated, child, 1)
    child.sendintr()
    child.expect("Ctrl-C again to kill it")
    child.sendintr()
    child.expect("Interrupted; the next run goes on from here")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130
    assert "crashed" not in child.before
    gated.run("status", "tasks").ok()


def test_serial_runs_are_interrupted_as_well(gated: Project, terminals: list[Any]) -> None:
    child = in_terminal(gated, terminals, "run", "tasks", "--only", "base", "--serial")
    arrived(gated, child, 1)
    child.sendintr()
    child.expect("Ctrl-C again to kill it")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130
    assert "Traceback" not in child.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_let_what_runs_be_finished(gated: Project, number: signal.Signals) -> None:
    child = gated.start("run", "tasks", "--only", "base", "-j", "1")
    arrived(gated, child, 1)
    os.kill(child.pid, number)
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith(f"ended by {number.name}"):
            break
    open_gate(gated)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 128 + number
    assert "1 task not completed" in err


def test_reset_asks(tree: Project, terminals: list[Any]) -> None:
    tree.run("run", "tasks").ok()
    records = Path(tree.root / "tasks/base/.repype/records")
    for answer, code in (("n", 1), ("yes", 0)):
        child = in_terminal(tree, terminals, "reset", "tasks")
        child.expect(r"Delete the results of 2 tasks, .* Type yes: ")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == code
        assert records.exists() is (code == 1)
