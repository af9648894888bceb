"""``repype run``: what is run, what is said, and the exit code."""

from __future__ import annotations

import json
import os
import signal

from project import Project

ALL = {("load", 1): 1, ("load", 2): 1, ("load", 3): 1, ("scale", 1): 2, ("scale", 2): 2, ("scale", 3): 2,
       ("total", 1): 2, ("total", 2): 2, ("total", 3): 2}


def test_everything_is_run_once_and_then_nothing(tree: Project) -> None:
    answer = tree.run("run", "tasks").ok()
    assert tree.executions() == ALL
    assert not answer.out, "stdout is for data"
    lines = answer.err.splitlines()
    assert "  base: from load, 3 inputs" in lines
    assert any(line.startswith("✓ base/factor=2: completed (") for line in lines)
    assert "base total for 1: total of 2" in lines
    assert lines[-2].startswith("2 tasks completed in ")
    assert lines[-1].startswith("15 results computed (stages took ")
    again = tree.run("run", "tasks").ok()
    assert again.err == "Nothing to do: 2 tasks are up to date.\n"
    assert not tree.executions()


def test_what_was_picked_up_is_said(tree: Project) -> None:
    tree.run("run", "tasks", "--only", "base").ok()
    answer = tree.run("run", "tasks").ok()
    assert "✓ base/factor=2: completed (6 computed in " in answer.err
    assert "3 picked up from base" in answer.err.splitlines()[-1]
    tree.executions()
    tree.run("reset", "tasks/base/factor=2", "-y").ok()
    tree.run("run", "tasks", "--no-pickup", "--only", "base/factor=2").ok()
    assert tree.executions()["load", 1] == 1


def test_a_dry_run_prints_what_would_run_and_runs_nothing(tree: Project) -> None:
    tree.run("run", "tasks", "--only", "base").ok()
    tree.executions()
    before = {path: path.stat().st_mtime_ns for path in tree.root.rglob("*")}
    answer = tree.run("run", "tasks", "-n").ok()
    assert answer.out == "● R  base/factor=2  0/3  from scale: never run\n"
    assert answer.err == "1 of 2 tasks would run: 6 to be computed, 3 to be picked up.\n"
    assert [task["task"] for task in tree.run("run", "tasks", "-n", "--json").ok().json()["tasks"]] == ["base/factor=2"]
    assert not tree.executions()
    assert {path: path.stat().st_mtime_ns for path in tree.root.rglob("*")} == before


def test_paths_select_tasks(tree: Project) -> None:
    tree.run("run", "tasks/base/factor=2").ok()
    status = tree.run("status", "tasks", "--json").ok().json()["tasks"]
    assert {task["task"]: task["pending"] for task in status} == {
        ".": "", "base": "incomplete", "base/factor=2": ""}
    tree.run("run", "tasks/base", "tasks/base/factor=2").ok()
    tree.run("status", "tasks", "--check").ok()


def test_inputs_and_stages_select_work(tree: Project) -> None:
    tree.run("run", "tasks", "--only", "base", "--input", "2").ok()
    assert tree.executions() == {("load", 2): 1, ("scale", 2): 1, ("total", 2): 1}
    answer = tree.run("run", "tasks", "--only", "base", "--until", "load").ok()
    assert tree.executions() == {("load", 1): 1, ("load", 3): 1}
    assert "not completed" in answer.err
    tree.run("run", "tasks", "--only", "base").ok()
    assert tree.executions() == {("scale", 1): 1, ("total", 1): 1, ("scale", 3): 1, ("total", 3): 1}
    tree.run("run", "tasks", "--only", "base", "--from", "total").ok()
    assert tree.executions() == {("total", number): 1 for number in (1, 2, 3)}
    tree.run("run", "tasks", "--only", "base", "--force", "--input", "1").ok()
    assert tree.executions() == {("load", 1): 1, ("scale", 1): 1, ("total", 1): 1}


def test_a_failure_is_reported_once_with_all_that_is_needed(tree: Project) -> None:
    tree.write("tasks/base/task.yml", {"runnable": True, "config": {"scale": {"fail": 2}}})
    answer = tree.run("run", "tasks", "--only", "base").exits(1)
    report = answer.err.partition("\n\n")[2]
    assert answer.err.count("Traceback") == 1
    assert 'The stage "scale" failed for the input 2: ValueError: 2 cannot be scaled' in report
    assert 'raise ValueError(f"{input_id} cannot be scaled")' in report
    assert "  task: base\n" in report
    assert "    scaling 2\n" in report
    assert "repype_like" not in report, "frames of ours are of no use"
    assert "✗ base: failed" in answer.err
    assert answer.err.splitlines()[-2].startswith("1 task failed in ")
    tree.executions()
    assert "To repeat it: repype run tasks --only base --input 2\n" in report
    tree.run("run", "tasks", "--only", "base", "--input", "2").exits(1)
    assert tree.executions() == {("scale", 2): 1}
    tree.write("tasks/base/task.yml", {"runnable": True})
    tree.run("run", "tasks").ok()
    assert ("load", 1) not in tree.executions(), "what was finished was kept"


def test_a_shared_failure_names_the_tasks(tree: Project) -> None:
    tree.write("tasks/base/task.yml", {"runnable": True, "config": {"scale": {"fail": 2}}})
    tree.write("tasks/base/same/task.yml", {})
    answer = tree.run("run", "tasks", "--only", "base", "--only", "base/same").exits(1)
    assert answer.err.count("Traceback") == 1
    assert "  tasks: base, base/same\n" in answer.err


def test_errors_in_specifications_keep_everything_from_running_unless_told_to_go_on(tree: Project) -> None:
    tree.write("tasks/base/factor=2/task.yml", "runable: true\n")
    tree.write("tasks/other/task.yml", {"runnable": True, "pipeline": ["stages.Lod"]})
    answer = tree.run("run", "tasks").exits(2)
    assert answer.err.splitlines() == [
        'tasks/base/factor=2/task.yml:1:1: unknown key "runable"',
        '    did you mean "runnable"?',
        'tasks/other/task.yml:3:3: stages.py: cannot import "stages.Lod": the module "stages" has no "Lod"',
        '    did you mean "Load"?',
        "2 errors",
        "Nothing was run. To run the tasks that are in order, add -k.",
    ]
    assert not tree.executions()
    tree.run("run", "tasks", "-k").exits(1)
    assert tree.executions() == {(stage, number): 1 for stage in ("load", "scale", "total") for number in (1, 2, 3)}


def test_events_are_printed_as_lines_of_json(tree: Project) -> None:
    tree.edit("stages.py", '        print("scaling", input_id)\n', '        print("{}", input_id)\n')
    events = []
    for flags in (("-j", "2"), ("--serial", "--force")):
        answer = tree.run("run", "tasks", "--json", *flags).ok()
        events = [json.loads(line) for line in answer.out.splitlines()]
        assert {event["schema"] for event in events} == {1}
        assert (events[0]["event"], events[-1]["event"]) == ("RunStarted", "RunFinished")
        assert events[0]["command"] == ["repype", "run", "tasks", "--json", *flags]
        assert sum(event["event"] == "StageFinished" for event in events) == events[-1]["computed"]
    logs = sorted((tree.root / "tasks" / ".repype" / "runs").iterdir())
    logged = [json.loads(line) for line in logs[-1].read_text().splitlines()]
    assert logged == [{key: value for key, value in event.items() if key != "schema"} for event in events
                      if event["event"] != "Progress" and not event.get("intermediate")]


def test_serial_runs_in_this_very_process(tree: Project) -> None:
    tree.edit("stages.py", 'print("scaling", input_id)', 'import os, sys; print("pid", os.getpid(), file=sys.stderr)')
    child = tree.start("run", "tasks", "--serial")
    _, err = child.communicate(timeout=60)
    assert f"pid {child.pid}\n" in err


def test_a_task_class_is_given(tree: Project) -> None:
    tree.write("hooks.py", """
        import repype_like.task

        class Task(repype_like.task.Task):
            def on_load_start(self, stage, event, pipeline, input_id, data, config, status=None):
                with open("hooks.txt", "a") as file:
                    file.write(f"{input_id}\\n")
        """)
    tree.run("run", "tasks", "--task-class", "hooks.Task").ok()
    assert sorted(tree.read("hooks.txt").split()) == ["1", "2", "3"]


def test_another_run_holds_the_tree(tree: Project) -> None:
    tree.run("run", "tasks", "--only", "base", "--until", "load").ok()
    tree.edit("stages.py", 'print("scaling", input_id)', "open('here', 'w'); open('gate').read()")
    tree.executions()
    os.mkfifo(tree.root / "gate")
    child = tree.start("run", "tasks", "--only", "base", "--input", "1")
    while not (tree.root / "here").exists():
        assert child.poll() is None
    answer = tree.run("run", "tasks").exits(4)
    assert "is running this tree" in answer.err
    assert "Traceback" not in answer.err
    tree.run("reset", "tasks", "-y").exits(4)
    waiting = tree.start("run", "tasks", "--wait")
    assert waiting.stderr is not None
    assert "waiting for it where it is in the way" in waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(timeout=60) == 130, "who waits can be interrupted"
    patient = tree.start("run", "tasks", "--only", "base", "--input", "1", "--wait")
    with (tree.root / "gate").open("w"):
        pass
    assert child.wait(timeout=60) == 0
    assert patient.wait(timeout=60) == 0
    assert tree.executions() == {("scale", 1): 1, ("total", 1): 1}, "what the other run did is not done again"
