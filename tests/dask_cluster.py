"""A real cluster of Dask on this machine: scheduler and workers are processes that talk over TCP.

    def test_runs(dask_cluster, make_project):
        project = traced(make_project({...}))
        project.run("run", "tasks", "--dask", dask_cluster.address).ok()

Workers have the environment of the test and not that of the program, so a project has to be told where to write its
trace: see :func:`traced`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from project import TRACE_VARIABLE, TRACING, Project

_PROGRAM = """if True:
    import ctypes, signal, sys
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # it ends with the tests, even if these are killed
    from dask.__main__ import main
    main()
"""

__all__ = ["DaskCluster", "descendants", "traced", "until"]

_QUIET = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "20s", "DASK_LOGGING__DISTRIBUTED": "error"}


def until(condition: Callable[[], object], seconds: float = 150) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.02)


def traced(project: Project) -> Project:
    """Have the stages of a project leave their trace in the usual place, whatever environment they run in."""
    path = str(project.home / "trace")
    project.write("tracing.py", f"import os\n\nos.environ.setdefault({TRACE_VARIABLE!r}, {path!r})\n" + TRACING.replace(
        f'os.environ["{TRACE_VARIABLE}"]', repr(path)))
    return project


def descendants(pid: int) -> list[int]:
    """Return the ids of the living processes that a process has started, directly or not."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


@dataclass
class DaskCluster:
    """A scheduler, and as many workers as :meth:`add_worker` was called for."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """The scheduler file."""
        return self.folder / "scheduler.json"

    @property
    def address(self) -> str:
        """The address of the scheduler."""
        return str(json.loads(self.file.read_text())["address"])

    def start(self) -> DaskCluster:
        """Start the scheduler."""
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file",
                    str(self.file))
        until(lambda: self.file.exists() and self.file.read_text().strip())
        return self

    def add_worker(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a worker of one thread; `args` are further ones of ``dask worker``."""
        return self._start("worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard",
                           "--local-directory", str(self.folder / f"worker-{len(self.processes)}"), *args, env=env)

    def wait_for(self, workers: int) -> None:
        """Wait until so many workers are there."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            until(lambda: len(client.nthreads()) == workers)

    def close(self) -> None:
        """End all of it."""
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for other in descendants(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(other, signal.SIGKILL)

    def _start(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *args], env={**os.environ, **_QUIET, **(env or {})}, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    @property
    def log(self) -> str:
        """What they have written."""
        return (self.folder / "log").read_text()


def chain_of_three(body: str, inputs: Sequence[Any] = (1, 2, 3), **more: Any) -> Mapping[str, Any]:
    """Return the files of a project of three stages, of which the second does `body`."""
    from chains import stage, stages

    return {
        "stages.py": stages(stage("A", "", "a", "[input_id]"), stage("B", "a", "b", body), stage("C", "b", "c", "[b]")),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A", "stages.B", "stages.C"],
                           "input_ids": list(inputs), **more}}
