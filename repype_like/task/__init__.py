"""A directory with a ``task.yml``: what it specifies, what was computed for it, and how it is run."""

from __future__ import annotations

from repype_like.spec import decode_input_ids
from repype_like.task.data import InputData, TaskData
from repype_like.task.task import NotCompletedError, NotRunnableError, PendingReason, Task, load_from_module

__all__ = ["InputData", "NotCompletedError", "NotRunnableError", "PendingReason", "Task", "TaskData", "decode_input_ids",
           "load_from_module"]
