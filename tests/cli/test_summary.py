"""What is said of a failure repeats it when it is copied into a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import TRACE_VARIABLE, Project

MakeProject = Callable[[Mapping[str, Any]], Project]

FAIL = "raise ValueError(str(input_id).encode().hex('x'), config.get('other'))"  # no two are told as one
INPUTS = ["5", "a b", "it's", "-x", "--", "a,b", "7-9", "[1]", "x=y", "é", -5, "$HOME", "a\\b", "*"]


@pytest.mark.parametrize(("directory", "inputs"), [
    ("tasks/plain", INPUTS), *((name, [1]) for name in (
        "tasks/v [1]", "my 'tasks'/a b", "-dash/-x", "new\nline/tab\t'$(x)", "größe/*", "tasks", "tasks/--"))])
def test_the_command_repeats_just_that(make_project: MakeProject, directory: str, inputs: list[Any]) -> None:
    top = directory.partition("/")[0]
    spec = {"runnable": True, "pipeline": ["stages.A"], "input_ids": inputs}
    project = make_project({
        "stages.py": stages(stage("A", "", "a", FAIL)), f"{directory}/task.yml": spec,
        f"{top}/other/task.yml": {**spec, "config": {"a": {"other": True}}}})
    answer = project.run("run", f"./{top}" if top.startswith("-") else top, "-j2").exits(1)
    commands = re.findall(r"To repeat it: (repype run .*)", answer.err)
    assert len(commands) == 2 * len(inputs)
    wanted = [command for command in commands if "other" not in command]
    assert project.executions() == {("a", item): 2 for item in inputs}
    program = "\n".join([f'repype() {{ {sys.executable} -m repype_like "$@" --serial; }}', *wanted])
    done = subprocess.run(["bash", "-c", program], cwd=project.root, capture_output=True, check=False, timeout=240,
                          encoding="utf-8", env={**os.environ, TRACE_VARIABLE: str(project.home / "trace")})
    assert done.stderr.count("failed for the input") == len(inputs), done.stderr
    assert project.executions() == {("a", item): 1 for item in inputs}, done.stderr


def failing(make_project: MakeProject, code: str) -> Project:
    """Return a project with a task and a variant of it, whose stage does this for each of eight inputs."""
    return make_project({
        "stages.py": stages(stage("A", "", "a", code)),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A"], "input_ids": "1-8"},
        "tasks/k=2/task.yml": {"config": {"a": {"k": 2}}}})


def test_what_fails_for_many_in_the_same_way_is_told_once(make_project: MakeProject) -> None:
    project = failing(make_project, "print('at', input_id); raise ValueError('unfit' if input_id < 8 else 'another')")
    err = project.run("run", "tasks", "--serial").exits(1).err
    assert err.count("Traceback (most recent call last)") == 2, err
    assert ('The stage "a" failed for 7 inputs: ValueError: unfit\n'
            "  tasks: ., k=2\n"
            "  inputs: 1, 2, 3, 4, 5, 6 and 1 more\n") in err
    assert "  To repeat the first of them: repype run tasks --only . --input 1\n" in err
    assert ('The stage "a" failed for the input 8: ValueError: another\n'
            "  tasks: ., k=2\n") in err
    assert all(f"✗ {task} a for {item}: " in err for task in (".", "k=2") for item in range(1, 9)), "each has its line"


@pytest.mark.parametrize(("inputs", "message", "groups"), [
    (["a-1", "a-2", "b 3"], "f'cannot read {input_id}.png'", ["3 inputs, the first of them with: ValueError: cannot"]),
    (["a", "b", "c"], "f'a file: {input_id}.png, {input_id!r}'", ["2 inputs, the first of them with: ", "input a: "]),
    ([1, 2, 12], "f'no slice {input_id:03d} in x.tif'", ["3 inputs, the first of them with: ValueError: no slice 001"]),
    ([1, 2, 12], "f'{input_id}1 is no slice'", ["input 12: ", "input 1: ", "input 2: "]),
    ([0, 1, 2], "'index 1 is out of bounds for axis 0'", ["3 inputs: ValueError: index 1"]),
    ([-1, 2, "x"], "f'unfit: {input_id}'", ["3 inputs, the first of them with: ValueError: unfit: -1"]),
    ([1, 2], "f'{input_id}: {input_id / 7}'", ["input 1: ", "input 2: "]),
    ([1, 2, 3], "f'[Errno 2] no file: {input_id}.png'", ["3 inputs, the first of them with: ValueError: [Errno 2] no"]),
    ([1, 2, 3], "f'{input_id}: {input_id + 10} rows'", ["input 1: ", "input 2: ", "input 3: "]),
])
def test_what_differs_in_the_name_of_the_input_only_is_told_once(make_project: MakeProject, inputs: list[Any],
                                                                 message: str, groups: list[str]) -> None:
    project = make_project({
        "stages.py": stages(stage("A", "", "a", f"raise ValueError({message})")),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A"], "input_ids": inputs}})
    err = project.run("run", "tasks", "-j1").exits(1).err
    told = [line for line in err.splitlines() if line.startswith("The stage ")]
    assert len(told) == len(groups), err
    for group, line in zip(groups, sorted(told), strict=True):
        assert f" failed for {'the ' * group.startswith('input')}{group}" in line
    run, = (project.root / "tasks/.repype/runs").glob("*.jsonl")
    shown = project.run("runs", "tasks", run.stem).ok().out
    assert shown.count("\nfailed: a for ") == len(groups)


def test_where_the_interpreter_crashed_is_shown_without_our_own_calls(make_project: MakeProject) -> None:
    code = "(print('in'), __import__('faulthandler')._sigsegv())"
    err = failing(make_project, code).run("run", "tasks", "-j1", "--only", ".", "--input", "1").exits(1).err
    dump = err[err.index("What it had printed:"):]
    assert "    in\n    Fatal Python error: Segmentation fault\n" in dump
    assert 'File "stages.py", line ' in dump
    assert "repype_like" not in dump
    assert "Extension modules" not in dump
