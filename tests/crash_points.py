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
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from project import Outcome
from warm_program import WarmProgram

__all__ = ["FAULTS", "KILL", "Fault", "Point", "distinct_states", "find_points", "has_strace", "run_with_fault"]

SYNCING = ("fsync", "fdatasync", "syncfs", "flock")
REMOVING = ("unlink", "unlinkat", "rmdir", "chmod", "fchmod", "fchmodat")
WRITING = ("openat", "mkdir", "mkdirat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "fallocate",
           "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "copy_file_range", "sendfile",
           "utimensat")
READING = ("read", "pread64", "readv", "preadv", "preadv2", "getdents64", "newfstatat", "fstat", "lstat", "stat",
           "statx", "readlink", "readlinkat", "mmap", "close")

_CALL = re.compile(r"^\d+ +(\w+)\((.*)")
_OPENS_FOR_CHANGES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")


@dataclass(frozen=True)
class Point:
    """The `number`-th call of `call`, from 1, is one that touches the tree; `text` is its arguments and its result."""

    call: str
    number: int
    text: str

    @property
    def is_for_changes(self) -> bool:
        """Whether the call is to change something, which opening a file for reading is not."""
        return self.call not in READING and (self.call != "openat" or bool(_OPENS_FOR_CHANGES.search(self.text)))

    @property
    def has_changed(self) -> bool:
        """Whether the call may have changed what a process finds that comes later."""
        return self.is_for_changes and self.call not in SYNCING and " = -1 " not in self.text


@dataclass(frozen=True)
class Fault:
    """What happens at a system call; `codes` are those that the program may end with."""

    name: str
    inject: str
    calls: tuple[str, ...]
    codes: tuple[int, ...] = (0, 1, 2)

    def points(self, found: Iterable[Point]) -> list[Point]:
        """Return those points at which it may happen; files that are opened for reading are not refused for space."""
        calls = set(self.calls)
        return [point for point in found if point.call in calls and (point.is_for_changes or "read" in calls)]


KILL = Fault("KILL", "signal=KILL", (*WRITING, *REMOVING, *SYNCING), (-9,))
FAULTS = (KILL, Fault("ENOSPC", "error=ENOSPC", (*WRITING, "fsync", "fdatasync", "syncfs")),
          Fault("EIO", "error=EIO", (*WRITING, *REMOVING, *SYNCING, *READING)))


def has_strace() -> bool:
    """Tell whether processes can be watched and tampered with here."""
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-qq", "-o", os.devnull, "-e", "trace=openat", "-e", "inject=openat:error=EIO:when=9999", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def find_points(program: WarmProgram, root: Path, arguments: tuple[str, ...]) -> list[Point]:
    """Run the program to its end in `root`, and return the calls that touched the tree there."""
    calls = ",".join(f"?{call}" for call in sorted({call for fault in FAULTS for call in fault.calls}))
    _, points = _watch(program, root, arguments, ["-e", f"trace={calls}"])
    return points


def distinct_states(points: Sequence[Point]) -> Iterator[Point]:
    """Give the points without those before which the tree is as it was before the one that was given last."""
    is_new = True
    for point in points:
        if is_new:
            yield point
        is_new = point.has_changed


def run_with_fault(program: WarmProgram, root: Path, arguments: tuple[str, ...], fault: Fault,
                   point: Point) -> tuple[Outcome, bool]:
    """Run the program in `root` with a fault, and tell what it said, and whether the fault touched the tree."""
    outcome, points = _watch(program, root, arguments, ["-e", f"trace={point.call}", "-e",
                                                        f"inject={point.call}:{fault.inject}:when={point.number}"])
    return outcome, any(found.number == point.number for found in points)


def _watch(program: WarmProgram, root: Path, arguments: tuple[str, ...],
           options: Sequence[str]) -> tuple[Outcome, list[Point]]:
    log = root.parent / "strace.log"
    outcome = program.run(root, *arguments, watched=["-y", "-s", "0", "-o", str(log), *options])
    counts: Counter[str] = Counter()
    points = []
    for line in log.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found:
            call, text = found.groups()
            counts[call] += 1
            if f"{root}/tasks" in text:
                points.append(Point(call, counts[call], text))
    return outcome, points
