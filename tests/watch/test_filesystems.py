"""Which file systems do not tell."""

from __future__ import annotations

from pathlib import Path

from repype_like.watch.filesystems import network_filesystem

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/export /mnt/data nfs4 rw 0 0
//host/share /mnt/my\\040share cifs rw 0 0
me@host:/ /mnt/data/sshfs fuse.sshfs rw 0 0
tmpfs /mnt/data/fast tmpfs rw 0 0
"""


def test_the_innermost_mount_counts(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text(MOUNTS)
    kinds = {"/home/me": "", "/mnt/data": "nfs4", "/mnt/data/a/b": "nfs4", "/mnt/database": "",
             "/mnt/my share/a": "cifs", "/mnt/data/sshfs/a": "fuse.sshfs", "/mnt/data/fast/a": ""}
    assert {path: network_filesystem(Path(path), table) for path in kinds} == kinds
    assert not network_filesystem(Path("/mnt/data"), tmp_path / "no such table")
