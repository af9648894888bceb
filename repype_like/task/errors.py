"""What can be wrong with the use of a task."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repype_like.errors import RepypeError, UsageError, text_of

__all__ = ["NotCompletedError", "NotRunnableError", "UserCodeError", "blaming"]

_PACKAGE = str(Path(__file__).parents[1])


class NotRunnableError(UsageError):
    """The task is a template: its specification does not say ``runnable: true``."""


class NotCompletedError(RepypeError, AssertionError):
    """The task has no results, or results for other inputs or fields than it is asked for."""


class UserCodeError(RepypeError):
    """A method of the user's own raised an exception, which is the cause of this one."""

    exit_code = 2


@contextmanager
def blaming(what: str) -> Iterator[None]:
    """Turn what the user's code raises meanwhile into a :class:`UserCodeError`.

    Arguments:
        what: What is being done, such as ``"create_pipeline"``.
    """
    try:
        yield
    except RepypeError:
        raise
    except Exception as error:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_PACKAGE)]
        place = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
        raise UserCodeError(f"{what} failed: {type(error).__name__}: {text_of(error)}{place}") from error
