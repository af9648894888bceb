"""FAULTS 2, 3, 17, 18: the program is killed, or refused what it asks for, at any system call that touches the tree.

After each, the store is sound: what it says was stored has the old value or the new one. The next run mends all of it.
By default a sample is tried; ``--all-crash-points``, which is what ``tox -e crash`` gives, tries all.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chains import stage, stages
from crash_points import FAULTS, Fault, Point, changes, find_points, has_strace, run_with_fault
from project import TRACING, Project
from repype_like.store import Store

pytestmark = pytest.mark.skipif(not has_strace(), reason="needs strace, and the right to watch processes by it")

RUN = ("run", "tasks", "--serial")
SAMPLE = 2
"""How many points of each fault are tried by default."""

FILES: dict[str, Any] = {
    "tracing.py": TRACING,
    "stages.py": stages(
        stage("Load", "", "image", "import numpy\nreturn {'image': numpy.full(20_000, float(input_id))}"),
        stage("Write", "image", "written", """
            made = pipeline.resolve("made", input_id)
            found = made.read_text() if made.exists() else ""
            made.write_text(found + str(config["level"]))
            return {"written": image * config["level"]}
            """),
        stage("Sum", "written", "total", "float(written.sum())")),
    "tasks/task.yml": {"runnable": True, "pipeline": ["stages.Load", "stages.Write", "stages.Sum"], "input_ids": [1, 2],
                       "scopes": {"made": "made-%s.txt"}, "config": {"write": {"level": 2}}},
    "tasks/variant/task.yml": {"config": {"sum": {"n": 1}}},
}
TASKS = ("tasks", "tasks/variant")


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was run, and edited since."""
    home = tmp_path_factory.mktemp("crash")
    project = Project(home / "project", home)
    for path, content in FILES.items():
        project.write(path, content)
    project.run(*RUN).ok()
    project.edit("tasks/task.yml", "level: 2", "level: 3")
    _check(project.root, {2})
    return project.root


@pytest.fixture
def copy(edited: Path, tmp_path: Path) -> Callable[[], Path]:
    def make() -> Path:
        target = tmp_path / "project"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(edited, target)
        return target

    return make


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.name)
def fault(request: pytest.FixtureRequest) -> Fault:
    found: Fault = request.param
    return found


def _points(root: Path, fault: Fault, request: pytest.FixtureRequest) -> list[Point]:
    found = [point for point in find_points(root, RUN, fault.calls) if changes(point) or not fault.only_changes]
    assert len(found) > 30, "nothing is watched"
    everything = request.config.getoption("--all-crash-points")
    return found if everything else random.Random(fault.name).sample(found, SAMPLE)


@pytest.mark.timeout(3000)
def test_a_fault_leaves_a_sound_store_and_the_next_run_mends_it(
        fault: Fault, copy: Callable[[], Path], request: pytest.FixtureRequest) -> None:
    hits = 0
    for point in _points(copy(), fault, request):
        root = copy()
        done, hit = run_with_fault(root, RUN, fault, point)
        assert done.returncode in ((-9, 137) if fault.name == "KILL" else (0, 1, 2)), f"{point}\n{done.stderr}"
        hits += hit
        _check_recovery(root, point, _project_at(root))
    assert hits, "no fault has happened in the tree"


@pytest.mark.timeout(3000)
def test_a_fault_in_the_run_that_mends_is_mended_too(
        fault: Fault, copy: Callable[[], Path], request: pytest.FixtureRequest) -> None:
    """The first run is killed at some point, the second one meets the fault at any other."""
    chance = random.Random(f"second {fault.name}")
    firsts = [point for point in find_points(copy(), RUN, FAULTS[0].calls) if changes(point)]
    rounds = 12 if request.config.getoption("--all-crash-points") else 1
    for first in chance.sample(firsts, rounds):
        killed = copy()
        run_with_fault(killed, RUN, FAULTS[0], first)
        kept = killed.with_name("killed")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(killed, kept, symlinks=True)
        seconds = [point for point in find_points(killed, RUN, fault.calls) if changes(point)]
        for second in chance.sample(seconds, min(rounds, len(seconds))):
            shutil.rmtree(killed)
            shutil.copytree(kept, killed, symlinks=True)
            run_with_fault(killed, RUN, fault, second)
            _check_recovery(killed, (first, second), _project_at(killed))


def _project_at(root: Path) -> Project:
    return Project(root, root.parent)


def _check_recovery(root: Path, point: object, project: Project) -> None:
    try:
        _check(root, {2, 3})
        project.run(*RUN).ok()
        _check(root, {3}, complete=True)
        project.executions()
        project.run(*RUN).ok()
        assert not project.executions()
    except AssertionError as error:
        raise AssertionError(f"after a fault at {point}: {error}") from error


def _check(root: Path, levels: set[int], *, complete: bool = False) -> None:
    """See that what is stored has the value that one of the `levels` gives."""
    for task in TASKS:
        store = Store(root / task)
        assert store.verify() == []
        assert store.digest is not None, "the task had been completed before the fault"
        for stage_id, pairs in store.digest.records.items():
            for input_id, record_id in pairs:
                record = store.records.by_id(record_id)
                assert record is not None, f"{task}: {stage_id}, {input_id}: the record is gone"
                for name, field in record.fields.items():
                    assert field is not None
                    assert any(np.array_equal(store.decode(field), value) for value in _values(name, input_id, levels))
        if complete:
            assert store.is_sound()
            assert not store.is_torn
            assert not list((root / task / ".repype").glob("aside/*")), "nothing is left behind"
            assert not list((root / task).glob(".times*"))
            for number in (1, 2):
                assert (root / task / f"made-{number}.txt").read_text() == "3"


def _values(field: str, input_id: Any, levels: set[int]) -> list[Any]:
    image = np.full(20_000, float(input_id))
    return [{"image": image, "written": image * level, "total": float((image * level).sum())}[field]
            for level in levels]
