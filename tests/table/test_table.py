"""The table of results, through the command line."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pexpect
import pytest

from aggregate_trees import variants
from project import Project
from repype_like.batch import Batch
from repype_like.errors import UsageError
from repype_like.table import Column, Mean, Row, Table, by_task

MakeProject = Callable[[Mapping[str, Any]], Project]


def rows(project: Project, *args: str) -> list[dict[str, Any]]:
    """Return the rows that ``table --json`` prints."""
    answer = project.run("table", "tasks", "--json", *args).ok().json()
    assert answer["schema"] == 1
    found: list[dict[str, Any]] = answer["rows"]
    return found


def test_a_task_without_a_configuration_is_not_outdated(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": """
            from repype_like.stage import stage

            @stage(outputs=["double"])
            def twice(input_id):
                return 2 * input_id
            """,
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.twice"], "input_ids": [3]}})
    project.run("run", "tasks").ok()
    assert [(row["double"], row["outdated"]) for row in rows(project)] == [(6, False)]


def test_a_row_for_each_task_and_input(scored: Project) -> None:
    answer = scored.run("table", "tasks").ok()
    assert answer.out.splitlines() == [
        "task         input     C  deep  fit_seconds  label  accuracy   good  api_key",
        "base         x         1  [1]           1.5  same          1  false  ***",
        "base         y         1  [1]           1.5  same          3   true  ***",
        "base/C=0.25  x      0.25  [1]           1.5  same       0.25  false  ***",
        "base/C=0.25  y      0.25  [1]           1.5  same       0.75   true  ***",
        "other        x         1  [2]           1.5  same          1  false  ***",
        "other        y         1  [2]           1.5  same          3   true  ***",
    ]
    assert answer.err.splitlines() == ["left out, never run: never"]


def test_what_differs_between_inputs_only_is_no_column(scored: Project) -> None:
    assert "fit.start" not in rows(scored)[0]


def test_by_task(scored: Project) -> None:
    assert scored.run("table", "tasks", "--by", "task", "--metrics", "accuracy,good").ok().out.splitlines() == [
        "task         n     C  deep      accuracy          good",
        "base         2     1  [1]      2 ± 1.414  0.5 ± 0.7071",
        "base/C=0.25  2  0.25  [1]   0.5 ± 0.3536  0.5 ± 0.7071",
        "other        2     1  [2]      2 ± 1.414  0.5 ± 0.7071",
    ]
    assert rows(scored, "--by", "task", "--metrics", "accuracy")[1] == {
        "task": "base/C=0.25", "n": 2, "score.C": 0.25, "score.nested.deep": [1], "metrics.accuracy": 0.5,
        "metrics.accuracy_sd": pytest.approx(0.125 ** 0.5), "outdated": False}


def test_sorted_and_as_csv(scored: Project) -> None:
    answer = scored.run("table", "tasks", "--only", "base/*", "--only", "other", "--sort", "accuracy", "--reverse",
                        "--metrics", "metrics.a*", "--csv").ok()
    assert [line[:2] for line in csv.reader(io.StringIO(answer.out))] == [
        ["task", "input"], ["other", "y"], ["other", "x"], ["base/C=0.25", "y"], ["base/C=0.25", "x"]]


@pytest.mark.parametrize(("args", "said"), [
    (["--metrics", "acuracy"], 'there is no value "acuracy" in the table; did you mean "accuracy"?'),
    (["--sort", "fit_secnds"], 'there is no column "fit_secnds" to sort by; did you mean "fit_seconds"?'),
    (["--reverse"], "--reverse says how to sort"),
    (["--only", "bas"], "no task below tasks has a path that matches"),
])
def test_mistakes(scored: Project, args: list[str], said: str) -> None:
    assert said in scored.run("table", "tasks", *args).exits(2).err


def test_no_code_of_the_project_runs_and_changed_tasks_are_marked(scored: Project, make_project: MakeProject) -> None:
    project = make_project({})
    shutil.copytree(scored.root, project.root, dirs_exist_ok=True)
    project.write("stages.py", "raise SystemExit(7)")
    project.edit("tasks/base/C=0.25/task.yml", "0.25", "0.5")
    answer = project.run("table", "tasks").ok()
    assert "base/C=0.25*  x      0.25" in answer.out
    assert "* 1 task completed with another specification" in answer.err


def test_a_damaged_task_is_left_out(make_project: MakeProject) -> None:
    project = make_project({"s.py": "from repype_like.stage import Stage\nclass A(Stage):\n    outputs = ['a']\n"
                            "    def process(self, pipeline, config, status=None): return {'a': 1}\n",
                            "tasks/task.yml": {"runnable": True, "pipeline": ["s.A"], "input_ids": [1]}})
    project.run("run", "tasks").ok()
    project.write("tasks/.repype/digest.json", "{")
    answer = project.run("table", "tasks").ok()
    assert answer.out == ""
    assert "left out, damaged:" in answer.err


def test_a_table_that_is_too_wide_is_printed_in_blocks(scored: Project) -> None:
    terminal = pexpect.spawn(sys.executable, ["-m", "repype_like", "table", "tasks"], cwd=str(scored.root),
                             dimensions=(40, 40), encoding="utf-8", env={**os.environ, "COLUMNS": "", "TERM": "xterm"})
    terminal.expect(pexpect.EOF)
    blocks = str(terminal.before).replace("\r", "").split("\n\n")
    assert [block.split("\n")[0] for block in blocks[:2]] == [
        "task         input     C  deep", "task         input  fit_seconds  label"]
    assert all(len(line) <= 40 for line in str(terminal.before).splitlines())


def test_a_frame(scored: Project) -> None:
    batch = Batch()
    batch.load(scored.root / "tasks")
    frame = batch.table()
    assert list(frame.columns[:4]) == ["task", "input", "score.C", "score.nested.deep"]
    means = frame.groupby("task")["metrics.accuracy"].mean()
    pd.testing.assert_series_equal(means, pd.Series(
        {"base": 2.0, "base/C=0.25": 0.5, "other": 2.0}, name="metrics.accuracy"), check_names=False)


def test_names_that_parameters_and_values_share() -> None:
    parameter, value = Column("a.b", "parameter"), Column("a.b", "metric")
    table = Table((parameter, value), (Row("t", 1, {parameter: 1, value: float("nan")}),
                                       Row("u", 1, {parameter: 1, value: 2.0}), Row("v", 1, {})))
    assert list(table.keys().values()) == ["config.a.b", "a.b"]
    assert [row.task for row in table.sorted_by("a.b").rows] == ["u", "t", "v"]
    with pytest.raises(UsageError, match="may be any of"):
        table.sorted_by("b")
    assert by_task(table).rows[1].cells[value] == Mean(2.0, None, 1)


def test_a_task_of_aggregates_has_no_number_of_inputs(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2))
    project.run("run", "tasks").ok()
    lines = project.run("table", "tasks", "--by", "task", "--csv").ok().out.splitlines()
    assert lines[0].split(",")[:2] == ["task", "n"]
    assert [line.split(",")[:2] for line in lines[1:]] == [["compare", ""], ["k=1", "3"], ["k=2", "3"]]
    shown = project.run("table", "tasks", "--by", "task").ok().out.splitlines()
    assert shown[1].split() == ["compare", "../k=2"]


def test_aggregates_have_a_row_only_for_what_is_shown(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2))
    project.run("run", "tasks").ok()
    rows = project.run("table", "tasks", "--metrics", "x", "--csv").ok().out.splitlines()
    assert rows[0].startswith("task,input,")
    assert [row.split(",")[1] for row in rows[1:]] == ["1", "2", "3"] * 2
    rows = project.run("table", "tasks", "--metrics", "mean", "--csv").ok().out.splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["1", "2", "3", ""] * 2


def test_aggregates_stand_beside_the_parameters_that_all_inputs_share(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2))
    project.run("run", "tasks").ok()
    assert [(row["task"], row["measure.k"], row["mean"]) for row in rows(project) if row["input"] is None] == [
        ("compare", None, None), ("k=1", 1, 2), ("k=2", 2, 4)]


def test_in_blocks_a_row_stands_where_it_says_something(make_project: MakeProject) -> None:
    project = make_project(variants(1, 2))
    project.run("run", "tasks").ok()
    terminal = pexpect.spawn(sys.executable, ["-m", "repype_like", "table", "tasks"], cwd=str(project.root),
                             dimensions=(60, 24), encoding="utf-8", env={**os.environ, "COLUMNS": "", "TERM": "xterm"})
    terminal.expect(pexpect.EOF)
    blocks = [[line.split() for line in block.split("\n")]
              for block in str(terminal.before).replace("\r", "").strip().split("\n\n")]
    rows = [[f"k={k}", *cells] for k in "12" for cells in (["1", k], ["2", k], ["3", k], [k])]
    assert [row[:3] for row in blocks[0]] == [["task", "input", "k"], *rows], "not what has none of these"
    assert all(row[:1] != ["compare"] for block in blocks for row in block if "best" not in block[0])
    assert sum(row == ["compare", "../k=2"] for block in blocks for row in block) == 1
    assert sum(row[:2] == ["k=2", "4"] for block in blocks for row in block if "mean" in block[0]) == 1


def test_a_parameter_of_a_stage_that_only_some_tasks_have_is_no_difference(make_project: MakeProject) -> None:
    spec = {"rank": {"tasks": "../k=*/"}}
    project = make_project(variants(1, 2, **{"tasks/all/task.yml": {
        "runnable": True, "pipeline": ["stages.Rank"], "config": spec}}))
    project.run("run", "tasks").ok()
    header = project.run("table", "tasks", "--csv").ok().out.splitlines()[0]
    assert header == "task,input,measure.k,best,x,mean"
