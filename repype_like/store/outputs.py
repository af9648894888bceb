"""Files that stages made: put out of the way when they are superseded, and back in place when they are wanted again."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.hashing import hash_file
from repype_like.store.atomic import new_file
from repype_like.store.layout import Layout

__all__ = ["copy_content", "has_output", "restore_output", "stash_output"]

_STEP = 1 << 24
_CANNOT_CLONE = frozenset((errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM, errno.EBADF))


def has_output(layout: Layout, content: str) -> bool:
    """Tell whether an output file with this content is kept, as it was."""
    with contextlib.suppress(OSError):
        return hash_file(layout.output(content)) == content
    return False


def stash_output(layout: Layout, path: Path, content: str) -> bool:
    """Move the file at `path` into the store if it is a regular file with this content.

    Returns:
        Whether it was, and is now out of the way.
    """
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or hash_file(path) != content:
            return False
    except OSError:
        return False
    os.makedirs(layout.blobs, exist_ok=True)
    target = Path(layout.output(content))
    try:
        if status.st_nlink > 1:  # somebody else may write into it by another name
            raise OSError(errno.EXDEV, "shared")
        path.replace(target)
        target.chmod(0o444)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        os.makedirs(layout.aside, exist_ok=True)
        with new_file(layout) as aside:
            copy_content(path, aside)
            aside.chmod(0o444)
            aside.replace(target)
        path.unlink()
    return True


def restore_output(layout: Layout, content: str, target: Path, mode: int, source: Path | None = None) -> None:
    """Put a file at `target`, where the old file or the new one is at any moment.

    Arguments:
        layout: The store.
        content: The hash of its content.
        target: Where it belongs.
        mode: Its permissions.
        source: What to copy; by default, what was kept in the store.

    Raises:
        DamagedError: If there is no such content.
    """
    origin = source if source is not None else Path(layout.output(content))
    for folder in (target.parent, layout.aside):
        os.makedirs(folder, exist_ok=True)
    with new_file(layout) as aside:
        _copy_of(origin, aside, content, mode)
        try:
            aside.replace(target)
            return
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
    # The store is on another file system
    beside = target.parent / f".repype-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        _copy_of(origin, beside, content, mode)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _copy_of(origin: Path, copy: Path, content: str, mode: int) -> None:
    try:
        copy_content(origin, copy)
    except FileNotFoundError as error:
        raise DamagedError(f"{error.filename}: is gone") from None
    if hash_file(copy) != content:
        raise DamagedError(f"{origin}: its content is not what was written")
    copy.chmod(mode)


def copy_content(source: Path, target: Path) -> None:
    """Copy the content of a file to a new one; file systems that can will share it until one of them changes.

    Raises:
        DamagedError: If there is something else than a regular file.
        OSError: If it cannot be read, or the new one not be written.
    """
    reading = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(reading).st_mode):
            raise DamagedError(f"{source}: is not a regular file")
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if not _cloned(reading, writing):
                while chunk := os.read(reading, _STEP):
                    view = memoryview(chunk)
                    while view:
                        view = view[os.write(writing, view):]
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _cloned(reading: int, writing: int) -> bool:
    """Have the kernel copy, and tell whether it did; if it stops half-way, go on from there by hand."""
    if not hasattr(os, "copy_file_range"):
        return False
    try:
        while os.copy_file_range(reading, writing, 1 << 30):
            pass
    except OSError as error:
        if error.errno not in _CANNOT_CLONE:
            raise
        return False
    return True
