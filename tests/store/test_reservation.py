from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from repype_like.store.atomic import write_new
from repype_like.store.reservation import reserve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux reserves space by a call of its own")


def test_what_cannot_reserve_space_is_left_alone() -> None:
    reading, writing = os.pipe()
    try:
        reserve(writing, 1 << 20)
    finally:
        os.close(reading)
        os.close(writing)


def test_what_was_reserved_is_written(tmp_path: Path) -> None:
    write_new(tmp_path / "large", [b"head", memoryview(b"x" * (1 << 20)), b"", b"tail"], mode=0o444)
    content = (tmp_path / "large").read_bytes()
    assert (content[:5], len(content), content[-5:]) == (b"headx", (1 << 20) + 8, b"xtail")
    assert (tmp_path / "large").stat().st_mode & 0o222 == 0


def test_no_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import os, resource, signal, sys
        from repype_like.store.reservation import reserve
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
        descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
        try:
            reserve(descriptor, 1 << 20)
        except OSError as error:
            sys.exit(error.errno)
    """)
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "file"], check=False)
    assert done.returncode == errno.EFBIG
    assert (tmp_path / "file").stat().st_size == 0
