"""FAULTS 20, 22: two commands on one tree, readers beside them, and a tree that cannot be written to."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from project import Project

MakeTree = Callable[..., Project]

WAIT = """
    Path(f"begun-{config['name']}").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return {"b": a}
    """


def _until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.01)


@pytest.fixture
def tree(make_tree: MakeTree) -> Project:
    """Two tasks, x and y, of which x has results of before."""
    project = make_tree(WAIT, inputs=[1], more={"runnable": False})
    for name in "xy":
        project.write(f"tasks/{name}/task.yml", {"runnable": True, "config": {"b": {"name": name}}})
    project.write("go", "")
    project.run("run", "tasks/x", "-j1").ok()
    project.remove("go")
    project.remove("begun-x")
    project.edit("stages.py", '{"b": a}', '{"b": [a]}')
    return project


def test_the_second_one_says_who_holds_the_tree_and_readers_do_not_care(tree: Project) -> None:
    first = tree.start("run", "tasks/x", "-j1")
    _until((tree.root / "begun-x").exists)
    for command in (["run", "tasks"], ["run", "tasks/x"], ["reset", "tasks", "-y"], ["reset", "tasks/x", "-y"]):
        answer = tree.run(*command).exits(4)
        assert f"pid {first.pid} on host " in answer.err
        assert "is running this tree (repype run tasks/x -j1)" in answer.err
        assert "--wait" in answer.err
    assert tree.run("status", "tasks").ok().out.count("R  ") == 2
    tree.run("verify", "tasks").ok()
    tree.run("reset", "tasks", "-n").ok()
    second = tree.start("run", "tasks/y", "-j1")  # disjoint
    _until((tree.root / "begun-y").exists)
    third = tree.start("run", "tasks", "--wait", "-j1")
    tree.write("go", "")
    said = []
    for child in (first, second, third):
        said.append(child.communicate(timeout=60)[1])
        assert child.returncode == 0, said[-1]
    assert "Nothing to do: 2 tasks are up to date." in said[-1], "what the others did meanwhile counts"
    assert tree.executions()["b", 1] == 3, "once before, and once for each task"
    tree.run("status", "tasks", "--check").ok()
    assert not (tree.root / "tasks/.repype/lock").exists()


def test_a_killed_holder_blocks_nobody(tree: Project) -> None:
    first = tree.start("run", "tasks/x", "-j1")
    _until((tree.root / "begun-x").exists)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    tree.write("go", "")
    tree.run("reset", "tasks/x", "-y", "--wait").ok()
    tree.run("run", "tasks", "-j1").ok()


@pytest.fixture
def read_only(tree: Project) -> Iterator[Project]:
    """The same on a file system that cannot be written to."""
    for arguments in (["--bind"], ["-o", "remount,ro,bind"]):
        done = subprocess.run(["mount", *arguments, tree.root / "tasks", tree.root / "tasks"], capture_output=True,
                              check=False)
        if done.returncode:
            pytest.skip("needs to mount file systems")
    yield tree
    subprocess.run(["umount", "-l", tree.root / "tasks"], check=False)


def test_a_tree_that_cannot_be_written_to_can_be_read(read_only: Project) -> None:
    tree = read_only
    tree.write("go", "")
    assert tree.run("status", "tasks", "--sizes").ok().out.count("R  ") == 2
    tree.run("verify", "tasks").ok()
    tree.run("show", "tasks/x", "c", "--input", "1").ok()
    tree.run("gc", "tasks", "-n").ok()
    tree.run("show", "--graph", "tasks/x").ok()
    assert " completed " in tree.run("runs", "tasks").ok().out
    tree.executions()
    answer = tree.run("run", "tasks").exits(2)
    assert "Read-only file system; results must be writable" in answer.err
    assert not tree.executions()
