"""Contents of files: remembered as long as nothing tells that they may have changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from repype_like.hashing import ABSENT, hash_file
from repype_like.plan import Files
from repype_like.plan.files import stamp_of


def old(file: Path, text: str) -> Path:
    """Write a file that has long been there."""
    file.write_text(text)
    os.utime(file, ns=(10**18, 10**18))
    return file


def test_contents(tmp_path: Path) -> None:
    files, file = Files(), tmp_path / "f"
    assert files.content(file) == ABSENT == files.content(file / "below")
    file.write_text("x")
    assert files.content(file) == hash_file(file)
    file.write_text("y")
    assert files.content(file) == hash_file(file), "a file that has just been written is read again"
    assert files.content(tmp_path).startswith("dir-")


def test_what_is_remembered_counts_as_long_as_the_stamp_is_the_same(tmp_path: Path) -> None:
    file = old(tmp_path / "f", "x")
    stamp = tuple(getattr(file.stat(), name) for name in ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino"))
    files = Files()
    files.remember(file, (*stamp[:3], stamp[3] + 1), "believed")
    assert files.content(file) == hash_file(file)
    fresh = stamp_of(file)
    assert fresh is None or fresh == stamp, "a change of the status that is as young as this one is not trusted"


def test_what_cannot_be_read_is_a_content_of_its_own(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert Files().content(tmp_path / "fifo").startswith("unreadable"), "and is not waited for"
    if os.geteuid():
        (tmp_path / "f").write_text("x")
        (tmp_path / "f").chmod(0)
        assert Files().content(tmp_path / "f").startswith("unreadable")


@pytest.mark.parametrize("name", ["a b", "é", "100%", "-x", "new\nline"])
def test_names(tmp_path: Path, name: str) -> None:
    file = old(tmp_path / name, "x")
    assert Files().content(file) == hash_file(file)
