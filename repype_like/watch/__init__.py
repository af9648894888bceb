"""Watches a tree of tasks, and keeps it up to date while it is edited.

    eyes see that something happened somewhere
    what happened is left to settle, and compared by content with what the last look has found
    a helper, an interpreter of its own, looks at the tree and plans
    what has changed while it runs is dropped there; what is to be done is run by the helper that has planned it
    what is shown is a state, folded from what the helpers say

This process imports no module of the user's: code that changes is loaded by a fresh helper.
"""

from __future__ import annotations

from repype_like.watch.face import Face
from repype_like.watch.held import Held, affected, still_held, without
from repype_like.watch.helper import Crew
from repype_like.watch.messages import (
    Answer,
    Drop,
    Ended,
    Happened,
    Kill,
    Look,
    Looked,
    Order,
    Refused,
    Released,
    Report,
    Run,
    TaskSeen,
)
from repype_like.watch.news import Changed, CycleEnded, LastFailure, News, Notice, Ran, RunBegan, TreeSeen
from repype_like.watch.options import Options
from repype_like.watch.state import LiveRun, TaskLook, WatchState
from repype_like.watch.watcher import Watcher

__all__ = ["Answer", "Changed", "Crew", "CycleEnded", "Drop", "Ended", "Face", "Happened", "Held", "Kill",
           "LastFailure", "LiveRun", "Look", "Looked", "News", "Notice", "Options", "Order", "Ran", "Refused",
           "Released", "Report", "Run", "RunBegan", "TaskLook", "TaskSeen", "TreeSeen", "WatchState", "Watcher",
           "affected", "still_held", "without"]
