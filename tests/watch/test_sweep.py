"""What is found by looking, where nobody tells."""

from __future__ import annotations

import os
from pathlib import Path

from repype_like.watch.sweep import Sweep

OLD = (1_000_000_000, 1_000_000_000)


def test_what_was_added_changed_and_removed(tmp_path: Path) -> None:
    tree, other = tmp_path / "tree", tmp_path / "other"
    (tree / "a/.repype").mkdir(parents=True)
    other.mkdir()
    for path in (tree / "a/task.yml", tree / "gone", other / "base.yml"):
        path.write_text("1")
    sweep = Sweep()
    assert sweep.changes(tree, [str(other)], []) == ([], [])
    (tree / "a/task.yml").write_text("2")
    (tree / "a/.repype/records").write_text("our own")
    (tree / "gone").unlink()
    (other / "base.yml").write_text("22")
    (tree / "new").touch()
    assert sorted(sweep.changes(tree, [str(other)], [])[0]) == sorted(map(str, (
        tree / "a/task.yml", tree / "gone", tree / "new", other / "base.yml")))
    assert sweep.changes(tree, [str(other)], []) == ([], [])


def test_a_file_that_has_only_just_changed_may_do_so_again_unseen(tmp_path: Path) -> None:
    young = tmp_path / "young"
    young.write_text("1")
    sweep = Sweep()
    assert sweep.changes(tmp_path, [], [str(young)])[1] == [str(young)]
    assert sweep.changes(tmp_path, [], [str(young)])[1] == [str(young)], "whoever asks compares its content"
    os.utime(young, OLD)  # the status of the file itself is as young as before
    assert str(young) in sweep.changes(tmp_path, [], [str(young)])[1]
