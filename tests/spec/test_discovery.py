from __future__ import annotations

import os
from pathlib import Path

import pytest

from repype_like.errors import UsageError
from repype_like.spec.discovery import discover


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A directory that inherits nothing from wherever the tests run."""
    return make(tmp_path / "top", ".", text="root: true")


def make(base: Path, *names: str, text: str = "") -> Path:
    for name in names:
        (base / name).mkdir(parents=True, exist_ok=True)
        (base / name / "task.yml").write_text(text)
    return base


def listed(path: Path, base: Path) -> list[str]:
    return [str(directory.relative_to(base)) for directory in discover(path).directories]


def test_parents_first_siblings_sorted_gaps_passed(top: Path) -> None:
    make(top, "b", "b/2", "b/10", "a/group/x", ".hidden/x", "b/.repype", "__pycache__")
    (top / "empty").mkdir()
    assert listed(top, top) == [".", "a/group/x", "b", "b/10", "b/2"]


def test_the_chain_above(top: Path) -> None:
    make(top, "a", "a/gap/b", "a/gap/b/c", "other")
    for path in (top / "a/gap/b", top / "a/gap/b/task.yml"):
        found = discover(path)
        assert found.path == top / "a/gap/b"
        assert found.root == top
        assert found.directories == (top, top / "a", top / "a/gap/b", top / "a/gap/b/c")
    assert listed(top / "a/gap", top) == [".", "a", "a/gap/b", "a/gap/b/c"]


def test_root_ends_the_search(top: Path) -> None:
    make(top, "a/b/c")
    make(top, "a", text="root: true")
    assert discover(top / "a/b/c").directories == (top / "a", top / "a/b/c")
    assert discover(top / "a").root == top / "a"


def test_a_broken_task_above_is_still_a_parent(top: Path) -> None:
    make(top, "a", text="{")
    make(top, "a/b")
    assert discover(top / "a/b").directories == (top, top / "a", top / "a/b")


def test_no_such_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such directory"):
        discover(tmp_path / "missing")


def test_links(top: Path, tmp_path: Path) -> None:
    make(top, "a/x", "z")
    make(tmp_path / "outside", "t", "t/u")
    for name, target in {"a/loop": "..", "0_double": "z", "link": "../outside", "root": "/", "b": "b",
                         "none": "nothing",
                         "dull": "a/x/../../empty"}.items():  # fmt: skip
        (top / name).symlink_to(target)
    (tmp_path / "outside/t/back").symlink_to(top)
    (tmp_path / "outside/t/up").symlink_to("..")
    (top / "empty").mkdir()
    assert listed(top, top) == [".", "a/x", "link/t", "link/t/u", "z"]
    warned = {problem.where.file.name: problem for problem in discover(top).problems if problem.where}
    assert set(warned) == {"loop", "0_double", "root", "back", "up"}
    assert {problem.severity for problem in warned.values()} == {"warning"}


def test_a_path_through_a_link(top: Path) -> None:
    make(top, "a/b")
    (top / "link").symlink_to("a")
    assert discover(top / "link").directories == (top, top / "a/b")


def test_names_of_all_kinds(top: Path) -> None:
    names = ["a b", "%s", "{}", "'\"", "-x", "\n", "\x1b", "😀", "[1]", "x" * 255, "*"]
    make(top, *names)
    assert sorted(listed(top, top)) == sorted([".", *names])


def test_misnamed(top: Path) -> None:
    (top / "a").mkdir()
    (top / "a/task.yaml").touch()
    (problem,) = discover(top).problems
    assert "rename it to task.yml" in str(problem)
    assert problem.severity == "warning"


def test_a_path_that_grows_too_long_is_a_problem_and_the_rest_goes_on(top: Path) -> None:
    descriptor = os.open(top, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=descriptor)
        inner = os.open("d" * 200, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    make(top, "z")
    found = discover(top)
    assert found.directories == (top, top / "z")
    assert "too long" in str(found.problems)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_directory_is_a_problem_and_the_rest_goes_on(top: Path) -> None:
    make(top, "a", "b")
    (top / "a").chmod(0)
    try:
        found = discover(top)
    finally:
        (top / "a").chmod(0o755)
    assert found.directories == (top, top / "b")
    assert [problem.task for problem in found.problems] == [top / "a"]
