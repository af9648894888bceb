"""FAULTS 26, 66: what earlier versions have written stays readable; what a newer one has written is left alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from project import Project
from repype_like.hashing import hash_bytes
from repype_like.store.layout import FORMAT_VERSION

GOLDEN = Path(__file__).parents[1] / "golden"
VERSIONS = sorted(path.name for path in GOLDEN.glob("v*"))


@pytest.fixture
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A copy of the golden tree of a version, as from an archive: with other times."""
    shutil.copytree(GOLDEN / request.param, tmp_path / "project", copy_function=shutil.copyfile)
    return Project(tmp_path / "project", tmp_path)


def test_there_is_one_of_each_version() -> None:
    assert [f"v{number}" for number in range(1, FORMAT_VERSION + 1)] == VERSIONS


@pytest.mark.parametrize("tree", VERSIONS, indirect=True)
def test_a_golden_tree_is_readable_and_up_to_date(tree: Project) -> None:
    rows = tree.run("status", "tasks", "--json", "--check").ok().json()["tasks"]
    assert [(row["task"], row["inputs"]) for row in rows] == [
        (".", {"total": 2, "done": 2}), ("level=3", {"total": 2, "done": 2})]
    tree.run("verify", "tasks").ok()
    for task, level in (("tasks", 2), ("tasks/level=3", 3)):
        for number, fields in tree.results(task).items():
            image = (np.arange(8_500 // number**4) * 0.37) ** 2 % 1.0 * 5
            assert fields["marked"] == {"level": level, "text": ["one", "two"][number - 1], "none": None,
                                        "list": [1, 2.5, "é"]}
            assert fields["total"] == pytest.approx(image.sum())
            assert fields["labels"].dtype == np.int16
            assert fields["count"] == fields["labels"].sum() == (image > level).sum()
            assert np.array_equal(fields["image"], image)
            assert "size" not in fields
    tree.run("run", "tasks").ok()
    tree.write("tasks/level=4/task.yml", {"config": {"mark": {"level": 4}}})
    tree.run("run", "tasks").ok()
    assert tree.read("tasks/level=4/made-2.txt") == "TWO\n"
    tree.run("verify", "tasks").ok()


NEWER_LOG = b"repype records 999\nin a way that nobody knows yet"


def _newer_digest(content: bytes) -> bytes:
    body = json.dumps({"of": "a later time"}).encode()
    return b'{"format": 999, "checksum": "%s", "content": %s}\n' % (hash_bytes(b"999 " + body).encode(), body)


@pytest.mark.parametrize("tree", VERSIONS[-1:], indirect=True)
@pytest.mark.parametrize("name", ["digest.json", "records"])
def test_what_a_newer_version_has_written_is_not_touched(tree: Project, name: str) -> None:
    file = tree.root / "tasks/.repype" / name
    file.write_bytes(NEWER_LOG if name == "records" else _newer_digest(file.read_bytes()))
    before = _hashes(tree.root / "tasks/.repype")
    tree.write("tasks/notes/1.txt", "edited\n")
    answers = [tree.run("run", "tasks"), tree.run("gc", "tasks", "-y"), tree.run("reset", "tasks", "-y"),
               tree.run("verify", "tasks")]
    assert any("newer version of repype_like" in answer.err + answer.out for answer in answers)
    assert all(answer.code in (0, 1, 2) for answer in answers), "\n".join(map(str, answers))
    assert "newer version" in answers[0].err
    assert _hashes(tree.root / "tasks/.repype") == before
    assert "internal error" not in "".join(answer.err for answer in answers)


def _hashes(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha1(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file() and path.name in ("digest.json", "records")}
