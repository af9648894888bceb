"""FAULTS 2: the power fails before everything is on the disk, so that any file may have lost its end.

Unlike a process that is killed, this leaves files that have the size and the times that they should have, and other
content. By default a sample of the combinations is tried, with ``--all-crash-points`` all.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crash_tree import FILES, RUN, TASKS, check_stores
from project import Project
from repype_like.store import Store
from warm_program import WarmProgram

SAMPLE = 6
PAGE = 4096

Snapshots = tuple[Path, Path]


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Snapshots:
    """Return a project before and after the run that the power cut hits."""
    home = tmp_path_factory.mktemp("power")
    project = Project(home / "project", home)
    for path, content in FILES.items():
        project.write(path, content)
    project.run(*RUN).ok()
    shutil.copytree(project.root, home / "before")
    project.edit("tasks/task.yml", "level: 2", "level: 3")
    project.run(*RUN).ok()
    for task in TASKS:  # it had not come to the point at which everything is on the disk
        store = Store(project.root / task)
        lines: list[Any] = [{"boot": "the one before", "task": str(project.root / task)}]
        lines += [{"missing": f"made-{record.input_id}.txt", "by": (record.stage, record.input_id, record.started)}
                  for record in store.records if record.outputs and record.id in store.current_ids()]
        (project.root / task / ".repype/unfinished").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return home / "before", project.root


def _cut(new: Path, old: Path) -> None:
    size, content = new.stat().st_size, old.read_bytes() if old.exists() else b""
    is_longer = new.read_bytes().startswith(content)  # what was there before had reached the disk
    os.truncate(new, max(len(content) if is_longer else 0, size - PAGE))


def _zero(new: Path, old: Path) -> None:
    size = new.stat().st_size
    _cut(new, old)
    os.truncate(new, size)


def _restore(new: Path, old: Path) -> None:
    if old.exists():
        new.write_bytes(old.read_bytes())
    else:
        new.unlink()


LOSSES: dict[str, Callable[[Path, Path], None]] = {
    "nothing": lambda new, old: None, "cut": _cut, "zero": _zero, "old": _restore}
"""What may become of a file; with its times as they are."""

GROUPS = (".repype/records", ".repype/digest.json", ".repype/blobs/*", "made-*.txt")

COMBINATIONS = [kinds for kinds in itertools.product(LOSSES, repeat=len(GROUPS)) if set(kinds) != {"nothing"}]


def _lose(root: Path, before: Path, pattern: str, loss: Callable[[Path, Path], None]) -> None:
    for task in TASKS:
        for path in sorted((root / task).glob(pattern)):
            old = before / task / path.relative_to(root / task)
            if old.exists() and old.read_bytes() == path.read_bytes():
                continue  # it had reached the disk long ago
            status = path.stat()
            path.chmod(0o644)
            loss(path, old)
            if path.exists():
                os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
                path.chmod(status.st_mode)


@pytest.mark.timeout(3000)
def test_what_a_power_cut_has_torn_is_noticed_and_mended(
        snapshots: Snapshots, program: WarmProgram, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    before, after = snapshots
    everything = request.config.getoption("--all-crash-points")
    for kinds in COMBINATIONS if everything else random.Random(1).sample(COMBINATIONS, SAMPLE):
        root = tmp_path / "project"
        shutil.copytree(after, root)
        for pattern, kind in zip(GROUPS, kinds, strict=True):
            _lose(root, before, pattern, LOSSES[kind])
        try:
            program.run(root, *RUN).ok()
            check_stores(root, {3}, complete=True)
            program.run(root, "status", "tasks", "--check").ok()
        except AssertionError as error:
            raise AssertionError(f"after {dict(zip(GROUPS, kinds, strict=True))}: {error}") from error
        shutil.rmtree(root)


@pytest.mark.parametrize("note", [b"", b"\0" * 100, b'{"boot": "the one bef'])
def test_the_note_itself_may_be_torn(snapshots: Snapshots, tmp_path: Path, note: bytes) -> None:
    before, after = snapshots
    root = tmp_path / "project"
    shutil.copytree(after, root)
    for task in TASKS:
        (root / task / ".repype/unfinished").write_bytes(note)
    _lose(root, before, ".repype/blobs/*", _zero)
    project = Project(root, tmp_path)
    assert project.run("status", "tasks", "--check").exits(1).out.count("damaged") == 2
    project.run(*RUN).ok()
    check_stores(root, {3}, complete=True)


def test_a_run_that_was_only_killed_is_believed(snapshots: Snapshots, tmp_path: Path) -> None:
    _, after = snapshots
    root = tmp_path / "project"
    shutil.copytree(after, root)
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():
        pytest.skip("the system does not tell when it was started")
    for task in TASKS:
        line = {"boot": boot.read_text().strip(), "task": "/"}
        (root / task / ".repype/unfinished").write_text(json.dumps(line) + "\n")
    project = Project(root, tmp_path)
    project.run(*RUN).ok()
    assert not project.executions()
    assert (root / "tasks/.repype/unfinished").exists(), "there was nothing to do, so nothing was looked into"
