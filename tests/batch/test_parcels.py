"""What is sent of tasks makes the same tasks elsewhere, or is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from repype_like.batch import Batch
from repype_like.batch.parcels import ReceivedTasks, make_job, versions_of
from repype_like.errors import RepypeError
from repype_like.execute.dask.job import Job, MismatchError

STAGES = """
from repype_like.stage import Stage

class A(Stage):
    inputs = ["input_id"]
    outputs = ["a"]

    def process(self, pipeline, config, input_id, status=None):
        return {"a": input_id}
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Return what is sent of a task and one below it, which are not runnable and runnable."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parcel_stages.py").write_text(STAGES)
    (tmp_path / "tasks/v").mkdir(parents=True)
    (tmp_path / "tasks/task.yml").write_text("pipeline: [parcel_stages.A]\ninput_ids: 1-2\n")
    (tmp_path / "tasks/v/task.yml").write_text("runnable: true\nconfig: {a: {plus: 1}}\n")
    batch = Batch()
    batch.load("tasks")
    contexts = batch.prepare()
    return make_job({batch.name_of(context.task): context for context in contexts}, batch.workplaces(contexts))


def test_the_tasks_are_the_same(job: Job) -> None:
    received = ReceivedTasks(job)
    received.check_versions()
    received.check_samples()
    assert list(received) == ["v"]
    view = received["v"].view
    assert (view.input_ids, view.config, view.path) == ((1, 2), {"a": {"plus": 1}}, job.directory / "tasks/v")


def test_another_version_is_refused(job: Job) -> None:
    received = ReceivedTasks(replace(job, versions={**job.versions, "repype_like": "99"}))
    with pytest.raises(MismatchError, match="repype_like is 99 where the run was started and"):
        received.check_versions()


def test_what_cannot_be_pickled_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parcel_stages.py").write_text(STAGES)
    batch = Batch()
    batch.task("t", {"runnable": True, "pipeline": ["parcel_stages.A"], "input_ids": [1]})
    contexts = batch.prepare()
    contexts[0].config["a/odd"] = lambda: None
    workplaces = {"t": contexts[0].workplace("t")}
    with pytest.raises(RepypeError, match="t: the task cannot be sent to a cluster"):
        make_job({"t": contexts[0]}, workplaces)


def test_versions_are_those_that_are_installed() -> None:
    assert versions_of(["no-such-distribution"])["no-such-distribution"] == "not installed"
