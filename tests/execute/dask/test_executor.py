"""Runs on a real cluster of two workers give what runs without one give."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aggregate_trees import variants
from chains import chain, stage, stages
from dask_cluster import DaskCluster, chain_of_three, traced
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]


def test_the_results_are_those_of_a_run_without_a_cluster(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    body = "pipeline.resolve('made', input_id).write_text(str(a))\nreturn {'b': a * 20000}"
    project = traced(make_project(chain_of_three(body, range(1, 8), scopes={"made": "made-%s.txt"})))
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    found, executed = project.results("tasks"), project.executions()
    assert executed == {(stage, number): 1 for stage in "abc" for number in range(1, 8)}
    project.run("status", "tasks", "--check").ok()
    project.run("run", "tasks", "--serial", "--force").ok()
    assert found == project.results("tasks")
    assert not list((project.root / "tasks/.repype/aside").iterdir()), "nothing is left behind"


@pytest.mark.parametrize(("inputs", "more"), [([1, 2, 3], {}), ([1], {"marginal_stages": ["a", "b"]})],
                         ids=["kept", "one input, marginal"])
def test_twenty_variants_of_the_last_stage_run_the_others_once(
        dask_cluster: DaskCluster, make_project: MakeProject, inputs: list[int], more: Mapping[str, Any]) -> None:
    project = traced(make_project(chain("A", "B", "C", "D", input_ids=inputs, **more)))
    for number in range(20):
        project.write(f"tasks/v{number}/task.yml", {"runnable": True, "config": {"d": {"plus": number}}})
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert project.executions() == {
        **{(name, item): 1 for name in "abc" for item in inputs}, **{("d", item): 20 for item in inputs}}
    assert project.results("tasks/v7")[1]["d"] == 8


def test_code_that_was_edited_since_the_last_run_is_what_runs(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(chain("A", "B", input_ids=[1], runnable=True)))
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    project.edit("stages.py", 'a + config.get("plus", 0)', '5 * a + config.get("plus", 0)')
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert project.results("tasks")[1]["b"] == 5


def test_progress_messages_and_output_come_from_the_workers(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    body = """
        for number in _status.progress(status, range(3)):
            print("number", number)
        _status.update(status, "m" * (300000 if input_id == 1 else 3))
        if input_id == 2:
            raise ValueError("unfit")
        return {"b": a}
        """
    project = traced(make_project(chain_of_three(body, [1, 2])))
    answer = project.run("run", "tasks", "--dask", dask_cluster.address, "--json").exits(1)
    told = [json.loads(line) for line in answer.out.splitlines()]
    assert {(event["input_id"], event["total"]) for event in told if event["event"] == "Progress"} == {(1, 3), (2, 3)}
    said = [event["content"] for event in told if event["event"] == "Message" and event["content"] is not None]
    assert sorted(map(len, said)) == [3, 300000]
    (failure,) = (event for event in told if event["event"] == "StageFailed")
    assert failure["output"] == "number 0\nnumber 1\nnumber 2\n"
    assert failure["traceback"].count("stages.py") == 1


def test_hooks_overridden_methods_and_classes_of_tasks_work_there(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project({
        "stages.py": stages(stage("A", "", "a", "config['offset'] + input_id")),
        "own.py": """
            from repype_like.task import Task

            class Own(Task):
                def create_config(self):
                    config = super().create_config()
                    config["a/offset"] = 100
                    return config

                def on_a_end(self, stage, event, data, input_id, **kwargs):
                    (self.directory / f"seen-{input_id}").write_text(str(data["a"]))
            """,
        "tasks/task.yml": {"task_class": "own.Own", "runnable": True, "pipeline": ["stages.A"], "input_ids": [1, 2]}}))
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert project.results("tasks")[2]["a"] == 102
    assert project.read("tasks/seen-2") == "102"


def test_a_cluster_may_be_named_by_its_scheduler_file(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(chain("A", input_ids=[1], runnable=True)))
    project.run("run", "tasks", "--dask", str(dask_cluster.file)).ok()
    assert project.executions() == {("a", 1): 1}


def test_units_that_wait_behind_a_long_one_are_given_to_other_workers(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    """Many short units, handed out together, and a long one that waits until all others are done."""
    body = """
        done = Path("done")
        done.mkdir(exist_ok=True)
        if input_id == 150:
            deadline = time.monotonic() + 60
            while len(os.listdir(done)) < 199:
                assert time.monotonic() < deadline, len(os.listdir(done))
                time.sleep(0.01)
        (done / str(input_id)).touch()
        1
        """
    project = traced(make_project({"stages.py": stages(stage("A", "", "a", body)), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.A"], "input_ids": "1-200"}}))
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert sum(project.executions().values()) == 200


def test_aggregates_read_what_was_made_on_other_workers(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(variants(1, 2)))
    project.run("run", "tasks/compare", "--dask", dask_cluster.address).ok()
    assert project.results("tasks/compare")[None]["best"] == "../k=2"
    project.edit("tasks/k=1/task.yml", "k: 1", "k: 4")
    project.executions()
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert project.executions()["rank", None] == 1
    assert project.results("tasks/compare")[None]["best"] == "../k=1"


def test_what_is_ahead_of_a_worker_that_is_held_up_is_done_by_another(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    """Few units, of which one waits until all others are done; whatever was sent to its worker must not wait there."""
    body = """
        deadline = time.monotonic() + 60
        while input_id == 1 and len(list(Path().glob("done-*"))) < 5:
            assert time.monotonic() < deadline, "the others wait behind this one"
            time.sleep(0.01)
        Path(f"done-{input_id}").touch()
        1
        """
    project = traced(make_project({"stages.py": stages(stage("A", "", "a", body)), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.A"], "input_ids": "1-6"}}))
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert project.executions() == {("a", number): 1 for number in range(1, 7)}


def test_stages_run_in_the_same_process_from_batch_to_batch(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    """Six units for two workers are handed out one by one."""
    project = traced(make_project({"stages.py": stages(stage("A", "", "a", "os.getpid()")), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.A"], "input_ids": "1-6"}}))
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert len({fields["a"] for fields in project.results("tasks").values()}) <= 2


def test_a_process_that_keeps_half_of_the_memory_is_not_kept(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    body = "Path.held = bytearray(300_000_000)\nos.getpid()"
    project = traced(make_project({"stages.py": stages(stage("A", "", "a", body)), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.A"], "input_ids": "1-4"}}))
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert len({fields["a"] for fields in project.results("tasks").values()}) == 4, "there are 500 MB for each worker"


def test_what_is_tried_again_gets_a_fresh_process(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    body = """
        with open("pids", "a") as file:
            file.write(f"{os.getpid()}\\n")
        if len(Path("pids").read_text().split()) == 1:
            raise ValueError("not yet")
        return {"a": 1}
        """
    project = traced(make_project({"stages.py": stages(stage("A", "", "a", body, retries=1)), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.A"], "input_ids": [1]}}))
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    first, second = project.read("pids").split()
    assert first != second
