"""Every way in which editors save gives one run, and no flash of an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from project import Project
from watching import DEADLINE, Watching, began, errors, watching

Save = Callable[[Path, str], None]

_GAP = 0.1
_LATE = 0.3
"""If we were kept waiting for longer than this between two halves, the test has shown nothing."""


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def write_aside_and_rename(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.tmp")
    aside.write_text(text)
    aside.replace(path)


def rename_away_and_write(path: Path, text: str) -> None:
    """As vim with a backup: a probe named 4913, the old file under another name, a new one."""
    probe = path.with_name("4913")
    probe.touch()
    probe.unlink()
    backup = path.with_name(f"{path.name}~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()


def lock_link(path: Path, text: str) -> None:
    """As emacs: a dangling link as a lock, an autosave, a backup that stays."""
    lock = path.with_name(f".#{path.name}")
    lock.symlink_to("user@host.1234:1700000000")
    autosave = path.with_name(f"#{path.name}#")
    autosave.write_text(text)
    shutil.copy2(path, path.with_name(f"{path.name}~"))
    path.write_text(text)
    autosave.unlink()
    lock.unlink()


def two_steps(path: Path, text: str) -> None:
    """As the editors of JetBrains do."""
    aside, old = path.with_name(f"{path.name}___jb_tmp___"), path.with_name(f"{path.name}___jb_old___")
    aside.write_text(text)
    path.rename(old)
    aside.rename(path)
    old.unlink()


def by_vim(path: Path, text: str, *settings: str) -> None:
    new = path.parent.parent.parent / "new.txt"
    new.write_text(text)
    commands = [*settings, "%d _", f"0r {new}", "g/^$/d", "wq"]
    words = [word for command in commands for word in ("-c", command)]
    subprocess.run(["vim", "-Nu", "NONE", "-es", *words, str(path)], timeout=DEADLINE, check=True,
                   env={**os.environ, "TERM": "xterm"})
    new.unlink()
    assert path.read_text() == text


def by_vim_with_backup(path: Path, text: str) -> None:
    by_vim(path, text, "set backup writebackup backupcopy=no")


def by_nano(path: Path, text: str) -> None:
    with pexpect.spawn("nano", ["-I", str(path)], timeout=DEADLINE, env={**os.environ, "TERM": "xterm"}) as nano:
        nano.expect("Exit|Help")
        lines = len(path.read_text().splitlines()) + 1
        nano.send("\x0b" * lines + text.rstrip("\n").replace("\n", "\r") + "\r\x0f")
        nano.expect("Write")
        nano.send("\r")
        nano.expect("Wrote")
        nano.send("\x18")
        nano.expect(pexpect.EOF)
    assert path.read_text().strip() == text.strip()


def test_each_save_is_one_run(tree: Project) -> None:
    saves: list[Save] = [in_place, write_aside_and_rename, rename_away_and_write, lock_link, two_steps]
    saves += [by_vim, by_vim_with_backup] if shutil.which("vim") else []
    saves += [by_nano] if shutil.which("nano") else []
    with watching(tree) as watch:
        watch.cycle()
        for number, save in enumerate(saves, start=100):
            save(tree.root / "tasks/b/c/task.yml", f"config:\n  scale:\n    plus: {number}\n")
            assert watch.cycle()[-1]["good"], save.__name__
        save = two_steps
        save(tree.root / "used.py", tree.read("used.py").replace("2 *", "3 *"))
        last = watch.cycle()
        assert sorted(began(last)) == ["a", "b", "b/c"]
        assert began(watch.seen) == [*began(watch.seen)[:3], *["b/c"] * len(saves), *began(last)], "once for each"
        assert not errors(watch.seen)
    assert tree.results("tasks/b/c")[1]["scaled"] == f"oneoneone{number}"


@pytest.mark.parametrize("program", ["vim", "nano"])
def test_the_editor_is_there(program: str) -> None:
    """Reports by name what could not be tested."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


def test_a_file_that_is_written_in_two_halves_is_one_run(tree: Project) -> None:
    half = "config:\n  scale: {plus: [1,"
    with watching(tree) as watch:
        watch.cycle()
        for path, first, second in (
                (tree.root / "tasks/b/c/task.yml", half, " 2]}\n"),
                (tree.root / "tasks/a/task.yml", "runnable: true\n", "config: {scale: {plus: 7}}\n"),
                (tree.root / "used.py", "import deeper\n\n\ndef twice(te", "xt):\n    return 4 * deeper.same(text)\n")):
            _write_in_halves(watch, path, first, second)
        assert not errors(watch.seen)
        assert began(watch.seen).count("b/c") == 3
    assert tree.results("tasks/a")[1]["scaled"] == "oneoneoneone7"


def _write_in_halves(watch: Watching, path: Path, first: str, second: str) -> None:
    """Write a file with a pause in the midst; if we are too slow, put it back and try again."""
    before = path.read_text()
    while True:
        with path.open("w") as file:
            started = time.monotonic()
            file.write(first)
            file.flush()
            time.sleep(_GAP)
            file.write(second)
        if time.monotonic() - started < _LATE:
            watch.cycle()
            return
        path.write_text(before)
