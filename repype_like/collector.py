"""The garbage collector, paused, or spared what it need not look at."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused", "collector_relieved", "collector_resumed", "last_collection_skipped"]


class _Relief:
    """What is wanted of the collector at the moment."""

    depth = 0
    """How often it is relieved: its state is that of the process, and knows no nesting."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector while much is made that stays.

    It would look through all of it again and again, be it modules, tasks or the syntax trees of code. For ten thousand
    tasks that takes longer than making them does.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            if not _Relief.depth:
                gc.unfreeze()  # both together have it count as old without being looked through
            gc.enable()


@contextmanager
def collector_resumed() -> Iterator[None]:
    """Have the garbage collector work again meanwhile."""
    enabled = gc.isenabled()
    gc.enable()
    try:
        yield
    finally:
        if not enabled:
            gc.disable()


@contextmanager
def collector_relieved() -> Iterator[None]:
    """Have the garbage collector pass over all that is there already, which stays."""
    gc.freeze()
    _Relief.depth += 1
    try:
        yield
    finally:
        _Relief.depth -= 1
        if not _Relief.depth:
            gc.unfreeze()


def last_collection_skipped() -> None:
    """Have the interpreter end without looking through all that is there, and freeing it piece by piece.

    All else that happens at the end does. But a file that is left open in a reference cycle, or in a module, may not be
    flushed; so this is not for a process in which stages run.
    """
    atexit.register(gc.freeze)
