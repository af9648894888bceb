from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from repype_like.errors import DamagedError
from repype_like.formats import map_file


@pytest.mark.parametrize("size", [0, 10, 1 << 20])
def test_memory_is_writable_and_the_file_is_not_changed(size: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * size)
    path.chmod(0o444)
    data = map_file(path, size)
    data[:1] = b"b"[:size]
    assert bytes(data[:1]) == b"b"[:size]
    assert path.read_bytes() == b"a" * size


def test_what_is_not_the_file_is_damage(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "endless").symlink_to("/dev/zero")
    (tmp_path / "file").write_bytes(b"abc")
    for name in ("fifo", "folder", "dangling", "endless", "missing"):
        with pytest.raises(DamagedError, match=name):
            map_file(tmp_path / name)
    with pytest.raises(DamagedError, match="3 bytes instead of 4"):
        map_file(tmp_path / "file", 4)


def test_running_out_of_descriptors_is_survived(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * (1 << 20))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))
    try:
        held = [map_file(path) for _ in range(100)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert all(data == held[0] for data in held)
