"""``repype reset``: shows, asks, deletes."""

from __future__ import annotations

from project import Project


def stored(project: Project) -> list[str]:
    return sorted(path.parent.parent.relative_to(project.root).as_posix()
                  for path in project.root.rglob(".repype/records"))


def test_results_are_listed_and_deleted(tree: Project) -> None:
    assert tree.run("reset", "tasks").ok().err == "Nothing to delete: no task has results.\n"
    tree.run("run", "tasks").ok()
    listed = tree.run("reset", "tasks", "-n").ok().out
    assert [line.split()[0] for line in listed.splitlines()] == ["base", "base/factor=2"]
    assert all(line.endswith("kB") for line in listed.splitlines())
    assert stored(tree) == ["tasks/base", "tasks/base/factor=2"]
    answer = tree.run("reset", "tasks/base/factor=2", "-y").ok()
    assert answer.err == "Deleted the results of 1 task.\n"
    assert stored(tree) == ["tasks/base"]
    assert "factor=2" in tree.run("run", "tasks").ok().err


def test_nobody_can_be_asked(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    answer = tree.run("reset", "tasks", stdin="yes\n").exits(2)
    assert "add -y" in answer.err
    assert stored(tree) == ["tasks/base", "tasks/base/factor=2"]


def test_a_task_whose_specification_is_broken_can_be_reset(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    tree.write("tasks/base/task.yml", "runable: true\n")
    tree.run("reset", "tasks", "-y").ok()
    assert stored(tree) == []


def test_json(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    listed = tree.run("reset", "tasks", "-n", "--json").ok().json()
    assert (listed["schema"], listed["deleted"]) == (1, False)
    assert [row["task"] for row in listed["tasks"]] == ["base", "base/factor=2"]
    assert tree.run("reset", "tasks", "-y", "--json").ok().json()["deleted"] is True
    assert stored(tree) == []
