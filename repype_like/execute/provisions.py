"""What a stage finds while it computes, if it asks for it: seeded random generators, and a folder to work in."""

from __future__ import annotations

import contextlib
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from repype_like.stage import Stage

__all__ = ["provided"]

_SEEDS = 1 << 32
"""How many seeds numpy takes."""


@contextlib.contextmanager
def provided(stage: Stage, key: str, folder: Path) -> Iterator[None]:
    """Provide for one execution of a stage.

    Arguments:
        stage: The stage.
        key: The pre-key of what it computes: equal computations get equal seeds.
        folder: Where it may work. What it leaves there when it fails or is killed is there the next time.
    """
    with _seeded(int(key, 16) % _SEEDS) if stage.seeded else contextlib.nullcontext():
        stage.work_folder = folder
        try:
            yield
        finally:
            stage.work_folder = None
    if folder.is_dir():
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
