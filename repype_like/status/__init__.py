"""What a stage reports through, and what becomes of it.

A stage gets a :class:`Status` and uses the functions of this module, which do nothing where the status is None::

    for item in repype_like.status.progress(status, items):
        ...
    repype_like.status.update(status, "half way")

What happens in a run is written to an :class:`EventLog`, and folded into a :class:`RunState`. These are loaded when
they are first asked for, since a stage does not need them.
"""

from __future__ import annotations

from repype_like.status.status import Status, create, derive, progress, update

TYPE_CHECKING = False  # that of typing costs an import
if TYPE_CHECKING:
    from repype_like.status.fold import Outcome, RunningStage, RunState, TaskState
    from repype_like.status.log import RUNS_DIRECTORY, STORE_DIRECTORY, EventLog, read, run_logs

__all__ = ["RUNS_DIRECTORY", "STORE_DIRECTORY", "EventLog", "Outcome", "RunState", "RunningStage", "Status",
           "TaskState", "create", "derive", "progress", "read", "run_logs", "update"]

_OF_THE_STATE = ("Outcome", "RunState", "RunningStage", "TaskState")


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _OF_THE_STATE:
        from repype_like.status import fold

        return getattr(fold, name)
    from repype_like.status import log

    return getattr(log, name)
