"""Worker processes that are kept from one run of units to the next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from repype_like.batch import Batch
from repype_like.execute.crew import Crew
from repype_like.execute.local import LocalExecutor
from repype_like.execute.messages import Made, Message
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit

STAGES = """
import os
from repype_like.stage import Stage

class A(Stage):
    inputs = ["input_id"]
    outputs = ["a"]

    def process(self, pipeline, config, input_id, status=None):
        with open("pids", "a") as file:
            file.write(f"{os.getpid()}\\n")
        return {"a": os.kill(os.getpid(), 9) if input_id == 3 else input_id}
"""


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.close()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Unit], Workplaces]:
    """Return four units of one task, and the task."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crew_stages.py").write_text(STAGES)
    (tmp_path / "task.yml").write_text("runnable: true\npipeline: [crew_stages.A]\ninput_ids: 1-4\n")
    batch = Batch()
    batch.load(".")
    places = batch.workplaces(batch.prepare())
    return list(batch.plan(places).units), places


def made(units: list[Unit], places: Workplaces, crew: Crew | None) -> list[object]:
    """Return the inputs for which units have made something."""
    told: list[Message] = []
    LocalExecutor(1, crew=crew).run(units, places, told.append)
    return [message.record.input_id for message in told if isinstance(message, Made)]


def test_the_processes_go_on_with_units_that_they_were_not_started_with(
        work: tuple[list[Unit], Workplaces], crew: Crew) -> None:
    units, places = work
    assert made(units[:1], places, crew) + made(units[1:2], places, crew) + made(units[3:], places, crew) == [1, 2, 4]
    (pid,) = set(Path("pids").read_text().split())
    (worker,) = crew.workers
    assert (worker.pid, worker.busy) == (int(pid), False)
    crew.close()
    assert not crew.workers
    assert not Path(f"/proc/{pid}").exists()


def test_one_that_dies_is_replaced_by_one_that_knows_the_units(
        work: tuple[list[Unit], Workplaces], crew: Crew) -> None:
    units, places = work
    assert made(units[:1], places, crew) == [1]
    assert made(units[1:], places, crew) == [2, 4]
    pids = Path("pids").read_text().split()
    assert len(pids) == 4
    assert pids[0] == pids[1] == pids[2] != pids[3]


def test_one_that_dies_while_it_has_nothing_to_do_costs_nothing(
        work: tuple[list[Unit], Workplaces], crew: Crew) -> None:
    units, places = work
    assert made(units[:1], places, crew) == [1]
    os.kill(crew.workers[0].pid, 9)
    crew.workers[0].process.join()
    assert made(units[1:2], places, crew) == [2]


def test_without_a_crew_the_processes_end_with_the_run(work: tuple[list[Unit], Workplaces]) -> None:
    units, places = work
    assert made(units[:2], places, None) == [1, 2]
    (pid,) = set(Path("pids").read_text().split())
    assert not Path(f"/proc/{pid}").exists()
