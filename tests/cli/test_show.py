"""``repype show``: specifications with their origins, and stored values."""

from __future__ import annotations

import platform

from project import Project


def test_each_value_has_its_origin(completed: Project) -> None:
    shown = completed.run("show", "tasks/base/factor=2").ok().out.splitlines()
    assert [line.split("  # ") for line in shown if not line.startswith("# ") or line is shown[0]] == [
        ["# tasks/base/factor=2, which inherits from tasks/base < tasks"],
        ["runnable: true".ljust(51), "tasks/base/task.yml:1"],
        ["pipeline: [stages.Load, stages.Scale, stages.Total]", "tasks/task.yml:2"],
        ["input_ids: 1-3".ljust(51), "tasks/task.yml:5"],
        ["config:"],
        ["  scale:"],
        ["    factor: 2".ljust(51), "tasks/base/factor=2/task.yml:3"],
    ]
    answer = completed.run("show", "tasks/base/factor=2", "--json").ok().json()
    assert answer["spec"]["config"] == {"scale": {"factor": 2}}
    assert answer["origins"]["config.scale.factor"] == "tasks/base/factor=2/task.yml:3"
    assert answer["parents"] == ["tasks/base", "tasks"]
    told = [line for line in shown[1:] if line.startswith("# ")]
    assert told[0].startswith("# completed 20")
    assert f"Python {platform.python_version()}" in told[1]
    assert told[-1] == "# repype run tasks"
    assert answer["completed"]["host"] == platform.node()
    assert answer["completed"]["started"] <= answer["completed"]["completed"]


def test_options_of_a_base_config_are_shown_and_secrets_are_not(tree: Project) -> None:
    tree.write("tasks/base/common.yml", {"scale": {"factor": 7}, "load": {"password": "geheim", "retries": 2}})
    tree.write("tasks/base/task.yml", {"runnable": True, "base_config_path": "common.yml"})
    shown = tree.run("show", "tasks/base/factor=2").ok().out
    assert "retries: 2" in shown
    assert "# tasks/base/common.yml:5" in shown
    assert "password: ***" in shown
    assert "geheim" not in shown + tree.run("show", "tasks/base", "--json").ok().out


def test_stored_values(completed: Project) -> None:
    path = "tasks/base/factor=2"
    assert completed.run("show", path, "total", "--input", "3").ok().out == "12\n"
    assert completed.run("show", path, "scaled", "--input", "2").ok().json() == [0, 2, 4]
    assert "which input? Add --input ID; there are 1, 2, 3" in completed.run("show", path, "total").exits(2).err
    assert 'did you mean "total"?' in completed.run("show", path, "totl", "--input", "1").exits(2).err
    assert 'no results for the input "9"' in completed.run("show", path, "total", "--input", "9").exits(2).err
    target = completed.home / "value"
    assert "format" in completed.run("show", path, "scaled", "--input", "2", "-o", str(target)).ok().err
    assert target.stat().st_size


def test_what_is_no_task_or_has_no_results(tree: Project) -> None:
    assert "no task.yml; the tasks below are tasks, tasks/base" in tree.run("show", ".").exits(2).err
    assert "there are no results yet; run the task" in tree.run("show", "tasks/base", "total").exits(1).err


def test_a_broken_specification_is_shown_as_far_as_it_goes(tree: Project) -> None:
    tree.write("tasks/base/task.yml", "runable: true\n")
    answer = tree.run("show", "tasks/base").exits(2)
    assert 'did you mean "runnable"?' in answer.err
    assert "input_ids: 1-3" in answer.out


def test_nothing_is_unpickled_unless_it_is_trusted(tree: Project) -> None:
    tree.edit("stages.py", '"total": sum(scaled)', '"total": Bomb()')
    tree.edit("stages.py", "class Load(Stage)", "class Bomb:\n    def __init__(self):\n        self.armed = True\n"
              "    def __setstate__(self, state):\n        open('exploded', 'w').close()\n\n\nclass Load(Stage)")
    tree.run("run", "tasks", "--only", "base").ok()
    (tree.root / "exploded").unlink(missing_ok=True)  # storing may have tried whether it can be loaded
    for command in ("status tasks -v", "show tasks/base", "show tasks/base total --input 1", "reset tasks -n",
                    "run tasks -n"):
        tree.run(*command.split()).ok()
    assert not (tree.root / "exploded").exists()
    tree.run("show", "tasks/base", "total", "--input", "1", "--trust").ok()
    assert (tree.root / "exploded").exists()
