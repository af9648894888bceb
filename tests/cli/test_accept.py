"""``repype accept``: results that the user vouches for are kept, and nothing else becomes stale."""

from __future__ import annotations

import pytest

from project import Project

EDIT = ('config["factor"] * item', 'item * config["factor"]')


@pytest.fixture
def edited(tree: Project) -> Project:
    """Return the project, run, and with an edit of the stage ``scale``; ``other`` differs in what comes behind it."""
    tree.write("tasks/other/task.yml", {"runnable": True, "config": {"total": {"unit": "mm"}}})
    tree.run("run", "tasks").ok()
    tree.edit("stages.py", *EDIT)
    tree.executions()
    return tree


def rerun(project: Project) -> dict[tuple[str, object], int]:
    project.run("run", "tasks").ok()
    return dict(project.executions())


def test_the_results_are_kept_in_the_task_and_below_and_others_pick_them_up(edited: Project) -> None:
    edited.run("status", "tasks", "--check").exits(1)
    answer = edited.run("accept", "tasks/base", "--stage", "scale").ok()
    assert answer.out.splitlines() == [".: 3 results accepted, up to date", "factor=2: 3 results accepted, up to date"]
    assert [line[2] for line in edited.run("status", "tasks").ok().out.splitlines()] == ["T", "U", "U", "R"]
    told = "accepted: 3 results of scale, although Scale.process changed"
    assert edited.run("status", "tasks", "-v").ok().out.count(told) == 2
    assert rerun(edited) == {}, "the other task has nothing to compute either"
    assert edited.results("tasks/base/factor=2")[3]["total"] == 12
    edited.run("status", "tasks", "--check").ok()
    edited.run("verify", "tasks").ok()
    edited.run("gc", "tasks", "-y").ok()
    assert rerun(edited) == {}


def test_the_next_edit_runs_and_its_reversal_does_not(edited: Project) -> None:
    edited.run("accept", "tasks", "--stage", "scale").ok()
    edited.edit("stages.py", *reversed(EDIT))
    assert rerun(edited) == {}, "the results of before are still there"
    edited.edit("stages.py", EDIT[0], "1 * " + EDIT[1])
    edited.run("accept", "tasks", "--stage", "scale").ok()
    assert rerun(edited) == {}
    edited.edit("stages.py", "1 * " + EDIT[1], "2 * " + EDIT[1])
    assert "code changed: Scale.process in stages.py" in edited.run("status", "tasks").ok().out
    assert {stage for stage, _ in rerun(edited)} == {"scale", "total"}
    assert edited.results("tasks/base")[3]["total"] == 12


def test_other_changes_are_not_vouched_for(edited: Project) -> None:
    edited.write("tasks/task.yml", {"pipeline": ["stages.Load", "stages.Scale", "stages.Total"], "input_ids": "1-3",
                                    "config": {"scale": {"power": 2, "password": "geheim"}}})
    answer = edited.run("accept", "tasks", "--stage", "scale").exits(2)
    assert "nobody can vouch for: scale.password (not set) -> ***" in answer.err
    edited.run("accept", "tasks", "--stage", "total").exits(2)
    assert "there is no stage" in edited.run("accept", "tasks", "--stage", "skale").exits(2).err
    assert {stage for stage, _ in rerun(edited)} == {"scale", "total"}
    assert "Nothing to accept" in edited.run("accept", "tasks", "--stage", "scale").ok().err


def test_new_inputs_are_computed_with_the_new_code(edited: Project) -> None:
    edited.run("accept", "tasks", "--stage", "scale").ok()
    edited.edit("tasks/task.yml", "1-3", "1-4")
    assert {input_id for _, input_id in rerun(edited)} == {4}


@pytest.mark.parametrize("marginal", [False, True])
def test_what_comes_behind_may_change_afterwards(edited: Project, marginal: bool) -> None:
    if marginal:
        edited.write("tasks/base/task.yml", {"runnable": True, "marginal_stages": ["scale"]})
        edited.run("run", "tasks/base").ok()
    edited.run("accept", "tasks", "--stage", "scale").ok()
    edited.write("tasks/base/task.yml", {"runnable": True, "config": {"total": {"unit": "cm"}},
                                         **({"marginal_stages": ["scale"]} if marginal else {})})
    edited.executions()
    expected = {"total", "scale"} if marginal else {"total"}
    assert {stage for stage, _ in rerun(edited)} == expected
    assert rerun(edited) == {}


def test_an_accepted_result_can_be_computed_all_the_same(edited: Project) -> None:
    edited.run("accept", "tasks", "--stage", "scale").ok()
    edited.run("run", "tasks", "--from", "scale").ok()
    assert {stage for stage, _ in edited.executions()} == {"scale", "total"}
    assert rerun(edited) == {}
    assert "accepted" not in edited.run("status", "tasks", "-v").ok().out


def test_stages_that_share_an_edit_are_accepted_together(tree: Project) -> None:
    helper = "\n\ndef helper(value):\n    return value\n"
    tree.write("stages.py", tree.read("stages.py").replace('{"scaled": [', '{"scaled": [0 * helper(0) + ').replace(
        "sum(scaled)", "sum(map(helper, scaled))") + helper)
    tree.run("run", "tasks").ok()
    tree.edit("stages.py", "    return value\n", "    return 1 * value\n")
    tree.executions()
    answer = tree.run("accept", "tasks", "--stage", "total").exits(2)
    assert "accept that as well (--stage scale)" in answer.err
    tree.run("accept", "tasks", "--stage", "total", "--stage", "scale").ok()
    assert rerun(tree) == {}
