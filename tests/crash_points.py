"""Has the program fail at one chosen system call, for :mod:`test_crash_points`.

A run of the program is the same sequence of system calls each time, as long as it works in one process. So one run is
watched, the calls that touch the task tree are counted by name, and later runs are ended, or refused what they ask for,
at the N-th call of one name.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from project import TRACE_VARIABLE

__all__ = ["FAULTS", "WRITING", "Fault", "Point", "find_points", "has_strace", "run_with_fault"]

WRITING = ("openat", "mkdir", "write", "writev", "pwrite64", "fsync", "fdatasync", "syncfs", "ftruncate", "fallocate",
           "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir", "copy_file_range",
           "sendfile", "chmod", "fchmod", "fchmodat", "flock")
READING = ("read", "pread64", "readv", "preadv", "getdents64", "newfstatat", "fstat", "lstat", "stat", "mmap")

_CALL = re.compile(r"^\d+ +(\w+)\((.*)")
_CHANGES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")


@dataclass(frozen=True)
class Fault:
    """What happens at a system call."""

    name: str
    inject: str
    calls: tuple[str, ...]
    only_changes: bool = True
    """Whether files that are opened for reading are left alone."""


FAULTS = (
    Fault("KILL", "signal=KILL", WRITING),
    Fault("ENOSPC", "error=ENOSPC", tuple(set(WRITING) - {"fsync", "unlink", "unlinkat", "rmdir", "flock", "chmod",
                                                           "fchmod", "fchmodat"})),
    Fault("EIO", "error=EIO", (*WRITING, *READING), only_changes=False),
)


@dataclass(frozen=True)
class Point:
    """The `number`-th call of `call`, from 1, is one that touches the tree."""

    call: str
    number: int
    text: str


def has_strace() -> bool:
    """Tell whether processes can be watched and tampered with here."""
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-qq", "-o", os.devnull, "-e", "trace=openat", "-e", "inject=openat:error=EIO:when=9999", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def find_points(root: Path, arguments: tuple[str, ...], calls: tuple[str, ...]) -> list[Point]:
    """Run the program to its end in `root`, and return the calls that touched the tree there."""
    log = root.parent / "strace.log"
    _strace(root, arguments, ["-e", f"trace={_set(calls)}"], log)
    counts: dict[str, int] = {}
    points = []
    for line in log.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found:
            call = found[1]
            counts[call] = counts.get(call, 0) + 1
            if f"{root}/tasks" in found[2]:
                points.append(Point(call, counts[call], found[2]))
    return points


def changes(point: Point) -> bool:
    """Tell whether a call changes anything, which opening a file for reading does not."""
    return point.call != "openat" or _CHANGES.search(point.text) is not None


def run_with_fault(root: Path, arguments: tuple[str, ...], fault: Fault,
                   point: Point) -> tuple[subprocess.CompletedProcess[str], bool]:
    """Run the program in `root` with a fault, and tell what it said, and whether the fault touched the tree."""
    log = root.parent / "strace.log"
    done = _strace(root, arguments, ["-e", f"trace={point.call}", "-e",
                                     f"inject={point.call}:{fault.inject}:when={point.number}"], log)
    seen = 0
    for line in log.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found and found[1] == point.call:
            seen += 1
            if seen == point.number:
                return done, f"{root}/tasks" in found[2]
    return done, False


def _strace(root: Path, arguments: tuple[str, ...], options: list[str],
            log: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(root.parent), "XDG_CACHE_HOME": str(root.parent / "cache"),
                   "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", TRACE_VARIABLE: str(root.parent / "trace")}
    command = ["strace", "-f", "-qq", "-y", "-s", "0", "-o", str(log), *options,
               sys.executable, "-m", "repype_like", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, encoding="utf-8", errors="replace",
                          timeout=120, check=False)


def _set(calls: tuple[str, ...]) -> str:
    return ",".join(f"?{call}" for call in calls)
