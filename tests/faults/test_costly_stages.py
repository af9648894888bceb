"""FAULTS 5, 9, 10, 11: stages that take too long, too much, or fail now and then."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from project import Project

MakeTree = Callable[..., Project]

HANGS = {
    "in Python": "while True: pass",
    "asleep": "time.sleep(1e4)",
    "in C": "ctypes.CDLL(None).pause()",
    "in a child": "subprocess.run(['sleep', '1000'])",
    "deaf": "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1e4)",
}


@pytest.mark.parametrize("hang", [name for name in HANGS if name != "deaf"])
def test_a_stage_that_hangs_is_ended_and_costs_its_input(make_tree: MakeTree, hang: str) -> None:
    project = make_tree(f"if input_id == 2:\n    print('before')\n    {HANGS[hang]}\nreturn {{'b': a}}", timeout=1)
    answer = project.run("run", "tasks", "-j2", timeout=60).exits(1)
    assert 'The stage "b" failed for the input 2: timed out after 1 s' in answer.err
    assert "before" in answer.err
    assert project.executions() == {
        **{(stage, number): 1 for stage in "abc" for number in (1, 3)}, ("a", 2): 1, ("b", 2): 1}


def test_a_stage_that_does_not_want_to_end_is_killed(make_tree: MakeTree) -> None:
    project = make_tree(f"{HANGS['deaf']}\nreturn {{}}", inputs=[1])
    answer = project.run("run", "tasks", "-j1", "--timeout", "0.5", timeout=60).exits(1)
    assert "timed out after 0.5 s" in answer.err


def test_the_own_timeout_of_a_stage_counts_more_than_that_of_the_command(make_tree: MakeTree) -> None:
    make_tree("time.sleep(0.5)\nreturn {'b': a}", inputs=[1], timeout=60).run(
        "run", "tasks", "-j1", "--timeout", "0.2").ok()


NOW_AND_THEN = """
    tried = Path(f"tried-{input_id}")
    times = len(tried.read_text()) if tried.exists() else 0
    tried.write_text("x" * (times + 1))
    if times < 2 and input_id == 2:
        ACTION
    return {"b": a}
    """
ACTIONS = {"exception": "raise ValueError('unfit')", "crash": "os.kill(os.getpid(), 9)", "timeout": "time.sleep(1e4)"}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
def test_a_stage_is_tried_again_as_often_as_it_says(make_tree: MakeTree, action: str) -> None:
    project = make_tree(NOW_AND_THEN.replace("ACTION", action), retries=2, timeout=2)
    answer = project.run("run", "tasks", "-j2", timeout=60).ok()
    assert "to be tried again (1 of 2)" in answer.err
    assert "to be tried again (2 of 2)" in answer.err
    assert project.executions()["b", 2] == 3
    project.run("status", "tasks", "--check").ok()


def test_what_fails_too_often_is_reported_once(make_tree: MakeTree) -> None:
    project = make_tree(NOW_AND_THEN.replace("ACTION", ACTIONS["exception"]))
    answer = project.run("run", "tasks", "-j2", "--retries", "1").exits(1)
    assert answer.err.count("Traceback") == 1
    executed = project.executions()
    assert executed["b", 2] == 2
    assert executed["a", 2] == 1, "what had succeeded is not repeated"
    assert executed["c", 1] == executed["c", 3] == 1


@pytest.mark.parametrize("jobs", ["--serial", "-j1"])
def test_what_would_fail_again_is_not_tried_again(make_tree: MakeTree, jobs: str) -> None:
    project = make_tree("return {'bb': 1}", inputs=[1], retries=3)
    project.run("run", "tasks", jobs).exits(1)
    assert project.executions()["b", 1] == 1


def test_fail_fast_starts_nothing_more(make_tree: MakeTree) -> None:
    project = make_tree("raise ValueError('unfit')", inputs=range(1, 40))
    answer = project.run("run", "tasks", "--serial", "--fail-fast").exits(1)
    assert project.executions()["b", 1] == 1
    assert len(project.executions()) == 0
    assert "failed for the input 1" in answer.err


def test_resources_that_are_misnamed_are_found_before_anything_runs(make_tree: MakeTree) -> None:
    project = make_tree("1", inputs=[1], resources={"gpu": 1})
    assert 'resources: gpu: 1, but that has to be called "gpus"' in project.run("run", "tasks").exits(2).err


def test_mistakes_in_limits_are_found_before_anything_runs(make_tree: MakeTree) -> None:
    project = make_tree("1", inputs=[1], resources={"memory": "much"})
    answer = project.run("run", "tasks").exits(2)
    assert "resources: memory: 'much'" in answer.err
    assert not project.executions()


def test_limits_do_not_count(make_tree: MakeTree) -> None:
    project = make_tree("[input_id]", inputs=[1], timeout=60)
    project.run("run", "tasks").ok()
    project.edit("stages.py", "timeout = 60", "timeout = 70\n    retries = 3\n    resources = {'gpus': 1}")
    project.run("status", "tasks", "--check").ok()


def test_a_task_may_limit_stages_by_itself(make_tree: MakeTree) -> None:
    """What the file says wins over the stage, which wins over the command; and none of it is a reason to run again."""
    project = make_tree("time.sleep(1e4 if config.get('hang') else 0)\nreturn {'b': a}", inputs=[1], timeout=3600)
    project.write("tasks/slow/task.yml", {
        "config": {"b": {"hang": True}}, "limits": {"b": {"timeout": 0.5}, "bb": {"retries": 1}}})
    answer = project.run("run", "tasks", "-j2", "--timeout", "600").exits(1)
    assert "timed out after 0.5 s" in answer.err
    assert ('tasks/slow/task.yml:7:3: warning: limits: the pipeline has no stage "bb", so this has no effect\n'
            '    did you mean "b"?') in answer.err
    project.write("tasks/slow/task.yml", {"limits": {"b": {"timeout": 60, "retries": 1}}})
    project.run("run", "tasks/slow").ok()
    project.executions()
    project.write("tasks/slow/task.yml", {"limits": {"b": {"timeout": 70, "resources": {"gpus": 1}}}})
    project.run("status", "tasks", "--check").ok()
    project.run("run", "tasks").ok()
    assert not project.executions()


def test_what_a_task_needs_is_held_for_it(make_tree: MakeTree) -> None:
    project = make_tree(ALONE, inputs=range(1, 5), more={"limits": {"b": {"resources": {"licence": 1}}}},
                        resources={"gpus": 1})
    project.run("run", "tasks", "-j2", "--resources", "gpus=2").ok()
    assert {fields["b"] for fields in project.results("tasks").values()} == {1}


ALONE = """
    Path(f"in-{os.getpid()}").touch()
    others = len(list(Path().glob("in-*")))
    time.sleep(0.05)
    Path(f"in-{os.getpid()}").unlink()
    return {"b": others}
    """


@pytest.mark.parametrize("resources", [{"licence": 1}, {"cpus": 2}, {"memory": "100 TB"}], ids=str)
def test_what_is_scarce_is_held_by_one_at_a_time(make_tree: MakeTree, resources: dict[str, object]) -> None:
    """Also more memory than there is: one unit runs in any case."""
    project = make_tree(ALONE, inputs=range(1, 9), resources=resources)
    project.run("run", "tasks", "-j2").ok()
    assert {fields["b"] for fields in project.results("tasks").values()} == {1}


def test_of_what_there_is_more_two_may_hold_it(make_tree: MakeTree) -> None:
    body = """
        Path(f"in-{os.getpid()}").touch()
        deadline = time.monotonic() + 60
        while len(list(Path().glob("in-*"))) < 2:
            assert time.monotonic() < deadline, "the other worker does not begin"
            time.sleep(0.01)
        return {"b": 1}
        """
    project = make_tree(body, inputs=range(1, 9), resources={"licence": 1})
    project.run("run", "tasks", "-j2", "--resources", "licence=2").ok()


def test_the_peak_memory_is_noted_down(make_tree: MakeTree) -> None:
    project = make_tree("held = bytearray(b'x') * (200 << 20)\ntime.sleep(0.01)\nreturn {'b': len(held)}", inputs=[1])
    project.run("run", "tasks", "-j1").ok()
    code = ("import repype_like.store, pathlib; print([(record.stage, record.peak_memory) for record in "
            "repype_like.store.Store(pathlib.Path('tasks')).records])")
    out, _ = project._popen("-c", code).communicate(timeout=60)
    peaks = dict(eval(out))
    assert peaks["b"] > 200 << 20
    assert peaks["a"] < peaks["b"]
    assert peaks["c"] < peaks["b"], "the peak is that of the stage, not of the process"


def test_memory_that_runs_out_fails_the_input(make_tree: MakeTree) -> None:
    body = """
        if input_id == 2:
            import resource
            resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
            bytearray(4 << 30)
        return {"b": a}
        """
    project = make_tree(body)
    answer = project.run("run", "tasks", "-j1").exits(1)
    assert "MemoryError" in answer.err
    assert answer.err.count("failed for the input") == 1


@pytest.mark.parametrize("leak", [
    "[kept.append(open('/dev/null')) for _ in range(100)]",
    "[kept.append(subprocess.Popen(['sleep', '1000'])) for _ in range(20)]",
    "[threading.Thread(target=time.sleep, args=(1e4,), daemon=True).start() for _ in range(60)]",
], ids=["files", "children", "threads"])
def test_a_worker_that_stages_have_worn_out_is_replaced(make_tree: MakeTree, leak: str) -> None:
    body = f"""
        kept = globals().setdefault("_kept", [])
        {leak}
        return {{"b": os.getpid()}}
        """
    project = make_tree(body, inputs=range(1, 41))
    project.run("run", "tasks", "-j1").ok()
    assert len({fields["b"] for fields in project.results("tasks").values()}) > 1


def test_the_coordinator_leaks_nothing(make_tree: MakeTree) -> None:
    """Whatever workers say, store, leave behind, and however they end."""
    body = """
        if input_id % 100 == 99 and not os.path.exists(f"tried-{input_id}"):
            Path(f"tried-{input_id}").touch()
            os.kill(os.getpid(), 9)
        print("said")
        coordinator = f"/proc/{os.getppid()}"
        return {"b": [len(os.listdir(f"{coordinator}/fd")), len(os.listdir(f"{coordinator}/task")), "x" * 100_000]}
        """
    project = make_tree(body, inputs=range(500), retries=1)
    project.run("run", "tasks", "-j2").ok()
    held = {number: fields["b"][:2] for number, fields in project.results("tasks").items()}
    early = max(files for number, (files, _) in held.items() if number < 50)
    late = min(files for number, (files, _) in held.items() if number >= 450)  # more while a worker is being replaced
    assert late <= early
    assert {threads for _, threads in held.values()} == {1}


def test_workers_share_the_cores_among_numerics_libraries(make_tree: MakeTree) -> None:
    body = "return {'b': os.environ.get('OMP_NUM_THREADS')}"
    project = make_tree(body, inputs=[1])
    environment = {"OMP_NUM_THREADS": "7"}
    project.run("run", "tasks", f"-j{len(os.sched_getaffinity(0))}").ok()
    assert project.results("tasks")[1]["b"] == "1"
    project.run("run", "tasks", "-j1", "--force", env=environment).ok()
    assert project.results("tasks")[1]["b"] == "7", "what the user has set stays"


def test_children_of_stages_do_not_survive_the_coordinator(make_tree: MakeTree) -> None:
    body = "child = subprocess.Popen(['sleep', '1000'])\nPath('child').write_text(str(child.pid))\ntime.sleep(1e4)"
    project = make_tree(body + "\nreturn {}", inputs=[1])
    run = project.start("run", "tasks", "-j2")
    noted = project.root / "child"
    until(lambda: noted.exists() and noted.read_text())
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    until(lambda: not is_running(int(noted.read_text())), seconds=10)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until `condition` holds."""
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
