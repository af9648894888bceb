"""How a failure of the user's code is put into words."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

__all__ = ["describe", "user_traceback"]

_PACKAGE = str(Path(__file__).parents[1])


def describe(error: BaseException) -> str:
    """Return one line that says what went wrong."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def user_traceback(error: BaseException) -> str:
    """Return the traceback of `error`, from the first frame that is the user's own."""
    frame = error.__traceback__
    while frame is not None and _is_ours(frame):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame))


def _is_ours(frame: TracebackType) -> bool:
    return frame.tb_frame.f_code.co_filename.startswith(_PACKAGE)
