"""Keeps two runs from working on the same tasks at once.

Every run has a file of its own in the folder ``lock`` at the topmost task. It holds that file locked, and the file
says who it is and which directories it works on. The kernel frees the lock when the run ends, however it ends; so
whoever finds a file that is not locked knows that its run is gone, and deletes it. Looking and adding a file of one's
own happen under a second lock, the guard, so that two runs cannot overlook each other. Readers take no lock.

A lock of this kind is shared with forked children. They give their share back at once, or a child that outlives its
parent would hold the tree.

On a file system without locks, a file counts for as long as there is a process with the number in it on its host.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from repype_like.errors import LockedError
from repype_like.store.failures import explained
from repype_like.store.layout import Layout
from repype_like.store.processes import is_alive
from repype_like.typing import NamedTuple, Self

__all__ = ["Holder", "RunLock", "holders"]

_INTERVAL = 0.2
"""Seconds between two looks at a tree that another run holds."""

_LONGEST_GUARD = 10.0
"""Looking at the locks takes far less than this, in seconds."""

_WITHOUT_LOCKS = frozenset((errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP))

_held: set[int] = set()
"""The descriptors of the locks of this process."""


class Holder(NamedTuple):
    """A run that holds directories of a tree."""

    pid: int
    host: str
    since: float
    """Seconds since the epoch."""
    command: str
    subtrees: tuple[str, ...]
    """Relative to the topmost task."""

    def __str__(self) -> str:
        since = time.strftime("%H:%M", time.localtime(self.since))
        command = f" ({self.command})" if self.command else ""
        return f"pid {self.pid} on host {self.host} since {since} is running this tree{command}"


class RunLock:
    """Holds directories of a tree while it is entered as a context.

    Arguments:
        top: The directory of the topmost task.
        subtrees: The directories that are worked on, with all below them; absolute and without links, as `top` is.
        command: What the user typed, for others to see.
        wait: Whether to wait until they are free.
        on_wait: Told who is waited for, once for each.

    Raises:
        LockedError: If another run holds one of them, or one above or below; upon entering.
        NotWritableError: If nothing can be written at `top`; upon entering.
    """

    def __init__(self, top: Path, subtrees: Sequence[Path], command: str = "", wait: bool = False,
                 on_wait: Callable[[Holder], None] = lambda holder: None):
        self._layout = Layout(top)
        self._subtrees = tuple(sorted({_relative(str(path), str(top)) for path in subtrees}))
        self._command = command
        self._wait = wait
        self._on_wait = on_wait
        self._path: Path | None = None
        self._descriptor = -1
        self.problem = ""
        """What the user should know of, once it is held: that the file system has no locks."""

    def __enter__(self) -> Self:
        waited_for = None
        while True:
            with explained("lock", self._layout.lock):
                other = self._try()
            if other is None:
                return self
            if not self._wait:
                raise LockedError(f"{other}; wait for it, or use --wait")
            if other != waited_for:
                self._on_wait(other)
                waited_for = other
            time.sleep(_INTERVAL)

    def __exit__(self, *_: object) -> None:
        if self._path is not None and self._descriptor in _held:  # not in a forked child
            with contextlib.suppress(OSError), _guarded(self._layout):
                self._path.unlink(missing_ok=True)
                if not any(name.endswith(".json") for name in os.listdir(self._layout.lock)):
                    os.unlink(_guard(self._layout))
            _close(self._descriptor)
            for directory in (self._layout.lock, self._layout.directory):
                with contextlib.suppress(OSError):  # there is something in it
                    os.rmdir(directory)
        self._path, self._descriptor = None, -1

    def _try(self) -> Holder | None:
        """Take the lock; or return who has it."""
        with _guarded(self._layout):
            for other in _living(self._layout, tidy=True):
                if any(_overlap(mine, its) for mine in self._subtrees for its in other.subtrees):
                    return other
            self._path = Path(self._layout.lock, f"{os.getpid()}-{os.urandom(4).hex()}.json")
            self._descriptor = _open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            if not _lock(self._descriptor, fcntl.LOCK_EX):
                self.problem = (f"the file system of {self._layout.task} has no locks; should this run be ended by "
                                f"force, delete {self._path}")
            me = Holder(os.getpid(), os.uname().nodename, time.time(), self._command, self._subtrees)
            os.write(self._descriptor, json.dumps(me._asdict()).encode())
        return None


def holders(top: Path) -> list[Holder]:
    """Return the runs that are working on the tree below `top`; nothing is locked or changed."""
    with contextlib.suppress(OSError):
        return list(_living(Layout(top), tidy=False))
    return []


def _living(layout: Layout, tidy: bool) -> Iterator[Holder]:
    for path in sorted(Path(layout.lock).glob("*.json")):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            content = os.read(descriptor, 1 << 20)
            lives = _lives(descriptor, content)
            if lives:
                yield _holder(content)
            elif tidy:
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def _lives(descriptor: int, content: bytes) -> bool:
    try:
        # Shared, so that several who look do not take each other for the run
        return not _lock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB) and _process_lives(_holder(content))
    except BlockingIOError:
        return True


def _process_lives(holder: Holder) -> bool:
    return holder.host != os.uname().nodename or is_alive(holder.pid)


def _holder(content: bytes) -> Holder:
    try:
        found = json.loads(content)
        return Holder(found["pid"], found["host"], found["since"], found["command"], tuple(found["subtrees"]))
    except (ValueError, KeyError, TypeError):  # it has not said yet who it is
        return Holder(0, "?", time.time(), "", (".",))


def _guard(layout: Layout) -> Path:
    return Path(layout.lock, "guard")


@contextlib.contextmanager
def _guarded(layout: Layout) -> Iterator[None]:
    """Have nobody else look at the locks meanwhile."""
    path = _guard(layout)
    while True:
        try:
            os.makedirs(layout.lock, exist_ok=True)
            descriptor = _open(path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:  # the last run was just tidying up
            continue
        except FileExistsError:
            if any(os.path.lexists(found) and not os.path.isdir(found) for found in (layout.directory, layout.lock)):
                raise
            continue
        with contextlib.ExitStack() as held:
            held.callback(_close, descriptor)
            try:
                if not _lock(descriptor, fcntl.LOCK_EX):
                    held.enter_context(_guarded_by_existence(layout))
            except FileNotFoundError:  # again
                continue
            if _is_at(descriptor, path):
                yield
                return


@contextlib.contextmanager
def _guarded_by_existence(layout: Layout) -> Iterator[None]:
    """Do what a lock does on a file system without locks: only one process can create a file."""
    path = Path(layout.lock, "guard.taken")
    while True:
        try:
            path.touch(exist_ok=False)
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _LONGEST_GUARD:  # whoever created it was ended by force
                    path.unlink()
            time.sleep(_INTERVAL / 10)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _is_at(descriptor: int, path: Path) -> bool:
    """Tell whether the opened guard is still the one that others will open."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int, operation: int) -> bool:
    """Lock an open file, and tell whether its file system has locks.

    Raises:
        BlockingIOError: If another process has locked it, and `operation` does not wait.
    """
    try:
        fcntl.flock(descriptor, operation)
    except OSError as error:
        if error.errno in _WITHOUT_LOCKS:
            return False
        raise
    return True


def _open(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    _held.add(descriptor)
    return descriptor


def _close(descriptor: int) -> None:
    _held.discard(descriptor)
    os.close(descriptor)


def _give_back_after_fork() -> None:
    """Close what a forked child has inherited; the parent keeps its locks."""
    for descriptor in list(_held):
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_give_back_after_fork)


def _relative(path: str, top: str) -> str:
    """Return a path relative to `top`; as it is if it does not lie below that."""
    return "." if path == top else path.removeprefix(os.path.join(top, ""))


def _overlap(one: str, other: str) -> bool:
    """Tell whether one of two paths is the other one or above it."""
    return _covers(one, other) or _covers(other, one)


def _covers(upper: str, lower: str) -> bool:
    return upper == lower or lower.startswith(f"{upper}/") or (upper == "." and not lower.startswith("/"))
