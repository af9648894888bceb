"""FAULTS 29-31: a directory is all there is. Copies, also in mid-run, moves and archives keep what was stored."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from project import Project
from repype_like.store import Store

MakeTree = Callable[..., Project]

BODY = """
    pipeline.resolve("made", input_id).write_text(str(a))
    while Path("wait").exists() and input_id > 2:
        time.sleep(0.01)
    return {"b": list(range(input_id, 50000))}
    """
EXPECTED = {number: sum(range(number, 50000)) for number in (1, 2, 3)}


@pytest.fixture
def tree(make_tree: MakeTree) -> Project:
    """Values that are blobs, small values, and files."""
    project = make_tree(BODY, more={"scopes": {"made": "made-%s.txt"}})
    project.edit("stages.py", '{"c": [b]}', '{"c": sum(b)}')
    return project


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _copy_plainly(source: Path, target: Path) -> None:
    """Copy contents only, so that all times and permissions are others."""
    shutil.copytree(source, target, copy_function=shutil.copyfile)


def _link(source: Path, target: Path) -> None:
    shutil.copytree(source, target, copy_function=os.link)


def _archive(format_: str) -> Callable[[Path, Path], None]:
    def pack(source: Path, target: Path) -> None:
        name = shutil.make_archive(str(target.parent / "packed"), format_, source)
        shutil.unpack_archive(name, target, filter=None if format_ == "zip" else "fully_trusted")
        Path(name).unlink()

    return pack


WAYS: dict[str, Callable[[Path, Path], object]] = {
    "cp": _copy_plainly, "cp -a": lambda source, target: shutil.copytree(source, target, symlinks=True),
    "cp -al": _link, "tar": _archive("gztar"), "zip": _archive("zip")}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_complete_and_changing_it_leaves_the_original_alone(tree: Project, way: str) -> None:
    tree.run("run", "tasks", "-j1").ok()
    tree.executions()
    before = _contents(tree.root / "tasks")
    WAYS[way](tree.root / "tasks", tree.root / "copy")
    tree.run("status", "copy", "--check").ok()
    tree.run("verify", "copy").ok()
    tree.run("run", "copy").ok()
    assert not tree.executions()
    tree.edit("stages.py", "list(range(input_id, 50000))", "list(range(input_id, 60000))")
    tree.run("run", "copy", "-j1").ok()
    after = _contents(tree.root / "tasks")
    if way == "cp -al":  # what a stage opens for writing is the file that both have, which is the stage's doing
        before, after = ({name: data for name, data in files.items() if name.startswith(".repype")}
                         for files in (before, after))
    assert after == before
    tree.edit("stages.py", "list(range(input_id, 60000))", "list(range(input_id, 50000))")
    tree.run("reset", "copy", "-y").ok()
    tree.run("verify", "tasks").ok()


def test_a_moved_task_is_complete_also_out_of_its_tree(tree: Project) -> None:
    tree.write("tasks/group/v/task.yml", {"config": {"c": {"n": 1}}})
    tree.run("run", "tasks", "-j1").ok()
    tree.executions()
    tree.move("tasks/group/v", "tasks/w")
    tree.run("status", "tasks", "--check").ok()
    tree.move("tasks", "elsewhere/trees")
    tree.run("status", "elsewhere/trees", "--check").ok()
    tree.run("run", "elsewhere/trees").ok()
    assert not tree.executions()


def test_a_copy_in_mid_run_holds_what_was_finished(tree: Project) -> None:
    tree.write("wait", "")
    child = tree.start("run", "tasks", "-j2")
    deadline = time.monotonic() + 30
    while not any(record.stage == "b" and record.input_id == 1 for record in Store(tree.root / "tasks").records):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    shutil.copytree(tree.root / "tasks", tree.root / "copy")
    tree.remove("wait")
    tree.executions()
    assert child.wait(timeout=60) == 0
    tree.executions()
    tree.run("run", "copy", "-j1").ok()
    assert ("b", 1) not in tree.executions(), "it was finished when the copy was made"
    for task in ("tasks", "copy"):
        assert {number: fields["c"] for number, fields in tree.results(task).items()} == EXPECTED
        assert [tree.read(f"{task}/made-{number}.txt") for number in (1, 2, 3)] == ["[1]", "[2]", "[3]"]
        tree.run("verify", task).ok()
