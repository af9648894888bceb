"""FAULTS 2, 3, 17, 18: the program is killed, or refused what it asks for, at any system call that touches the tree.

After each, the store is sound: what it says was stored has the old value or the new one. The next run mends all of it.
By default a sample is tried; ``--all-crash-points``, which is what ``tox -e crash`` gives, tries all, and for the run
that mends, a sample after every state that a killed run can leave.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from crash_points import FAULTS, KILL, Fault, Point, distinct_states, find_points, has_strace, run_with_fault
from crash_tree import FILES, RUN, check_stores
from project import Outcome, Project
from warm_program import WarmProgram

pytestmark = pytest.mark.skipif(not has_strace(), reason="needs strace, and the right to watch processes by it")

PARTS = 16
"""How many tests, which may run at the same time, all points are shared out to."""

SAMPLE = 2
"""How many points of each fault are tried by default."""

SECOND_FAULTS = 5
"""How many points of each fault are tried after each state that a killed run has left."""

TRIES = 3
"""How often a fault is tried that hits nothing: how often a run saves what it has depends on how fast it is."""

Restore = Callable[[], Path]


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


@pytest.fixture(scope="module")
def copy(edited: Path, tmp_path_factory: pytest.TempPathFactory) -> Restore:
    """Return a function that gives the edited project, always at the same place."""
    return _restorer(edited, tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def points(program: WarmProgram, copy: Restore) -> list[Point]:
    """Return where the run of the edited project touches the tree."""
    program.run(copy(), *RUN).ok()
    return find_points(program, copy(), RUN)


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.name)
def fault(request: pytest.FixtureRequest) -> Fault:
    found: Fault = request.param
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have all points tried in parts, at the same time."""
    if "part" in metafunc.fixturenames:
        everything = metafunc.config.getoption("--all-crash-points")
        metafunc.parametrize("part", range(PARTS) if everything else [None],
                             ids=lambda part: "sample" if part is None else f"part {part}")


def _chosen(points: Iterable[Point], part: int | None, seed: str, amount: int) -> list[Point]:
    """Return a part of the points, or a sample; the part of a point does not depend on which others are found."""
    if part is None:
        return random.Random(seed).sample(list(points), amount)
    return [point for point in points if point.number % PARTS == part]


class Attempts:
    """Counts the attempts, those that hit, and collects what went wrong, so that one failure does not hide another."""

    def __init__(self, name: str, program: WarmProgram):
        self._name, self._program = name, program
        self._tried, self._hits = 0, 0
        self._failures: list[str] = []

    def meet(self, restore: Restore, fault: Fault, point: Point) -> tuple[Path, Outcome, bool]:
        """Have a run meet a fault; return where, what it said, and whether the fault hit."""
        tries = 0
        while True:
            root = restore()
            outcome, hit = run_with_fault(self._program, root, RUN, fault, point)
            tries += 1
            if hit or tries == TRIES:
                return root, outcome, hit

    def attempt(self, restore: Restore, fault: Fault, point: Point, after: object = "") -> None:
        """Have a run meet a fault, and see that the store is sound, and that the next run mends it."""
        root, outcome, hit = self.meet(restore, fault, point)
        self._tried += 1
        self._hits += hit
        try:
            assert outcome.code in (fault.codes if hit else (*fault.codes, 0)), "it ended otherwise"
            self._check_recovery(root)
        except Exception as error:  # noqa: BLE001  whatever it is, it is told at the end
            self._failures.append(f"{fault.name} at {point} {after}: {type(error).__name__}: {error}\n{outcome}")

    def judge(self, request: pytest.FixtureRequest) -> None:
        """Fail if anything went wrong, or if it was not what was to be tried."""
        request.node.user_properties += [(f"{self._name} tried", self._tried), (f"{self._name} hit", self._hits)]
        assert not self._failures, f"{len(self._failures)} failures\n\n" + "\n\n".join(self._failures)
        assert self._hits >= self._tried / 2, f"{self._tried - self._hits} of {self._tried} missed"

    def _check_recovery(self, root: Path) -> None:
        project = Project(root, root.parent)
        check_stores(root, {2, 3})
        self._program.run(root, *RUN).ok()
        check_stores(root, {3}, complete=True)
        project.executions()
        self._program.run(root, *RUN).ok()
        assert not project.executions(), "nothing is left to be done"


@pytest.mark.timeout(3000)
def test_a_fault_leaves_a_sound_store_and_the_next_run_mends_it(
        fault: Fault, part: int | None, program: WarmProgram, copy: Restore, points: list[Point],
        request: pytest.FixtureRequest) -> None:
    attempts, found = Attempts(f"{fault.name} as first fault", program), fault.points(points)
    assert len(found) > 30, "nothing is watched"
    for point in _chosen(found, part, fault.name, SAMPLE):
        attempts.attempt(copy, fault, point)
    attempts.judge(request)


@pytest.mark.timeout(3000)
def test_a_fault_in_the_run_that_mends_is_mended_too(
        fault: Fault, part: int | None, program: WarmProgram, copy: Restore, points: list[Point],
        tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The first run is killed at some point, the second one meets the fault at any other."""
    attempts = Attempts(f"{fault.name} as second fault", program)
    for first in _chosen(distinct_states(KILL.points(points)), part, f"first {fault.name}", 1):
        killed, _, _ = attempts.meet(copy, KILL, first)
        restore = _restorer(_copy(killed, tmp_path / "killed"), killed.parent)
        seconds = fault.points(find_points(program, restore(), RUN))
        amount = min(SAMPLE if part is None else SECOND_FAULTS, len(seconds))
        for second in random.Random(f"{fault.name} after {first.call} {first.number}").sample(seconds, amount):
            attempts.attempt(restore, fault, second, f"after a kill at {first}")
        shutil.rmtree(tmp_path / "killed")
    attempts.judge(request)


def _restorer(original: Path, home: Path) -> Restore:
    """Return a function that copies a project to the same place below `home`, with nothing else there."""

    def restore() -> Path:
        shutil.rmtree(home)
        home.mkdir()
        return _copy(original, home / "project")

    return restore


def _copy(original: Path, target: Path) -> Path:
    """Copy a directory with all that is to it, hard links as such; `target` is new."""
    subprocess.run(["cp", "-a", original, target], check=True)
    return target
