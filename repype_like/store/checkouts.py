"""Where files go that are given out of a store: each time to a folder of their own, for as long as they are needed."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

__all__ = ["CheckoutFolder", "new_checkout"]

_open: list[CheckoutFolder] = []
"""The folders that are used at present, the innermost last."""


class CheckoutFolder:
    """Have files be given out below `folder` meanwhile; a context manager, which deletes the folder.

    Nothing is made as long as no file is asked for.
    """

    __slots__ = ("_parent", "path", "used")

    def __init__(self, parent: str):
        self._parent = parent
        self.used = False

    path: Path
    """The folder, once it is used."""

    def __enter__(self) -> CheckoutFolder:
        _open.append(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        _open.remove(self)
        if self.used:
            shutil.rmtree(self.path, ignore_errors=True)
            with contextlib.suppress(OSError):  # others are at work in there
                os.rmdir(self._parent)

    def make(self) -> Path:
        """Return the folder, which is there now."""
        if not self.used:
            self.used = True
            self.path = Path(self._parent) / f"{os.getpid()}-{os.urandom(4).hex()}"
            while not self.path.is_dir():
                with contextlib.suppress(FileNotFoundError):  # somebody else was done, and has deleted the parent
                    self.path.mkdir(parents=True)
        return self.path


@contextlib.contextmanager
def new_checkout() -> Iterator[Path]:
    """Give an empty folder for what is given out; it is deleted at once if that fails.

    Outside of any :class:`CheckoutFolder` it is among the temporary files, until the process ends.
    """
    folder = (_open[-1].make() if _open else _temporary()) / os.urandom(4).hex()
    folder.mkdir()
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


_temporary_folders: dict[int, Path] = {}


def _temporary() -> Path:
    """Return the folder of this process, and not of the one that it was forked from."""
    import tempfile  # with random numbers and their hashes, and rarely needed

    process = os.getpid()
    if process not in _temporary_folders:
        _temporary_folders[process] = Path(tempfile.mkdtemp(prefix="repype-"))
        atexit.register(_delete, process)
    return _temporary_folders[process]


def _delete(process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(_temporary_folders.pop(process), ignore_errors=True)
