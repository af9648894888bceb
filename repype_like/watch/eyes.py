"""Sees that something happens to files: told by the operating system where it can, by sweeping where it cannot.

The system is asked through watchdog. Now and then a sweep is made all the same, since a queue may have overflowed.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from repype_like.typing import TYPE_CHECKING, Any
from repype_like.watch.changes import is_noise
from repype_like.watch.filesystems import network_filesystem
from repype_like.watch.sweep import Sweep

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

__all__ = ["Eyes"]

_MOST_FOLDERS = 64
"""How many directories outside of the tree are watched; what is in others is found by sweeping."""

_POLLING = 0.5
_SELDOM = 5.0
"""Seconds between two sweeps, with polling and without."""

_PATIENCE = 5.0
"""Seconds that the threads of watchdog get to end."""

_COST = 20
"""A sweep takes at most one part in so many of the time."""

Told = Callable[[str, bool], None]
"""Told a path, and whether it is a directory; from any thread."""


class Eyes:
    """Watches a tree, and some directories outside of it.

    Arguments:
        tell: Told where something happened; from a thread of its own.
        poll: Whether to find everything out by sweeping.
    """

    def __init__(self, tell: Told, *, poll: bool = False):
        self._tell = tell
        self._observer: Any = None
        self._watched: dict[str, Any] = {}
        self._failed = threading.Event()
        self._sweep = Sweep()
        self._tree = Path()
        self._folders: frozenset[str] = frozenset()
        self._files: Collection[str] = ()
        self._next = 0.0
        self.polling = "as was asked for" if poll else ""
        """Why everything is found out by sweeping; empty if the operating system tells."""
        logging.getLogger("watchdog").addHandler(_Alarm(self._failed))
        logging.getLogger("watchdog").propagate = False  # it would write into what is shown

    def open(self, tree: Path) -> None:
        """Watch the tree at `tree`, which was not there before, or is another one now."""
        self.close()
        self._tree, self._folders, self._next = tree, frozenset(), 0.0
        self._sweep.forget()
        if not self.polling and (kind := network_filesystem(tree)):
            self.polling = f"the file system ({kind}) does not tell what happens on other machines"
        self._sweep.changes(tree, (), ())  # what happens from now on is news
        if not self.polling:
            self._try(self._start)

    def aim(self, folders: Iterable[str], files: Collection[str]) -> None:
        """Watch these directories, too, and these files wherever they are."""
        self._folders = frozenset(folder for folder in folders if not _is_within(folder, str(self._tree)))
        self._files = files
        if not self.polling:
            self._try(self._follow)

    @property
    def due(self) -> float:
        """When :meth:`sweep` is to be called next, by the monotonic clock."""
        return 0.0 if self._failed.is_set() else self._next

    def sweep(self) -> tuple[list[str], list[str]]:
        """Return the paths at which something has happened, and those at which it may have, as far as one can see."""
        self._failed.clear()
        found = self._sweep.changes(self._tree, self._folders, self._files)
        least = _POLLING if self.polling else _SELDOM
        self._next = time.monotonic() + max(least, _COST * self._sweep.seconds)
        return found

    def close(self) -> None:
        """Watch nothing any more."""
        observer, self._observer = self._observer, None
        self._watched = {}
        if observer is not None:
            observer.stop()
            if observer.is_alive():
                observer.join(_PATIENCE)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as error:
            if not self._tree.is_dir():
                return  # it vanishes at this moment, which is noticed elsewhere
            self.close()
            self._next = 0.0
            exhausted = error.errno in (errno.ENOSPC, errno.EMFILE, errno.ENFILE)
            self.polling = ("the system has no more inotify watches; to have more: sysctl fs.inotify.max_user_watches"
                            if exhausted else f"the system does not tell: {error}")

    def _start(self) -> None:
        from watchdog.observers import Observer

        # It overtakes itself where directories come and go quickly, which does no harm
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")
        self._observer = Observer()
        self._observer.start()
        self._watch(str(self._tree), recursive=True)
        self._probe()

    def _follow(self) -> None:
        wanted = set(sorted(self._folders)[:_MOST_FOLDERS])
        for folder in self._watched.keys() - wanted - {str(self._tree)}:
            with contextlib.suppress(KeyError, OSError):
                self._observer.unschedule(self._watched.pop(folder))
        for folder in sorted(wanted - self._watched.keys()):
            if Path(folder).is_dir():
                self._watch(folder, recursive=False)
        self._probe()

    def _watch(self, folder: str, *, recursive: bool) -> None:
        from watchdog.events import FileSystemEventHandler

        handler = FileSystemEventHandler()
        handler.on_any_event = self._seen  # type: ignore[method-assign]  # one of many, all of which come here
        self._watched[folder] = self._observer.schedule(handler, folder, recursive=recursive)

    def _probe(self) -> None:
        """See whether another directory could be watched: that some of a tree could not be is kept from us.

        Raises:
            OSError: If it could not.
        """
        with tempfile.TemporaryDirectory(prefix="repype-") as folder:
            self._watch(folder, recursive=False)
            self._observer.unschedule(self._watched.pop(folder))

    def _seen(self, event: FileSystemEvent) -> None:
        if event.event_type in ("opened", "closed_no_write") or (event.is_directory and event.event_type == "modified"):
            return
        for path in (event.src_path, getattr(event, "dest_path", "")):  # which only moves have in older versions
            if path:
                self._tell(os.fsdecode(path), event.is_directory)


class _Alarm(logging.Handler):
    """Whatever watchdog warns of, events may have been lost."""

    def __init__(self, failed: threading.Event):
        super().__init__(logging.WARNING)
        self._failed = failed

    def emit(self, record: logging.LogRecord) -> None:
        self._failed.set()


def _is_within(path: str, folder: str) -> bool:
    """Tell whether all that happens in a directory is seen because the one around it is watched."""
    return path == folder or (path.startswith(f"{folder}{os.sep}") and not is_noise(path[len(folder):]))
