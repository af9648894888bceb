"""What failed in the last run of a task, so that its status can say so; nothing is decided by it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from typing import NamedTuple

from repype_like.store.atomic import read_file, replace_file
from repype_like.store.layout import Layout
from repype_like.typing import InputID

__all__ = ["Failed", "read_failed", "write_failed"]


class Failed(NamedTuple):
    """A stage failed for an input."""

    stage: str
    """Empty if it was the task as a whole."""
    input_id: InputID
    key: str
    """The pre-key of the result that it was to make: with another one, it is another matter."""
    error: str
    """One line."""


def read_failed(layout: Layout) -> list[Failed]:
    """Return what failed; nothing if that cannot be read."""
    try:
        return [Failed(*item) for item in json.loads(read_file(layout.failed) or b"[]")]
    except (OSError, ValueError, TypeError):
        return []


def write_failed(layout: Layout, failed: Sequence[Failed]) -> None:
    """Take down what failed, in place of what did before. Where that cannot be written, it is not."""
    with contextlib.suppress(OSError):
        if failed:
            os.makedirs(layout.directory, exist_ok=True)
            replace_file(layout, layout.failed, json.dumps(failed).encode("ascii"))
        else:
            os.unlink(layout.failed)
