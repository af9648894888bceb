"""Contents are compared, and what is nobody's business is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.hashing import hash_path
from repype_like.watch import Report, TaskSeen
from repype_like.watch.changes import Changes, is_noise


@pytest.mark.parametrize("name", [
    "task.yml~", "4913", ".task.yml.swp", ".#task.yml", "#task.yml#", "task.yml___jb_tmp___", "task.yml___jb_old___",
    "__pycache__/stages.cpython-311.pyc", ".git/index", ".repype/digest.json", "a/.repype/runs/x.jsonl", "x.tmp"])
def test_noise(name: str) -> None:
    assert is_noise(f"/home/me/tasks/{name}")
    assert is_noise("/home/me/tasks/a.b/task.yml") is False


def report_of(root: Path, *names: str, outputs: frozenset[str] = frozenset()) -> Report:
    files = {str(root / name): hash_path(root / name) for name in names}
    return Report(root, (TaskSeen("a", True, None, "", outputs=outputs),), files=files)


def test_only_what_has_another_content_has_changed(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1")
    (tmp_path / "two").write_text("2")
    changes = Changes()
    changes.take_in(report_of(tmp_path, "one", "two", "absent"), [tmp_path])
    for name in ("one", "two", "absent"):
        assert changes.note(str(tmp_path / name))
    (tmp_path / "two").write_text("3")
    assert changes.real() == {str(tmp_path / "two")}
    (tmp_path / "absent").touch()
    changes.note(str(tmp_path / "absent"))
    assert str(tmp_path / "absent") in changes.real()


def test_a_project_below_a_hidden_directory_is_no_noise(tmp_path: Path) -> None:
    root = tmp_path / ".hidden"
    root.mkdir()
    changes = Changes()
    changes.take_in(report_of(root), [root])
    assert changes.note(str(root / "task.yml"))
    assert changes.note(str(root / ".secret")) is None


def test_a_folder_that_counts_as_a_whole_changes_with_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "raw/deep").mkdir(parents=True)
    (tmp_path / "raw/deep/1.txt").write_text("1")
    changes = Changes()
    changes.take_in(report_of(tmp_path, "raw"), [tmp_path])
    assert changes.note(str(tmp_path / "raw/deep/1.txt"))
    assert not changes.real()
    (tmp_path / "raw/deep/1.txt").write_text("2")
    changes.note(str(tmp_path / "raw/deep/1.txt"))
    assert changes.real()


def test_files_without_a_say_are_a_reason_to_look_once(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("1")
    changes = Changes()
    changes.take_in(report_of(tmp_path), [tmp_path])
    assert changes.note(str(path)) is False
    assert changes.real() == {str(path)}
    changes.clear()
    changes.note(str(path))
    assert not changes.real()


def test_what_a_run_may_have_written_is_put_aside(tmp_path: Path) -> None:
    output, spec, unknown = (str(tmp_path / name) for name in ("out.txt", "task.yml", "log.txt"))
    changes = Changes()
    changes.take_in(report_of(tmp_path, "out.txt", outputs=frozenset({output})), [tmp_path])
    for path in (output, spec, unknown):
        Path(path).touch()
        changes.note(path)
    changes.defer(["a"])
    assert changes.real() == {spec}
    changes.clear()
    changes.recall()
    assert changes.real() == {output, unknown}


@pytest.mark.parametrize(("text", "unfinished"), [("", True), ("a: 1", True), ("a: 1\n", False), (None, True)])
def test_what_looks_half_written(tmp_path: Path, text: str | None, unfinished: bool) -> None:
    path = tmp_path / "task.yml"
    path.write_text("a: 2\n")
    changes = Changes()
    changes.take_in(report_of(tmp_path, "task.yml"), [tmp_path])
    changes.note(str(path))
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert changes.half_written() is unfinished
