"""What aggregates make is for no input: nothing that counts inputs counts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aggregate_trees import variants
from project import Outcome, Project

MakeProject = Callable[[Mapping[str, Any]], Project]


def counts(project: Project) -> dict[str, tuple[int, int]]:
    tasks = project.run("status", "tasks", "--json").ok().json()["tasks"]
    return {task["task"]: (task["inputs"]["done"], task["inputs"]["total"]) for task in tasks if task["runnable"]}


def begun(outcome: Outcome) -> list[str]:
    return [line.strip() for line in outcome.ok().err.splitlines() if line.startswith("  ")]


def test_status_and_run_count_inputs_only(make_project: MakeProject) -> None:
    project = make_project(variants(1))
    assert counts(project) == {"compare": (0, 0), "k=1": (0, 3)}
    assert begun(project.run("run", "tasks", "-j", "1")) == ["k=1: from measure, 3 inputs", "compare: from rank"]
    assert counts(project) == {"compare": (0, 0), "k=1": (3, 3)}  # found out anew
    assert counts(project) == {"compare": (0, 0), "k=1": (3, 3)}  # as it is known
    lines = project.run("status", "tasks").ok().out.splitlines()
    assert [line.split() for line in lines[1:]] == [["✓", "U", "compare", "up", "to", "date"],
                                                    ["✓", "U", "k=1", "3/3", "up", "to", "date"]]


def test_an_aggregate_alone_is_out_of_date_at_three_of_three(make_project: MakeProject) -> None:
    project = make_project(variants(1))
    project.run("run", "tasks", "-j", "1").ok()
    project.edit("stages.py", "sum(x.values())", "max(x.values())")
    assert "k=1      3/3  from average: code changed" in project.run("status", "tasks").ok().out
    assert "3 of 3 inputs up to date; code changed" in project.run("show", "tasks/k=1", "--graph").ok().out
    assert begun(project.run("run", "tasks/k=1", "-j", "1")) == [".: from average"]


def test_a_run_tells_for_how_many_of_the_inputs_it_does_something(make_project: MakeProject) -> None:
    project = make_project(variants(1))
    project.run("run", "tasks", "-j", "1").ok()
    project.edit("tasks/task.yml", "- 3", "- 3\n- 4")
    assert begun(project.run("run", "tasks", "-j", "1")) == ["k=1: from measure, 1 of 4 inputs", "compare: from rank"]
