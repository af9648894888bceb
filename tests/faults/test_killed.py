"""FAULTS 1, 4, 6, 63: the program itself is stopped or killed."""

from __future__ import annotations

import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chains import stage, stages
from dask_cluster import descendants
from project import TRACE_VARIABLE, Project

MakeTree = Callable[..., Project]

WAIT = "while not Path('go').exists():\n    time.sleep(0.01)\nreturn {'b': a}"


IN_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Makes stdin the terminal that the process belongs to."""


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.01)


def members(session: int) -> list[int]:
    """Return the ids of the living processes of a session."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (OSError, IndexError):
            continue
        if folder.name.isdecimal() and fields[3] == str(session) and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def is_running(pid: int) -> bool:
    """Tell whether a process lives."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until_alone(session: int) -> None:
    """Wait until no process of a session is left, but not for long."""
    until(lambda: not members(session), seconds=2)


def running(project: Project, jobs: str = "-j2") -> subprocess.Popen[str]:
    """Start a run, and return when the second stage runs for an input."""
    child = project.start("run", "tasks", jobs)
    seen = 0

    def begun() -> bool:
        nonlocal seen
        seen += sum(count for (stage, _), count in project.executions().items() if stage == "b")
        return seen > 0

    until(begun)
    return child


def test_no_worker_survives_the_coordinator(make_tree: MakeTree) -> None:
    project = make_tree(WAIT)
    child = running(project)
    assert len(members(child.pid)) >= 3
    child.kill()
    child.wait()
    until_alone(child.pid)
    project.write("go", "")
    project.run("run", "tasks", "-j2").ok()
    project.run("status", "tasks", "--check").ok()


def test_what_was_finished_is_stored_while_a_later_stage_still_runs(make_tree: MakeTree) -> None:
    project = make_tree(WAIT, inputs=[1])
    child = running(project)
    records = project.root / "tasks/.repype/records"
    until(lambda: records.exists() and records.stat().st_size > 100)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    project.write("go", "")
    project.run("run", "tasks", "-j2").ok()
    assert ("a", 1) not in project.executions()


def test_what_took_long_is_stored_at_once_where_nobody_else_could_store_it_later(make_tree: MakeTree) -> None:
    project = make_tree("if not Path('go').exists():\n    os.kill(os.getpid(), signal.SIGKILL)\nreturn {'b': a}",
                        inputs=[1])
    project.edit("stages.py", 'return {"a": [input_id]}', 'time.sleep(0.02)\n        return {"a": [input_id]}')
    project.run("run", "tasks", "--serial").exits(-signal.SIGKILL)
    assert project.executions() == {("a", 1): 1, ("b", 1): 1}
    project.write("go", "")
    project.run("run", "tasks", "--serial").ok()
    assert ("a", 1) not in project.executions(), "less than 50 ms passed until the next stage began"


def test_ctrl_c_finishes_what_runs(make_tree: MakeTree) -> None:
    project = make_tree(WAIT, inputs=range(1, 60))
    child = running(project)
    os.killpg(child.pid, signal.SIGINT)
    time.sleep(0.1)  # nothing is to happen: it waits for what runs
    assert child.poll() is None
    project.write("go", "")
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130, err
    assert not members(child.pid)
    done = project.executions()
    assert 1 <= sum(done[stage, number] for stage in "c" for number in range(60)) <= 4, "those that ran, to their end"
    project.run("run", "tasks", "-j2").ok()
    assert not {("a", number) for (stage, number) in done if stage == "c"} & project.executions().keys()


def test_ctrl_c_twice_kills(make_tree: MakeTree) -> None:
    project = make_tree(WAIT, inputs=range(1, 60))
    child = running(project)
    os.killpg(child.pid, signal.SIGINT)
    until(lambda: "SigQ" in Path(f"/proc/{child.pid}/status").read_text())
    time.sleep(0.1)  # two signals at once would be one
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130, err
    assert "crashed" not in err
    until_alone(child.pid)
    project.write("go", "")
    project.run("run", "tasks", "-j2").ok()


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_without_workers(make_tree: MakeTree, times: int) -> None:
    project = make_tree(WAIT, inputs=range(1, 4))
    child = running(project, "--serial")
    for _ in range(times):
        os.killpg(child.pid, signal.SIGINT)
        time.sleep(0.1)  # two signals at once would be one
    if times == 1:
        project.write("go", "")
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130, err
    project.write("go", "")
    project.executions()
    project.run("run", "tasks", "--serial").ok()
    assert project.executions()["a", 1] == 0, "the first stage of the first input was finished"


def test_sigterm_ends_a_run(make_tree: MakeTree) -> None:
    project = make_tree(WAIT)
    child = running(project)
    child.terminate()
    project.write("go", "")
    _, err = child.communicate(timeout=30)
    assert child.returncode == 143, err
    assert not members(child.pid)


@pytest.mark.parametrize("jobs", ["--serial", "-j2"])
@pytest.mark.parametrize("inputs", [[1], [1, 2, 3]], ids=["one input", "three inputs"])
def test_variants_of_a_run_that_was_killed_repeat_what_is_marginal_once(
        make_project: Callable[[Mapping[str, Any]], Project], jobs: str, inputs: list[int]) -> None:
    """What is kept of the variants is kept, and the stages before run once more for all that are left."""
    last = """
        while len(list(Path().glob("made-*"))) >= 4 and not Path("go").exists():
            time.sleep(0.01)
        Path(f"made-{input_id}-{config['plus']}").touch()
        [c, config["plus"]]
        """
    project = make_project({
        "stages.py": stages(*(stage(name, before, name.lower(), "[input_id]") for name, before in
                              (("A", ""), ("B", "a"), ("C", "b"))), stage("D", "c", "d", last)),
        "tasks/task.yml": {"pipeline": [f"stages.{name}" for name in "ABCD"], "input_ids": inputs,
                           "marginal_stages": ["a", "b", "c"]}})
    for number in range(20):
        project.write(f"tasks/v{number:02}/task.yml", {"runnable": True, "config": {"d": {"plus": number}}})
    child = project.start("run", "tasks", jobs)
    before: Counter[tuple[str, Any]] = Counter()

    def waits() -> bool:
        before.update(project.executions())
        return sum(before["d", number] for number in inputs) > 4

    until(waits)
    child.kill()
    child.wait()
    until_alone(child.pid)
    before.update(project.executions())
    project.write("go", "")
    project.run("run", "tasks", jobs).ok()
    again = project.executions()
    for number in inputs:
        assert all(before[name, number] <= 1 for name in "abc")
        assert all(again[name, number] <= 1 for name in "abc"), "at most once more for all variants"
        assert 20 <= before["d", number] + again["d", number] <= 20 + 4 + 2
    assert [project.results(f"tasks/{name}")[1]["d"] for name in ("v00", "v19")] == [[[1], 0], [[1], 19]]
    project.run("status", "tasks", "--check").ok()


@pytest.mark.parametrize("ends", [True, False], ids=["it finishes", "it does not"])
def test_a_terminal_that_is_closed_ends_a_run(make_tree: MakeTree, ends: bool) -> None:
    """What runs may take its time, but not for ever; and nobody is there to be told."""
    project = make_tree(WAIT, inputs=range(1, 9))
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", IN_TERMINAL, "-m", "repype_like", "run", "tasks", "-j2"], cwd=project.root,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "HOME": str(project.home), TRACE_VARIABLE: str(project.home / "trace")})
    os.close(theirs)
    try:
        until(lambda: project.executions()["b", 1])
        processes = set(descendants(child.pid))
        assert len(processes) >= 3, "two workers, and who watches over them"
        os.close(ours)
        if ends:
            project.write("go", "")
        assert child.wait(60) == 129
    finally:
        child.kill()
        child.wait()
    until(lambda: not any(map(is_running, processes)), seconds=10)
    project.executions()
    project.write("go", "")
    project.run("run", "tasks", "-j2").ok()
    assert ("a", 1) not in project.executions(), "what was finished is kept"


def test_a_run_that_does_not_end_in_time_is_killed(make_tree: MakeTree) -> None:
    """With a stage that listens to nobody, and a child of it."""
    project = make_tree("""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        Path("child").write_text(str(subprocess.Popen(["sleep", "1000"]).pid))
        ctypes.CDLL(None).pause()
        """, inputs=[1, 2])
    child = project.start("run", "tasks", "-j1")
    noted = project.root / "child"
    until(lambda: noted.exists() and noted.read_text())
    child.terminate()
    _, err = child.communicate(timeout=60)
    assert child.returncode == 143, err
    assert "ended by SIGTERM; finishing what runs, for at most 5 s" in err
    assert "crashed" not in err
    until(lambda: not members(child.pid) and not is_running(int(noted.read_text())), seconds=10)


@pytest.mark.timeout(900)
def test_runs_that_are_killed_at_any_moment_end_as_one_that_is_not(
        make_tree: MakeTree, request: pytest.FixtureRequest) -> None:
    kills = 50 if request.config.getoption("--all-crash-points") else 4
    body = "time.sleep(0.02); pipeline.resolve('made', input_id).write_text(str(a))\nreturn {'b': a * 20000}"
    inputs = range(1, 25) if kills < 50 else range(1, 400)
    project = make_tree(body, inputs=inputs, more={"scopes": {"made": "made-%s.txt"}})
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for _ in range(kills):
        child = project.start("run", "tasks", "-j2")
        time.sleep(chance.uniform(0.3, 1.2))  # the fault itself
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        until_alone(child.pid)
    project.run("run", "tasks", "-j2").ok()
    results = project.results("tasks")
    assert {number: fields["c"] for number, fields in results.items()} == {
        number: [[number] * 20000] for number in inputs}, f"seed {seed}"
    assert all(project.read(f"tasks/made-{number}.txt") == f"[{number}]" for number in inputs)
    project.run("verify", "tasks").ok()
    executed = project.executions()
    project.run("run", "tasks", "-j2").ok()
    assert not project.executions()
    assert sum(executed.values()) <= len(inputs) * 3 + kills * 2 * 30, f"seed {seed}"
