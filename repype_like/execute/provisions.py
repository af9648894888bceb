"""What a stage finds while it computes, if it asks for it: seeded random generators, and a folder to work in."""

from __future__ import annotations

import contextlib
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from repype_like.execute.workplace import Workplace
from repype_like.stage import Stage

__all__ = ["Provisions"]

_SEEDS = 1 << 32
"""How many seeds numpy takes."""


class Provisions:
    """Provides for one execution of a stage; a context manager. What no stage asks for costs nothing.

    Arguments:
        stage: The stage.
        key: The pre-key of what it computes: equal computations get equal seeds.
        place: The task. In its store, the stage has a folder to work in; what it leaves there when it fails or is
            killed is there the next time.
    """

    def __init__(self, stage: Stage, key: str, place: Workplace):
        self._stage = stage
        self._key = key
        self._place = place
        self._has_folder = place.has_work
        """Whether there may be a folder."""
        self._seeded = _seeded(int(key, 16) % _SEEDS) if stage.seeded else None

    def __enter__(self) -> None:
        if self._seeded is not None:
            self._seeded.__enter__()
        self._stage.work_folder = self._folder

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._stage.work_folder = None
        if self._seeded is not None:
            self._seeded.__exit__(kind, error, traceback)

    @property
    def folder(self) -> Path | None:
        """The folder that the stage has worked in, if it may have."""
        return self._place.view.store.work_folder(self._key) if self._has_folder else None

    def _folder(self) -> Path:
        self._has_folder = True
        folder = self._place.view.store.work_folder(self._key)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear(self) -> None:
        """Delete the folder: what the stage has computed is in the store."""
        if not self._has_folder:
            return
        folder = self._place.view.store.work_folder(self._key)
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # others are at work in there
            folder.parent.rmdir()


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the generators of Python and numpy, and put them back."""
    if "numpy" not in sys.modules:
        with contextlib.suppress(ImportError):
            import numpy  # noqa: F401  the stage may import it only when it computes
    numpy_random = getattr(sys.modules.get("numpy"), "random", None)
    before, numpy_before = random.getstate(), numpy_random.get_state() if numpy_random is not None else None
    random.seed(seed)
    if numpy_random is not None:
        numpy_random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
        if numpy_random is not None:
            numpy_random.set_state(numpy_before)
