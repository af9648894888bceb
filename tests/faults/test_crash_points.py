"""FAULTS 2, 3, 17, 18: the program is killed, or refused what it asks for, at any system call that touches the tree.

After each, the store is sound: what it says was stored has the old value or the new one. The next run mends all of it.
By default a sample is tried; ``--all-crash-points``, which is what ``tox -e crash`` gives, tries all.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crash_points import FAULTS, Fault, Point, changes, find_points, has_strace, run_with_fault
from crash_tree import FILES, RUN, check_stores
from project import Project

pytestmark = pytest.mark.skipif(not has_strace(), reason="needs strace, and the right to watch processes by it")

SAMPLE = 2
"""How many points of each fault are tried by default."""

@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was run, and edited since."""
    home = tmp_path_factory.mktemp("crash")
    project = Project(home / "project", home)
    for path, content in FILES.items():
        project.write(path, content)
    project.run(*RUN).ok()
    project.edit("tasks/task.yml", "level: 2", "level: 3")
    check_stores(project.root, {2})
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have all points tried in parts, at the same time."""
    if "part" in metafunc.fixturenames:
        parts = 16 if metafunc.config.getoption("--all-crash-points") else 1
        metafunc.parametrize(("part", "parts"), [(part, parts) for part in range(parts)])


def _points(root: Path, fault: Fault, request: pytest.FixtureRequest) -> list[Point]:
    found = [point for point in find_points(root, RUN, fault.calls) if changes(point) or not fault.only_changes]
    assert len(found) > 30, "nothing is watched"
    everything = request.config.getoption("--all-crash-points")
    return found if everything else random.Random(fault.name).sample(found, SAMPLE)


@pytest.mark.timeout(3000)
def test_a_fault_leaves_a_sound_store_and_the_next_run_mends_it(
        fault: Fault, part: int, parts: int, copy: Callable[[], Path], request: pytest.FixtureRequest) -> None:
    hits, points = 0, _points(copy(), fault, request)[part::parts]
    for point in points:
        root = copy()
        done, hit = run_with_fault(root, RUN, fault, point)
        allowed = (0, 1, 2) if fault.name != "KILL" else (-9, 137) if hit else (-9, 137, 0)
        assert done.returncode in allowed, f"{point}\n{done.stderr}"
        hits += hit
        _check_recovery(root, point, _project_at(root))
    assert hits >= len(points) / 2, "a slow run looks more often whether something is due, but it is much the same run"


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
        check_stores(root, {2, 3})
        project.run(*RUN).ok()
        check_stores(root, {3}, complete=True)
        project.executions()
        project.run(*RUN).ok()
        assert not project.executions()
    except AssertionError as error:
        raise AssertionError(f"after a fault at {point}: {error}") from error
