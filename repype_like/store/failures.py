"""What the file system refuses to do, in words for the user."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from types import TracebackType

from repype_like.errors import RepypeError

__all__ = ["DiskFullError", "NotWritableError", "StorageError", "explained"]

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_FORBIDDEN = frozenset((errno.EROFS, errno.EACCES, errno.EPERM))


class StorageError(RepypeError):
    """The file system does not do what it is asked to. What was stored before is unharmed."""


class DiskFullError(StorageError):
    """There is no space left for results. No other result fares better, so a run had better stop."""


class NotWritableError(StorageError):
    """Results cannot be written where they belong."""

    exit_code = 2


class explained:  # noqa: N801  used as a function is
    """Turn an :class:`OSError` into a :class:`StorageError` that says what could not be done, and where.

    A context manager, entered several times for every task.

    Arguments:
        doing: ``write``, ``read`` and the like.
        path: What it is done to.
    """

    __slots__ = ("_doing", "_path")

    def __init__(self, doing: str, path: Path | str):
        self._doing = doing
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        if isinstance(error, OSError):
            raise _explanation(self._doing, Path(self._path), error) from error


def _explanation(doing: str, path: Path, error: OSError) -> StorageError:
    why = error.strerror or str(error)
    if error.errno in _FULL:
        return DiskFullError(f"cannot {doing} {path}: {why} ({_free(path)}); make room and run again; what was "
                             "finished is kept")
    if error.errno in _FORBIDDEN:
        return NotWritableError(f"cannot {doing} {path}: {why}; results must be writable to be computed")
    return StorageError(f"cannot {doing} {path}: {why}")


def _free(path: Path) -> str:
    for parent in path.parents:
        with contextlib.suppress(OSError):
            status = os.statvfs(parent)
            return f"{shutil.disk_usage(parent).free / 1e6:.1f} MB and {status.f_favail} files free there"
    return "the disk is full"
