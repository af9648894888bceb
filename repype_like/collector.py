"""The garbage collector, paused, or spared what it need not look at."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused", "collector_relieved", "collector_resumed"]


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
    try:
        yield
    finally:
        gc.unfreeze()
