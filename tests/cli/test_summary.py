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

INPUTS = ["5", "a b", "it's", "-x", "--", "a,b", "7-9", "[1]", "x=y", "é", -5, "$HOME", "a\\b", "*"]


@pytest.mark.parametrize(("directory", "inputs"), [
    ("tasks/plain", INPUTS), *((name, [1]) for name in (
        "tasks/v [1]", "my 'tasks'/a b", "-dash/-x", "new\nline/tab\t'$(x)", "größe/*", "tasks", "tasks/--"))])
def test_the_command_repeats_just_that(make_project: MakeProject, directory: str, inputs: list[Any]) -> None:
    top = directory.partition("/")[0]
    spec = {"runnable": True, "pipeline": ["stages.A"], "input_ids": inputs}
    project = make_project({
        "stages.py": stages(stage("A", "", "a", "raise ValueError('unfit')")), f"{directory}/task.yml": spec,
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
