"""What a stage reports through, and what becomes of it.

A stage gets a :class:`Status` and uses the functions of this module, which do nothing where the status is None::

    for item in repype_like.status.progress(status, items):
        ...
    repype_like.status.update(status, "half way")

What happens in a run is written to an :class:`EventLog`, and folded into a :class:`RunState`.
"""

from __future__ import annotations

from repype_like.status.fold import Outcome, RunningStage, RunState, TaskState
from repype_like.status.log import RUNS_DIRECTORY, STORE_DIRECTORY, EventLog, read, run_logs
from repype_like.status.status import Status, create, derive, progress, update

__all__ = ["RUNS_DIRECTORY", "STORE_DIRECTORY", "EventLog", "Outcome", "RunState", "RunningStage", "Status",
           "TaskState", "create", "derive", "progress", "read", "run_logs", "update"]
