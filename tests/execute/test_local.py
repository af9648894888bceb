"""How units are handed out to workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chains import stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]


def tree(make_project: MakeProject, body: str, inputs: Any) -> Project:
    return make_project({"stages.py": stages(stage("A", "", "a", body)), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.A"], "input_ids": inputs}})


def test_two_workers_share_the_work(make_project: MakeProject) -> None:
    project = tree(make_project, "time.sleep(0.05)\nos.getpid()", "1-20")
    project.run("run", "tasks", "-j2").ok()
    pids = [fields["a"] for fields in project.results("tasks").values()]
    assert len(set(pids)) == 2
    assert min(pids.count(pid) for pid in set(pids)) >= 5


def test_a_long_unit_does_not_hold_up_those_behind_it(make_project: MakeProject) -> None:
    """Many short units, handed out together, and a long one that waits until all others are done."""
    body = """
        done = Path("done")
        done.mkdir(exist_ok=True)
        if input_id == 150:
            deadline = time.monotonic() + 20
            while len(os.listdir(done)) < 199:
                assert time.monotonic() < deadline, len(os.listdir(done))
                time.sleep(0.01)
        (done / str(input_id)).touch()
        1
        """
    tree(make_project, body, "1-200").run("run", "tasks", "-j2").ok()


def test_more_workers_than_units_are_not_started(make_project: MakeProject) -> None:
    project = tree(make_project, "os.getpid()", [1])
    project.run("run", "tasks", "-j50").ok()
    assert project.executions() == {("a", 1): 1}


def test_the_result_does_not_depend_on_the_number_of_workers(make_project: MakeProject) -> None:
    project = tree(make_project, "[input_id] * input_id", "1-30")
    project.run("run", "tasks", "--serial").ok()
    expected = project.results("tasks")
    for jobs in ("-j1", "-j3"):
        project.run("run", "tasks", "--force", jobs).ok()
        assert project.results("tasks") == expected


def test_as_many_units_run_at_the_same_time_as_there_may_be_workers(make_project: MakeProject) -> None:
    """Each waits until all others have begun, so it takes workers that are started while others are busy."""
    body = """
        Path(f"begun-{input_id}").touch()
        deadline = time.monotonic() + 60
        while len(list(Path().glob("begun-*"))) < 3:
            assert time.monotonic() < deadline, "the others do not begin"
            time.sleep(0.01)
        1
        """
    tree(make_project, body, "1-3").run("run", "tasks", "-j3").ok()
