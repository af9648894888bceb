"""Aggregates over tasks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aggregate_trees import STAGES, variants
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]


def ranking(project: Project) -> list[tuple[str, int, float, dict[int, int]]]:
    found: list[tuple[str, int, float, dict[int, int]]] = project.results("tasks/compare")[None]["ranking"]
    return found


def test_what_they_read_is_brought_up_to_date_first(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2))
    outcome = project.run("run", "tasks/compare", "-j", "2").ok()
    assert "Brought up to date first, since it is read: ../k=1, ../k=2" in outcome.err
    assert ranking(project) == [("../k=1", 1, 2.0, {1: 1, 2: 2, 3: 3}), ("../k=2", 2, 4.0, {1: 2, 2: 4, 3: 6})]
    assert project.results("tasks/compare")[None]["best"] == "../k=2"
    assert "leave --input out" in project.run("show", "tasks/compare", "best", "--input", "1").exits(2).err
    assert [project.read(f"tasks/{task}/times.csv").splitlines()[0] for task in ("compare", "k=1")] == [
        ",(all)", ",1,2,3,(all)"]
    assert "up to date" in project.run("run", "tasks").ok().err
    table = project.run("table", "tasks", "--by", "task").ok().out
    assert "best" in table
    assert "mean" in table


def test_joined_left_and_changed_are_told_apart(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2, 3))
    project.run("run", "tasks", "--serial").ok()
    project.move("tasks/k=1", "tasks/k=4")
    project.edit("tasks/k=2/task.yml", "k: 2", "k: 5")
    out = project.run("status", "tasks/compare", "-v").ok().out
    assert "joined: ../k=4" in out
    assert "left: ../k=1" in out
    assert "changed: ../k=2" in out
    project.executions()
    project.run("run", "tasks", "--serial").ok()
    done = project.executions()
    assert done == {("measure", 1): 1, ("measure", 2): 1, ("measure", 3): 1, ("average", None): 1, ("rank", None): 1,
                    ("best", None): 1}
    assert [task for task, *_ in ranking(project)] == ["../k=4", "../k=3", "../k=2"]


def test_forcing_a_stage_runs_what_depends_on_it_in_other_tasks(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2))
    project.run("run", "tasks", "--serial").ok()
    project.executions()
    project.run("run", "tasks/k=1", "--from", "measure", "--serial").ok()
    assert project.executions() == {("measure", 1): 1, ("measure", 2): 1, ("measure", 3): 1, ("average", None): 1}
    assert "changed: ../k=1" in project.run("status", "tasks/compare").ok().out
    project.run("run", "tasks", "--serial").ok()
    assert project.executions() == {("rank", None): 1, ("best", None): 1}
    project.run("run", "tasks/compare", "--force", "--serial").ok()
    assert project.executions() == {("rank", None): 1, ("best", None): 1}


def test_what_is_drawn_anew_goes_with_nothing_that_was_made_of_the_old(make_project: MakeProject) -> None:
    source = """\
import time
from repype_like.stage import stage


@stage(outputs=["x"], deterministic=False)
def draw(input_id):
    return time.time_ns()


@stage(outputs=["y"])
def derive(x):
    return x + 1
"""
    spec = {"pipeline": ["stages.draw", "stages.derive"], "input_ids": [1]}
    task = {"runnable": True}
    project = make_project({"stages.py": source, "tasks/task.yml": spec, "tasks/a/task.yml": task,
                            "tasks/b/task.yml": task})
    project.run("run", "tasks", "--serial").ok()
    project.run("run", "tasks/a", "--from", "draw", "--until", "draw", "--serial").ok()
    project.write("tasks/c/task.yml", task)
    project.run("run", "tasks", "--serial").ok()
    found = [project.results(f"tasks/{name}")[1] for name in "abc"]
    assert all(fields["y"] == fields["x"] + 1 for fields in found)
    assert "up to date" in project.run("run", "tasks").ok().err


def test_a_failed_source_is_waited_for(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2))
    project.write("tasks/k=2/task.yml", {"runnable": True, "config": {"measure": {"k": 2, "fail": 3}}})
    outcome = project.run("run", "tasks", "-j", "2").exits(1)
    assert outcome.err.count('compare: the stage "rank" was not run, since it waits for k=2') == 1
    assert "settle" not in outcome.err
    assert not any(stage == "rank" for stage, _ in project.executions())
    project.edit("tasks/k=2/task.yml", "fail: 3", "fail: 0")
    project.run("run", "tasks", "-j", "2").ok()
    assert len(ranking(project)) == 2


@pytest.mark.parametrize(("tasks", "told"), [
    ("../q=*/", 'no runnable task matches the pattern "../q=*/"; did you mean "../k=1"'),
    ("../*/", 'would read its own task: the pattern "../*/" matches it'),
    ("/abs", "has to be relative"),
    ([], "does not say which tasks it reads"),
])
def test_patterns_that_are_wrong(make_project: MakeProject, tasks: Any, told: str) -> None:
    project = make_project(variants(1))
    project.write("tasks/compare/task.yml", {"runnable": True, "pipeline": ["stages.Rank", "stages.best"],
                                             "config": {"rank": {"tasks": tasks}}})
    outcome = project.run("status", "tasks/compare", "--json")
    error = outcome.json()["tasks"][0]["error"]
    assert told in error
    assert "tasks/compare/task.yml:7" in error
    assert project.run("run", "tasks").code == 2


def test_tasks_that_read_each_other(make_project: MakeProject) -> None:
    more = STAGES + """

@aggregate(outputs=["a"], tasks="../other/")
def first(b):
    return 1


@aggregate(outputs=["b"], tasks="../compare/")
def second(a):
    return 1
"""
    project = make_project({**variants(1), "stages.py": more})
    project.write("tasks/compare/task.yml", {"runnable": True, "pipeline": ["stages.first"]})
    project.write("tasks/other/task.yml", {"runnable": True, "pipeline": ["stages.second"]})
    outcome = project.run("run", "tasks").exits(2)
    assert "in a cycle: compare -> other -> compare" in outcome.err
    assert "in a cycle: other -> compare -> other" in outcome.err
    assert "2 errors" in outcome.err
    assert "tasks/other/task.yml:3" in outcome.err
    project.write("notebook.py", """\
import repype_like
batch = repype_like.open_tree("tasks")
for _ in range(2):
    print([context.task.path.name for context in batch.prepare()])
    try:
        batch.workplaces(batch.contexts)
    except repype_like.errors.SpecError as error:
        print(len(error.problems))
""")
    child = project._popen("notebook.py")
    assert child.communicate(timeout=120)[0].splitlines() == ["['k=1']", "2"] * 2


def test_who_reads_what_reads_something_wrong_is_told_as_well(make_project: MakeProject) -> None:
    more = STAGES + """

@aggregate(outputs=["last"], tasks="../compare/")
def conclude(best):
    return best["../compare"]


@stage(outputs=["x"])
def unwired(input_id, k=1):
    return k
"""
    spec = {"runnable": True, "pipeline": ["stages.unwired", "stages.average"]}
    project = make_project({**variants(1), "stages.py": more, **{f"tasks/k={k}/task.yml": spec for k in (1, 2)}})
    project.write("tasks/conclusion/task.yml", {"runnable": True, "pipeline": ["stages.conclude"]})
    for path in ("tasks", "tasks/conclusion"):
        outcome = project.run("run", path).exits(2)
        assert 'the aggregate "rank" reads ../k=1 (and 1 more), and there is something wrong with' in outcome.err
        assert 'the aggregate "conclude" reads ../compare, and there is something wrong with' in outcome.err
        assert "a hyperparameter stands behind a *, as in *, k=1" in outcome.err
    project.run("status", "tasks").ok()


def test_fields_that_are_not_there(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2, 3))
    project.edit("stages.py", 'inputs = ["x", "mean", "configs"]', 'inputs = ["x", "meam", "configs"]')
    outcome = project.run("run", "tasks").exits(2)
    assert 'reads "meam" of ../k=1 (and 2 more), which has no such field' in outcome.err
    assert outcome.err.count('did you mean "mean"') == 1, "not for each task"


def test_a_chain_of_them_over_three_levels(make_project: MakeProject) -> None:
    more = STAGES + """

@aggregate(outputs=["winners"], tasks=())
def finals(best):
    trace("finals", None)
    return dict(best)
"""
    spec = {"runnable": True, "pipeline": ["stages.finals"], "config": {"finals": {"tasks": ["../*/compare/"]}}}
    tree = {f"tasks/{name}/{path.removeprefix('tasks/')}": content for name in ("a", "b")
            for path, content in variants(1, 2).items() if path != "stages.py"}
    project = make_project({"stages.py": more, "tasks/task.yml": {}, "tasks/final/task.yml": spec, **tree})
    project.run("run", "tasks/final", "-j", "2").ok()
    assert project.results("tasks/final")[None]["winners"] == {"../a/compare": "../k=2", "../b/compare": "../k=2"}
    project.executions()
    project.edit("tasks/a/k=2/task.yml", "k: 2", "k: 7")
    project.run("run", "tasks/final", "-j", "2").ok()
    done = project.executions()
    assert (done["rank", None], done["best", None], done["finals", None], done["average", None]) == (1, 1, 1, 1)


def test_a_lost_value_of_a_source_is_made_anew(make_project: MakeProject) -> None:
    source = STAGES.replace("return k * input_id", "return bytes([input_id * k]) * 100_000").replace(
        "x: Mapping[int, int]", "x").replace("sum(x.values())", "sum(value[0] for value in x.values())").replace(
        "dict(x[task])", "{key: value[0] for key, value in x[task].items()}")
    project = make_project({**variants(1, 2), "stages.py": source})
    project.run("run", "tasks", "--serial").ok()
    blob = min((project.root / "tasks/k=2/.repype/blobs").iterdir())
    blob.chmod(0o644)
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 1
    os.utime(blob)
    blob.write_bytes(content)
    project.edit("stages.py", "for task in sorted(x, key=lambda task: mean[task])]", "for task in sorted(x)]")
    project.run("run", "tasks", "--serial").ok()
    assert ranking(project)[1][3] == {1: 2, 2: 4, 3: 6}


def test_what_a_notebook_shows_of_them(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2))
    project.write("notebook.py", "import repype_like\nprint(repype_like.open('tasks/compare')._repr_html_())\n")

    def shown() -> str:
        child = project._popen("notebook.py")
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
        return out

    assert "0/2" in shown()
    project.run("run", "tasks", "--serial").ok()
    assert "compare: up to date" in shown()
    project.edit("tasks/k=2/task.yml", "k: 2", "k: 5")
    assert "changed: ../k=2" in shown()
    assert "1/2" in shown()
    project.remove("tasks/k=1")
    project.remove("tasks/k=2")
    assert "no runnable task matches" in shown()


def test_what_they_were_given_can_be_returned(make_project: MakeProject) -> None:
    more = STAGES + """

@aggregate(outputs=["bare", "nested", "own"], tasks="../k=*/")
def gather(x, mean):
    own = [1]
    own.append(own)
    return x, {"means": mean, "pairs": [(task, x[task]) for task in x]}, len(own)
"""
    project = make_project({**variants(1, 2), "stages.py": more})
    project.write("tasks/compare/task.yml", {"runnable": True, "pipeline": ["stages.gather"]})
    project.run("run", "tasks", "-j", "2").ok()
    one, two = {1: 1, 2: 2, 3: 3}, {1: 2, 2: 4, 3: 6}
    found = project.results("tasks/compare")[None]
    assert found["bare"] == {"../k=1": one, "../k=2": two}
    assert found["nested"] == {"means": {"../k=1": 2.0, "../k=2": 4.0}, "pairs": [("../k=1", one), ("../k=2", two)]}


def test_a_pattern_has_to_be_named(make_project: MakeProject) -> None:
    project = make_project({**variants(1), "stages.py": STAGES + """

@aggregate("../k=*/", outputs=["z"])
def gather(x):
    return 1
"""})
    assert "takes its arguments by name, such as outputs=[...] or tasks=...; what is '../k=*/'?" in project.run(
        "run", "tasks").exits(2).err
