"""``repype status``: the state of every task, and why."""

from __future__ import annotations

from typing import Any

from project import Project


def tasks(project: Project, path: str = "tasks") -> dict[str, dict[str, Any]]:
    """Return what ``status --json`` says of each task."""
    answer = project.run("status", path, "--json").ok().json()
    assert answer["schema"] == 1
    return {task.pop("task"): task for task in answer["tasks"]}


def test_a_tree_that_was_never_run(tree: Project) -> None:
    assert tree.run("status", "tasks").ok().out.splitlines() == [
        "○ T  .                   template",
        "● R  base           0/3  from load: never run",
        "● R  base/factor=2  0/3  from load: never run",
    ]
    assert tasks(tree)["."] == {"runnable": False, "pending": "", "reasons": [], "error": None,
                                "inputs": {"total": 0, "done": 0}, "first_stage": None, "pickup": None}


def test_a_tree_that_is_up_to_date(completed: Project) -> None:
    assert completed.run("status", "tasks").ok().out.splitlines() == [
        "○ T  .                   template",
        "✓ U  base           3/3  up to date",
        "✓ U  base/factor=2  3/3  up to date",
    ]
    completed.run("status", "--check").ok()
    assert tasks(completed)["base"] == {"runnable": True, "pending": "", "reasons": [], "error": None,
                                        "inputs": {"total": 3, "done": 3}, "first_stage": None, "pickup": None}


def test_an_edit_is_seen_with_its_reason_and_place(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    tree.edit("tasks/base/factor=2/task.yml", "factor: 2", "factor: 4")
    variant = tasks(tree)["base/factor=2"]
    assert (variant["pending"], variant["first_stage"]) == ("specification", "scale")
    assert variant["reasons"] == ["scale.factor 2 -> 4, tasks/base/factor=2/task.yml:3"]
    assert tasks(tree)["base"]["pending"] == ""
    tree.run("status", "tasks", "--check").exits(1)


def test_what_another_task_has_will_be_picked_up(completed: Project, tree: Project) -> None:
    tree.run("run", "tasks", "--only", "base").ok()
    variant = tasks(tree)["base/factor=2"]
    assert (variant["first_stage"], variant["pickup"]) == ("scale", "base")
    assert "picks up 3 results, most of them from base" in tree.run("status", "tasks", "-v").ok().out


def test_errors_stand_beside_the_state_of_the_others(tree: Project) -> None:
    tree.write("tasks/base/factor=2/task.yml", "runable: true\n")
    found = tasks(tree)
    assert found["base"]["pending"] == "incomplete"
    broken = found["base/factor=2"]
    assert 'task.yml:1:1: unknown key "runable"' in broken.pop("error")
    assert broken == {"runnable": True, "pending": "", "reasons": [], "inputs": {"total": 0, "done": 0},
                      "first_stage": None, "pickup": None}
    shown = tree.run("status", "tasks").ok().out
    assert ('✗ E  base/factor=2       tasks/base/factor=2/task.yml:1:1: unknown key "runable"\n'
            '           did you mean "runnable"?\n') in shown
    assert 'did you mean "runnable"?' in tree.run("status", "tasks", "-v").ok().out
    tree.run("status", "tasks", "--check").exits(1)


def test_what_many_inherit_is_told_once(tree: Project) -> None:
    tree.edit("tasks/task.yml", "stages.Load", "stages.Laod")
    shown = tree.run("status", "tasks").ok().out
    assert shown.count('cannot import "stages.Laod"') == 1
    assert shown.count("  see . (the same error)\n") == 2
    assert all('cannot import "stages.Laod"' in task["error"] for task in tasks(tree).values())
    tree.write("tasks/base/factor=2/task.yml", "runable: true\nconfig: 2\n")
    *_, line, mend = tree.run("status", "tasks").ok().out.splitlines()
    assert "  2 errors: tasks/base/factor=2/task.yml:1:1: unknown key" in line
    assert 'did you mean "runnable"?' in mend


def test_what_cannot_be_read_is_an_error_of_that_task_alone(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    for path in ("digest.json", "records"):
        file = tree.root / "tasks/base/.repype" / path
        content = file.read_bytes()
        file.unlink()
        file.symlink_to(file)
        tree.edit("tasks/base/factor=2/task.yml", "factor: ", "factor: 1")  # it looks for results elsewhere
        found = tasks(tree)
        assert f"cannot read tasks/base/.repype/{path}: Too many levels" in found["base"]["error"]
        assert found["base/factor=2"]["error"] is None
        assert found["base/factor=2"]["pending"] == "specification"
        file.unlink()
        file.write_bytes(content)


def test_the_root_is_named_if_it_lies_above(completed: Project) -> None:
    answer = completed.run("status", "tasks/base")
    assert "The tree begins above, at tasks" in answer.err
    assert [line.split()[2] for line in answer.out.splitlines()] == [".", "factor=2"]
    assert "begins" not in completed.run("status", "tasks").err


def test_secrets_are_not_shown(tree: Project) -> None:
    tree.write("tasks/base/task.yml", {"runnable": True, "config": {"load": {"api_key": "one"}}})
    tree.run("run", "tasks").ok()
    tree.edit("tasks/base/task.yml", "one", "two")
    answer = tree.run("status", "tasks", "-v")
    assert "load.api_key *** -> ***" in answer.out
    assert "two" not in answer.out


def test_names_do_nothing_to_a_terminal(tree: Project) -> None:
    tree.write("tasks/a\x1b[31m/task.yml", "runnable: true\n")
    assert "a\\x1b[31m" in tree.run("status", "tasks").ok().out


def test_a_stream_that_knows_ascii_only_gets_ascii(completed: Project) -> None:
    answer = completed.run("status", "tasks", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}).ok()
    assert [line[0] for line in answer.out.splitlines()] == ["o", "+", "+"]


