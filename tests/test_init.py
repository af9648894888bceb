"""What ``import repype_like`` gives."""

from __future__ import annotations

from pathlib import Path

import pytest

import repype_like
from repype_like.errors import SpecError, UsageError


def test_a_task_is_opened_with_its_parents(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "task.yml").write_text("root: true\nrunnable: true\npipeline: [stages.Load]\n")
    (tmp_path / "a" / "b" / "task.yml").write_text("config: {load: {x: 1}}\n")
    task = repype_like.open(tmp_path / "a" / "b")
    assert task.runnable
    assert [parent.path for parent in task.parents] == [tmp_path]
    origin = task.resolved_spec.origin(("pipeline",))
    assert origin is not None
    assert (origin.file, origin.line) == (tmp_path / "task.yml", 3)


def test_a_directory_without_a_task_is_an_error_that_names_those_below(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "task.yml").touch()
    with pytest.raises(UsageError, match="a, b"):
        repype_like.open(tmp_path)
    with pytest.raises(UsageError, match="no such directory"):
        repype_like.open(tmp_path / "c")


def test_a_broken_specification_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "task.yml").write_text("runable: true\n")
    with pytest.raises(SpecError, match="runable"):
        repype_like.open(tmp_path)
