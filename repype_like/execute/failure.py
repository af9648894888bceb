"""How a failure of the user's code is put into words."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Collection
from pathlib import Path
from types import TracebackType

from repype_like.errors import did_you_mean, text_of
from repype_like.execute.tracking import Tracker

__all__ = ["describe", "note_scopes", "user_traceback"]

_PACKAGE = str(Path(__file__).parents[1])


def describe(error: BaseException) -> str:
    """Return one line that says what went wrong."""
    text = text_of(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def user_traceback(error: BaseException) -> str:
    """Return the traceback of `error`, from the first frame that is the user's own, with the notes on it."""
    frame = error.__traceback__
    while frame is not None and _is_ours(frame):
        frame = frame.tb_next
    lines = traceback.format_exception(type(error), error, frame)
    if sys.version_info < (3, 11):
        lines += [f"{note}\n" for note in getattr(error, "__notes__", ())]
    return "".join(lines)


def note_scopes(error: BaseException, tracker: Tracker, scopes: Collection[str]) -> None:
    """Note on the error of a stage what is likely to be the reason: which paths it had asked for in vain.

    Arguments:
        error: What the stage raised.
        tracker: What the stage has met.
        scopes: The scopes that the task has.
    """
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, str):
        scope = tracker.scope_of(error.filename)
        if scope is not None:
            _add_note(error, f'The path is that of the scope "{scope}". ' + (
                "There is no folder for it: path.parent.mkdir(parents=True, exist_ok=True) makes one."
                if tracker.is_written(error.filename) else
                "In the task.yml, paths are relative to the directory of the task that runs; {ROOTDIR} is that of the "
                "topmost task."))
    for scope in dict.fromkeys(tracker.unresolved):
        if f'"{scope}"' in text_of(error):  # it says so itself
            continue
        if scope in scopes:
            why = "the path is different for each input; pass the input_id as well"
        else:
            known = f"its scopes are {', '.join(scopes)}" if scopes else "it has none"
            why = f"the task has no such scope; {did_you_mean(scope, scopes) or known}"
        _add_note(error, f'pipeline.resolve("{scope}") had returned None: {why}')


def _add_note(error: BaseException, note: str) -> None:
    if sys.version_info >= (3, 11):
        error.add_note(note)
    else:
        error.__notes__ = [*getattr(error, "__notes__", ()), note]


def _is_ours(frame: TracebackType) -> bool:
    return frame.tb_frame.f_code.co_filename.startswith(_PACKAGE)
