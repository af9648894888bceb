from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from repype_like.store.atomic import new_file, read_file, replace_file, sweep, write_all, write_new
from repype_like.store.layout import Layout


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    replace_file(layout, layout.digest, b"one")
    replace_file(layout, layout.digest, b"two", durable=True)
    assert read_file(layout.digest) == b"two"
    assert list(Path(layout.directory).iterdir()) == [Path(layout.digest)]


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    layout = Layout(tmp_path)

    def fail() -> None:
        with new_file(layout) as path:
            write_new(path, [b"a"])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(Path(layout.aside).iterdir()) == []


def test_what_killed_processes_left_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    script = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from repype_like.store.atomic import new_file, write_new
        from repype_like.store.layout import Layout
        with new_file(Layout(Path(sys.argv[1])), ".png") as path:
            write_new(path, [b"half"])
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    assert subprocess.run([sys.executable, "-c", script, tmp_path], check=False).returncode == -9
    with new_file(layout) as mine:
        write_new(mine, [b"a"])
        theirs = Path(layout.aside) / "anotherhost.1.abcdefabcdef"
        theirs.write_text("a")
        (Path(layout.aside) / "notes.txt").write_text("a")
        assert len(list(Path(layout.aside).iterdir())) == 4
        sweep(*layout.written_in)
        assert {path.name for path in Path(layout.aside).iterdir()} == {mine.name, theirs.name, "notes.txt"}


def test_short_writes_are_continued(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        write_all(writing, [bytes(1 << 20)])
    os.close(writing)
    path = tmp_path / "new" / "file"
    write_new(path, [b"a" * 100_000, memoryview(b"b" * 3), b""])
    assert path.read_bytes() == b"a" * 100_000 + b"bbb"
