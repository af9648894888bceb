"""A directory with a ``task.yml``: what it specifies, what was computed for it, and how it is run."""

from __future__ import annotations

from repype_like.spec import decode_input_ids
from repype_like.task.data import InputData, TaskData
from repype_like.task.errors import NotCompletedError, NotRunnableError, UserCodeError
from repype_like.task.naming import load_from_module
from repype_like.task.task import PendingReason, Task

__all__ = ["InputData", "NotCompletedError", "NotRunnableError", "PendingReason", "Task", "TaskData", "UserCodeError",
           "decode_input_ids", "load_from_module"]
