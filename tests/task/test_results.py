from __future__ import annotations

from collections.abc import Callable
from typing import Any

from repype_like.task.results import delete_outputs, stored_fields

LoadTree = Callable[..., Any]


def test_the_fields_that_are_kept(load_tree: LoadTree) -> None:
    _, tasks = load_tree()
    task = tasks["."]
    task.run(task.create_config())
    fields = stored_fields(task.results, task.completion)
    assert {input_id: {name: task.results.decode(value) for name, value in values.items()}
            for input_id, values in fields.items()} == {1: {"total": 9}, 2: {"total": 18}}


def test_links_are_not_followed_when_files_are_deleted(load_tree: LoadTree) -> None:
    project, tasks = load_tree()
    task = tasks["."]
    task.run(task.create_config())
    project.move("tasks/out/1.txt", "kept.txt")
    (project.root / "tasks/out/1.txt").symlink_to(project.root / "kept.txt")
    assert [path.name for path in delete_outputs(task)] == ["2.txt"]
    assert project.read("kept.txt") == "9"


def test_without_a_pipeline_it_is_not_known_where_files_are(load_tree: LoadTree) -> None:
    project, tasks = load_tree()
    task = tasks["."]
    task.run(task.create_config())
    task.spec["pipeline"] = ["stages.Nothing"]
    assert delete_outputs(task) == []
    task.reset()
    assert task.digest is None
    assert project.read("tasks/out/1.txt") == "9"
