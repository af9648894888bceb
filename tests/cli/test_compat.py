"""A project's own script with the command line of repype 1.0.4."""

from __future__ import annotations

import subprocess
import sys

import pytest

from project import TRACE_VARIABLE, Project

SCRIPT = """
    import sys
    import repype_like.cli
    import repype_like.stage
    import repype_like.task


    class Double(repype_like.stage.Stage):
        inputs = ["input_id"]
        outputs = ["twice"]

        def process(self, pipeline, config, input_id, status=None):
            return {"twice": Value(2 * input_id)}


    class Value:
        def __init__(self, number):
            self.number = number


    class Task(repype_like.task.Task):
        def on_double_end(self, stage, event, pipeline, input_id, data, config, status=None):
            with open("hooks.txt", "a") as file:
                file.write(f"{event} {input_id} {data['twice'].number}\\n")


    if __name__ == "__main__":
        if sys.argv[1:]:
            succeeded = repype_like.cli.run_cli(Task)
        else:
            import asyncio
            succeeded = asyncio.run(repype_like.cli.main("tasks", run=True, task_cls=Task)())
        sys.exit(0 if succeeded else 1)
    """


@pytest.fixture
def project(make_project: object) -> Project:
    """Return a project whose stage and task classes live in the script that is run."""
    return make_project({  # type: ignore[operator,no-any-return]
        "script.py": SCRIPT,
        "tasks/task.yml": {"runnable": True, "pipeline": ["__main__.Double"], "input_ids": "1-2"},
        "tasks/sub/task.yml": {"input_ids": "1-3"},
    })


def run(project: Project, *args: str, stdin: str = "") -> tuple[int, str, str]:
    import os

    child = subprocess.run([sys.executable, "script.py", *args], cwd=project.root, input=stdin, capture_output=True,
                           text=True, timeout=120, check=False,
                           env={**os.environ, "HOME": str(project.home), TRACE_VARIABLE: str(project.home / "trace")})
    return child.returncode, child.stdout, child.stderr


def test_tasks_are_listed_run_and_completed(project: Project) -> None:
    code, out, err = run(project, "tasks")
    assert code == 0, err
    assert [line.split()[2] for line in out.splitlines()] == [".", "sub"]
    assert 'add "--run"' in err
    code, out, err = run(project, "tasks", "--run", "--task", "tasks")
    assert code == 0, err
    assert sorted(project.read("hooks.txt").splitlines()) == ["end 1 2", "end 2 4"]
    code, out, err = run(project, "tasks", "--run", "--task-dir", "tasks/sub")
    assert code == 0, err
    assert "picked up from ." in err
    code, out, err = run(project, "tasks", "--run")
    assert (code, err) == (0, "Nothing to do: 2 tasks are up to date.\n")


def test_the_coroutine_does_the_same(project: Project) -> None:
    code, _, err = run(project)
    assert code == 0, err
    assert "2 tasks completed" in err


def test_errors_give_false_and_a_message(project: Project) -> None:
    code, _, err = run(project, "nowhere", "--run")
    assert (code, "no such directory" in err, "Traceback" in err) == (1, True, False)
    code, _, err = run(project, "tasks", "--run", "--task", "elsewhere")
    assert (code, "there are no such tasks" in err) == (1, True)
    code, _, err = run(project, "tasks", "--run", "--reset")
    assert (code, "not allowed with" in err) == (2, True)
    code, _, err = run(project, "tasks", "--reset")
    assert code == 0, err


def test_run_and_reset_exclude_each_other() -> None:
    import repype_like.cli

    with pytest.raises(AssertionError, match="not both"):
        repype_like.cli.main(".", run=True, reset=True)
    with pytest.raises(AssertionError, match="not both"):
        repype_like.cli.run_cli_ex(".", run=True, reset=True)
    assert repype_like.cli.format_hms(61) == "01:01"
    with pytest.raises(AttributeError, match="nothing"):
        repype_like.cli.nothing  # noqa: B018
