"""FAULTS 24-31: what is stored is not what was written."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from project import Project

MakeTree = Callable[..., Project]

BIG = "return {'b': list(range(input_id, 50000))}"


def blobs(project: Project, task: str = "tasks") -> list[Path]:
    return sorted(path for path in (project.root / task / ".repype/blobs").iterdir() if path.suffix != ".damaged")


def flip(file: Path) -> None:
    """Flip a bit, as a disk does: without a change of the status."""
    content, status = bytearray(file.read_bytes()), file.stat()
    content[len(content) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)
    file.chmod(status.st_mode)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.fixture
def tree(make_tree: MakeTree) -> Project:
    """The second stage makes blobs, and the third reads them and makes small values."""
    project = make_tree(BIG)
    project.edit("stages.py", '{"c": [b]}', '{"c": sum(b)}')
    project.run("run", "tasks", "-j2").ok()
    assert len(blobs(project)) == 3
    project.executions()
    return project


@pytest.mark.parametrize("jobs", ["--serial", "-j2"])
def test_a_damaged_value_is_computed_again_in_the_run_that_reads_it(tree: Project, jobs: str) -> None:
    flip(blobs(tree)[0])
    tree.edit("stages.py", '{"c": sum(b)}', '{"c": sum(b) + 1}')
    answer = tree.run("run", "tasks", jobs).ok()
    executed = tree.executions()
    assert sum(executed["b", number] for number in (1, 2, 3)) == 1
    assert not any(executed["a", number] for number in (1, 2, 3)), "its values are stored"
    assert "damaged: " in answer.err
    assert 'the stage "b" runs again for input' in answer.err
    assert {number: fields["c"] for number, fields in tree.results("tasks").items()} == {
        number: sum(range(number, 50000)) + 1 for number in (1, 2, 3)}
    tree.run("status", "tasks", "--check").ok()


def test_pick_up_falls_back_from_a_damaged_value(tree: Project) -> None:
    flip(blobs(tree)[0])
    tree.write("tasks/v/task.yml", {"config": {"c": {"x": 1}}})
    answer = tree.run("run", "tasks", "-j2").ok()
    assert "not picked up from" in answer.err or "not taken over from" in answer.err
    assert sum(count for (stage, _), count in tree.executions().items() if stage == "b") == 1
    assert [fields["b"][0] for fields in tree.results("tasks/v").values()] == [1, 2, 3]
    tree.run("run", "tasks").ok()
    assert [fields["b"][0] for fields in tree.results("tasks").values()] == [1, 2, 3]


@pytest.mark.parametrize("damage", ["delete", "truncate", "empty", "fifo", "socket", "folder", "link"])
def test_a_blob_that_is_none_is_made_again(tree: Project, damage: str) -> None:
    blob = blobs(tree)[1]
    content = blob.read_bytes()
    blob.unlink()
    if damage in ("truncate", "empty"):
        blob.write_bytes(content[:-7] if damage == "truncate" else b"")
    elif damage == "fifo":
        os.mkfifo(blob)
    elif damage == "socket":
        os.mknod(blob, stat.S_IFSOCK | 0o600)
    elif damage == "folder":
        (blob / "with").mkdir(parents=True)
    elif damage == "link":
        blob.symlink_to("/dev/zero")
    (state,) = tree.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["pending"] == "incomplete"
    assert state["reasons"][0].startswith('damaged: values of "b" for input ')
    tree.run("run", "tasks", "-j2", timeout=60).ok()
    assert sum(tree.executions().values()) == 1
    assert [fields["b"][0] for fields in tree.results("tasks").values()] == [1, 2, 3]


def test_a_lost_value_that_another_task_has_is_put_back_and_that_is_said(tree: Project) -> None:
    tree.write("tasks/v/task.yml", {"config": {"c": {"x": 1}}})
    tree.run("run", "tasks", "-j2").ok()
    tree.executions()
    blobs(tree)[1].unlink()
    state, variant = tree.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["pending"] == "incomplete"
    assert state["reasons"][0].startswith('damaged: values of "b" for input ')
    assert state["inputs"] == {"total": 3, "done": 2}
    assert variant["pending"] == ""
    tree.run("status", "tasks", "--check").exits(1)
    answer = tree.run("run", "tasks", "-j2").ok()
    assert "1 picked up" in answer.err
    assert "Nothing to do" not in answer.err
    assert not tree.executions()
    assert len(blobs(tree)) == 3
    tree.run("status", "tasks", "--check").ok()


@pytest.mark.parametrize("damage", ["fifo", "folder", "link"])
def test_what_is_in_place_of_a_blob_that_a_variant_wants_is_put_aside(tree: Project, damage: str) -> None:
    """The first task has it, the variant has something else at its place."""
    name = blobs(tree)[1].name
    place = tree.root / "tasks/v/.repype/blobs" / name
    if damage == "folder":
        (place / "with").mkdir(parents=True)
    else:
        place.parent.mkdir(parents=True)
        os.mkfifo(place) if damage == "fifo" else place.symlink_to("/dev/zero")
    tree.write("tasks/v/task.yml", {"config": {"c": {"x": 1}}})
    tree.run("run", "tasks", "-j2", timeout=60).ok()
    assert not any(stage == "b" for stage, _ in tree.executions())
    assert place.is_file()
    assert os.path.lexists(f"{place}.damaged")


def test_a_value_that_cannot_be_loaded_any_more_is_computed_again(make_tree: MakeTree) -> None:
    """As when a library comes along that does not know its own old pickles."""
    project = make_tree("return {'b': Thing()}", inputs=[1])
    project.write("outside.py", "class Thing:\n    pass\n")
    project.edit("stages.py", "from tracing", "from outside import Thing\nfrom tracing")
    project.edit("stages.py", '{"c": [b]}', '{"c": 1}')
    project.run("run", "tasks", "-j2").ok()
    project.executions()
    project.write("outside.py", "class Thing:\n    def __setstate__(self, state):\n        pass\n")
    project.edit("stages.py", '{"c": 1}', '{"c": 2}')
    project.run("run", "tasks", "-j2").ok()
    assert project.executions()["b", 1] == 1


@pytest.mark.parametrize("length", [0, 1, 30, 100, 0.5, 0.99])
def test_a_digest_that_is_cut_off_is_written_again_without_computing(tree: Project, length: float) -> None:
    file = tree.root / "tasks/.repype/digest.json"
    content = file.read_bytes()
    file.write_bytes(content[:int(length if length == int(length) else length * len(content))])
    (state,) = tree.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["pending"] == "incomplete"
    assert state["reasons"][0].startswith("damaged: ")
    tree.run("run", "tasks").ok()
    assert not tree.executions()
    tree.run("status", "tasks", "--check").ok()


def test_a_deleted_digest_is_written_again_without_computing(tree: Project) -> None:
    file = tree.root / "tasks/.repype/digest.json"
    file.unlink()
    (state,) = tree.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["reasons"] == ["never completed"]
    tree.run("run", "tasks").ok()
    assert not tree.executions()


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_records_that_are_cut_off_are_computed_again_and_the_rest_stays(tree: Project, cut: float) -> None:
    file = tree.root / "tasks/.repype/records"
    content = file.read_bytes()
    file.write_bytes(content[:int(cut * len(content))])
    tree.run("status", "tasks", "--check").exits(1)
    tree.run("run", "tasks").ok()
    assert 0 < sum(tree.executions().values()) <= 9
    tree.run("status", "tasks", "--check").ok()


def test_a_flipped_byte_in_the_records_costs_one_record(tree: Project) -> None:
    flip(tree.root / "tasks/.repype/records")
    tree.remove("tasks/.repype/digest.json")
    tree.run("run", "tasks").ok()
    assert sum(tree.executions().values()) <= 3, "the record, the values it needs, and what depends on it"


def test_unknown_files_are_left_alone(tree: Project) -> None:
    tree.write("tasks/.repype/mine.txt", "mine")
    tree.write("tasks/.repype/blobs/mine.txt", "mine")
    tree.run("run", "tasks", "--force").ok()
    assert tree.read("tasks/.repype/mine.txt") == tree.read("tasks/.repype/blobs/mine.txt") == "mine"


def test_editing_a_copy_leaves_the_original_alone(tree: Project) -> None:
    shutil.copytree(tree.root / "tasks", tree.root / "copy")
    tree.run("status", "copy", "--check").ok()
    before = {path: path.read_bytes() for path in (tree.root / "tasks/.repype").rglob("*") if path.is_file()}
    tree.edit("stages.py", "list(range(input_id, 50000))", "list(range(input_id, 60000))")
    tree.run("run", "copy").ok()
    assert {path: path.read_bytes() for path in before} == before
