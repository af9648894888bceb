"""Where answers are kept: in the user's folder for what can be made again, a file for each directory asked for.

Not in the tree: that may be read-only, and looking at it must not change it.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from repype_like.hashing import hash_bytes
from repype_like.typing import Any

__all__ = ["read", "write"]

_MOST_KEPT = 64
"""Of how many directories answers are kept; those that were not written for longest are deleted."""


def read(start: str) -> dict[str, Any] | None:
    """Return what was kept for a directory; None if there is nothing, or if it is not what was written."""
    try:
        checksum, _, body = _path(start).read_bytes().partition(b"\n")
        if checksum != hash_bytes(body).encode():
            return None
        content = json.loads(body)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write(start: str, content: dict[str, Any]) -> None:
    """Keep `content` for a directory, in place of what was kept; where that cannot be written, it is not."""
    path = _path(start)
    aside = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    body = json.dumps(content, separators=(",", ":")).encode("ascii")
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            aside.write_bytes(hash_bytes(body).encode() + b"\n" + body)
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        _prune(path.parent)


def _prune(folder: Path) -> None:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    for entry in found[_MOST_KEPT:]:
        Path(entry.path).unlink(missing_ok=True)


def _path(start: str) -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if os.path.isabs(named) else Path(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH117
    return base / "repype_like" / "answers" / hash_bytes(os.fsencode(start))
