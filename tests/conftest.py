"""Fixtures of all tests."""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from dask_cluster import DaskCluster
from project import TRACING, Project

# How long an example takes says something about how busy the machine is, and nothing about the program.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of those tests of which only a sample is run by default."""
    parser.addoption("--all-crash-points", action="store_true", help="have the program fail at every system call that "
                     "touches a task, instead of a sample of them, and kill it at 50 random moments")


def pytest_configure() -> None:
    """Have the programs that are started hear of signals, also if nohup or a shell has had these tests ignore them."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many faults were tried, and how many of them hit."""
    counts: Counter[str] = Counter()
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        for name, value in getattr(report, "user_properties", ()):
            if report.when == "call":
                counts[name] += value
    if counts:
        terminalreporter.line(", ".join(f"{name}: {count}" for name, count in counts.items()))


MakeProject = Callable[[Mapping[str, Any]], Project]


@pytest.fixture
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeProject]:
    """Return a function that makes a project of ``{path: content}``; see :mod:`project`."""
    projects: list[Project] = []

    def make(files: Mapping[str, str | bytes | Mapping[str, Any]]) -> Project:
        directory = tmp_path_factory.mktemp("test")
        project = Project(directory / "project", directory / "home")
        project.home.mkdir()
        projects.append(project)
        project.write("tracing.py", TRACING)
        for path, content in files.items():
            project.write(path, content)
        return project

    yield make
    for project in projects:
        project.close()


@pytest.fixture(scope="session")
def dask_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Return a cluster with two workers of one thread each, which may take 500 MB; made when it is first asked for."""
    pytest.importorskip("distributed")
    cluster = DaskCluster(tmp_path_factory.mktemp("dask")).start()
    cluster.add_worker("--nworkers", "2", "--memory-limit", "500MB")
    cluster.wait_for(2)
    yield cluster
    cluster.close()
