"""FAULTS 17: the disk is full; the run stops cleanly, and nothing that was stored is harmed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from project import Project
from repype_like.store.atomic import leftovers
from repype_like.store.layout import Layout

MakeTree = Callable[..., Project]


@pytest.fixture
def small_disk(make_tree: MakeTree, tmp_path: Path) -> Iterator[Project]:
    """A project whose store is on a file system of 1 MB, with results that take some of it."""
    project = make_tree("return {'b': random.Random(input_id).randbytes(config.get('size', 100_000))}", inputs=[1])
    disk = project.root / "tasks/.repype"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True,
                             check=False)
    if mounted.returncode:
        pytest.skip("needs to mount file systems")
    yield project
    subprocess.run(["umount", "-l", str(disk)], check=False)


@pytest.mark.parametrize("jobs", ["--serial", "-j2"])
def test_a_full_disk_stops_the_run_with_one_message(small_disk: Project, jobs: str) -> None:
    project, spec = small_disk, "tasks/task.yml"
    project.edit("stages.py", '{"c": [b]}', '{"c": len(b)}')
    project.run("run", "tasks", jobs).ok()
    before = project.results("tasks")
    old = project.read(spec)
    project.write(spec, old.replace("- 1\n", "".join(f"- {number}\n" for number in range(1, 60))))
    answer = project.run("run", "tasks", jobs).exits(1)
    assert answer.err.count("cannot write") == 1
    assert "Traceback" not in answer.err
    assert "make room" in answer.err
    assert "failed for the input" not in answer.err
    assert len(project.executions()) < 100, "it is not tried for every input"
    assert not leftovers(*Layout(project.root / "tasks").written_in)
    project.write(spec, old)
    project.run("status", "tasks", "--check").ok()
    assert project.results("tasks") == before
    project.write(spec, old.replace("- 1\n", "- 1\n- 2\n"))
    for blob in sorted((project.root / "tasks/.repype/blobs").iterdir(), key=os.path.getsize)[-4:]:
        blob.unlink()
    project.run("run", "tasks", jobs).ok()


def test_a_limit_of_file_size_is_a_full_disk(make_tree: MakeTree) -> None:
    project = make_tree("""
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        return {"b": random.Random(1).randbytes(1_000_000)}
        """, inputs=range(1, 30))
    answer = project.run("run", "tasks", "-j2").exits(1)
    assert answer.err.count("cannot write") == 1
    assert len(project.executions()) < 20
