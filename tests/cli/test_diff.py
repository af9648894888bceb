"""``repype diff``: what differs between two tasks, or since one was completed."""

from __future__ import annotations

import shutil

from project import Project

BASE, VARIANT = "tasks/base", "tasks/base/factor=2"


def test_two_variants(completed: Project) -> None:
    answer = completed.run("diff", BASE, VARIANT).exits(1)
    head, *lines = answer.out.splitlines()
    assert head.startswith("tasks/base, completed 20")
    assert lines == [
        "spec",
        "  config.scale.factor 1 -> 2 (tasks/base/factor=2/task.yml:3)",
        "results: 3 equal, 6 not",
        "  scaled, input 1: [0, 1] -> [0, 2]",
        "  scaled, input 2: [0, 1, 2] -> [0, 2, 4]",
        "  scaled, input 3: [0, 1, 2, 3] -> [0, 2, 4, 6]",
        "  total, input 1: 1 -> 2",
        "  total, input 2: 3 -> 6",
        "  total, input 3: 6 -> 12",
    ]
    assert not answer.err
    found = completed.run("diff", BASE, VARIANT, "--json").exits(1).json()
    assert (found["schema"], found["same"], found["equal_results"]) == (1, False, 3)
    assert found["spec"] == [{"what": "config.scale.factor", "a": 1, "in_a": True, "b": 2, "in_b": True,
                              "b_at": "tasks/base/factor=2/task.yml:3"}]
    assert found["results"][-1]["b"] == {"value": 12}


def test_a_task_and_its_copy(completed: Project) -> None:
    assert "nothing differs" in completed.run("diff", BASE, BASE).ok().out
    assert completed.run("diff", BASE).ok().out == "tasks/base, as it was completed and tasks/base: nothing differs\n"


def test_what_has_changed_since(tree: Project) -> None:
    tree.run("run", "tasks").ok()
    tree.edit("stages.py", "sum(scaled)", "sum(scaled) + len(scaled)")
    tree.write("more.py", tree.read("stages.py").replace("class Load", "class Extra").replace('"data"', '"extra"'))
    tree.write("tasks/task.yml", {"pipeline": ["stages.Load", "more.Extra", "stages.Scale", "stages.Total"],
                                  "input_ids": [2, 3, "x"], "config": {"scale": {"token": "geheim"}}})
    answer = tree.run("diff", BASE).exits(1)
    lines = [line.strip() for line in answer.out.splitlines()]
    assert "config.scale.token (not set) -> *** (tasks/task.yml:12)" in lines
    assert "extra only in tasks/base" in lines
    process = 1 + [index for index, line in enumerate(tree.read("stages.py").splitlines()) if "def process" in line][2]
    assert f"total: Total.process in stages.py:{process}" in lines
    assert lines[-3:] == ["inputs", "1 only in tasks/base, as it was completed", "'x' only in tasks/base"]
    assert "geheim" not in answer.out + tree.run("diff", BASE, "--json").exits(1).out


def test_code_results_and_provenance_of_runs_at_different_times(tree: Project) -> None:
    shutil.copytree(tree.root / BASE, tree.root / "tasks/later")
    tree.run("run", "tasks/base").ok()
    tree.edit("stages.py", "sum(scaled)", "sum(scaled) + len(scaled)")
    assert "provenance\n  completed True -> False" in tree.run("diff", BASE, "tasks/later").exits(1).out
    tree.run("run", "tasks/later", "--only", ".").ok()
    answer = tree.run("diff", BASE, "tasks/later").exits(1)
    assert "code\n  total: Total.process in stages.py" in answer.out
    assert "total, input 1: 1 -> 3" in answer.out
    assert "tasks/base has changed since it was completed: repype diff tasks/base" in answer.err
    tree.run("accept", BASE, "--stage", "total").ok()
    answer = tree.run("diff", BASE, "tasks/later").exits(1)
    assert "code\n" not in answer.out
    assert "accepted\n  total ['stages:Total.process'] -> (not set)" in answer.out


def test_what_cannot_be_compared(tree: Project) -> None:
    assert "never completed" in tree.run("diff", BASE).exits(2).err
    assert "not runnable" in tree.run("diff", BASE, "tasks").exits(2).err
    assert "no such directory" in tree.run("diff", BASE, "nowhere").exits(2).err
    assert "config.scale.factor" in tree.run("diff", BASE, VARIANT).exits(1).out


def test_values_are_not_loaded(tree: Project) -> None:
    tree.edit("stages.py", '"total": sum(scaled)', '"total": Bomb(sum(scaled))')
    tree.edit("stages.py", "class Load(Stage)", "class Bomb:\n"
              "    def __init__(self, value):\n        self.value = value\n\n"
              "    def __setstate__(self, state):\n        open('exploded', 'w').close()\n\n\nclass Load(Stage)")
    tree.run("run", "tasks").ok()
    (tree.root / "exploded").unlink(missing_ok=True)  # storing may have tried whether it can be loaded
    assert "total, input 1:" in tree.run("diff", BASE, VARIANT).exits(1).out
    assert not (tree.root / "exploded").exists()


def test_results_of_the_same_kind_differ(tree: Project) -> None:
    tree.edit("stages.py", "from tracing import trace", "from tracing import trace\nimport numpy")
    tree.edit("stages.py", '{"total": sum(scaled)}', '{"total": numpy.full(100, sum(scaled))}')
    tree.run("run", "tasks").ok()
    out = tree.run("diff", BASE, VARIANT).exits(1).out
    assert "  total, input 1: differs (ndarray int64 (100,))\n" in out
