"""``repype gc``: deletes what is superseded and ours, and shows first how much that is."""

from __future__ import annotations

from pathlib import Path

from project import Project


def _stored(project: Project) -> int:
    return sum(path.stat().st_size for path in (project.root / "tasks").rglob(".repype/**/*") if path.is_file())


def test_what_is_superseded_is_listed_and_deleted(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    assert tree.run("gc", "tasks").ok().err == "Nothing to delete: no task has superseded results.\n"
    tree.edit("stages.py", "list(range(input_id + 1))", "[0.5] * 50000")
    tree.run("run", "tasks").ok()
    tree.edit("stages.py", "[0.5] * 50000", "[0.25] * 50000")
    tree.run("run", "tasks").ok()
    tree.executions()
    before, sizes = _stored(tree), tree.run("status", "tasks", "--sizes", "--json").ok().json()["tasks"]
    superseded = {row["task"]: row["sizes"]["superseded"] for row in sizes}
    listed = tree.run("gc", "tasks", "-n", "--json").ok().json()
    assert listed["deleted"] is False
    assert {row["task"]: row["bytes"] for row in listed["tasks"]} == {
        name: size for name, size in superseded.items() if size}
    assert _stored(tree) == before
    assert tree.run("gc", "tasks", stdin="yes\n").exits(2).err.count("add -y")
    answer = tree.run("gc", "tasks", "-y").ok()
    assert answer.out.split()[0] == "base"
    assert answer.err == "Deleted what is superseded of 2 tasks.\n"
    assert before - _stored(tree) >= sum(superseded.values())
    tree.run("status", "tasks", "--check").ok()
    tree.run("verify", "tasks").ok()
    assert tree.run("gc", "tasks", "-y").ok().err.startswith("Nothing to delete")
    tree.run("run", "tasks").ok()
    assert not tree.executions()


def test_what_a_run_that_was_cut_short_has_finished_stays(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    tree.edit("stages.py", "list(range(input_id + 1))", "[1]")
    tree.run("run", "tasks", "--until", "scale").ok()
    tree.executions()
    tree.run("gc", "tasks", "-y").ok()
    tree.run("run", "tasks").ok()
    assert {stage for stage, _ in tree.executions()} == {"total"}


def test_only_what_is_ours_is_deleted(tree: Project, tmp_path: Path) -> None:
    tree.run("run", "tasks/base").ok()
    folder = tree.root / "tasks/base/.repype"
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    (folder / "blobs").mkdir(exist_ok=True)
    for name in ("mine.txt", "blobs/mine.txt", "aside/mine.txt"):
        tree.write(f"tasks/base/.repype/{name}", "mine")
    (folder / "blobs" / ("a" * 32 + ".npy")).symlink_to(treasure)
    (folder / "blobs" / ("b" * 32 + ".npy")).write_bytes(b"orphan")
    tree.run("gc", "tasks", "-y").ok()
    assert treasure.read_text() == "mine"
    assert [path.name for path in (folder / "blobs").iterdir()] == ["mine.txt"]
    assert tree.read("tasks/base/.repype/mine.txt") == tree.read("tasks/base/.repype/aside/mine.txt") == "mine"
    tree.run("status", "tasks/base", "--check")
