"""Which file systems tell nobody what happens to their files on other machines."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["network_filesystem"]

_MOUNTS = Path("/proc/self/mounts")

_SILENT = re.compile(r"nfs\d?|cifs|smb\w*|9p|afs|ceph|lustre|gpfs|glusterfs|beegfs|ncpfs|vboxsf|vmhgfs|prl_fs|drvfs"
                     r"|virtiofs|fuse\.(?!fuseblk|portal).*")


def network_filesystem(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the type of the file system of `path` if changes made elsewhere are not announced here, or else "".

    Arguments:
        path: A directory.
        mounts: The table of what is mounted; without one, nothing is known.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    real, best, kind = os.path.realpath(path), "", ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[1])
        if len(point) >= len(best) and (real == point or real.startswith(point.rstrip("/") + "/")):
            best, kind = point, fields[2]
    return kind if _SILENT.fullmatch(kind) else ""
