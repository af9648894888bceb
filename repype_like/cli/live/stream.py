"""The stream of what is new, for programs: lines of JSON on stdout."""

from __future__ import annotations

import json
from collections.abc import Sequence

from repype_like import events
from repype_like.cli.rows import Row
from repype_like.typing import Any, TextIO
from repype_like.watch import (
    Changed,
    CycleEnded,
    LastFailure,
    News,
    Notice,
    Ran,
    Report,
    RunBegan,
    TaskSeen,
    TreeSeen,
    WatchState,
)

__all__ = ["JsonFace", "row_of"]


class JsonFace:
    """Writes what is new, as it comes."""

    keys = None

    def __init__(self, stream: TextIO):
        self._stream = stream

    def pressed(self) -> Sequence[str]:
        """Return nothing: there are no keys."""
        return ()

    def show(self, state: WatchState) -> None:
        """Do nothing: everything was told."""

    def tell(self, news: News) -> None:
        """Write an item.

        Raises:
            BrokenPipeError: If nobody reads any more.
        """
        if isinstance(news, Ran):
            self._write(json.loads(events.to_json(news.event)))
        elif isinstance(news, TreeSeen):
            rows = [row_of(task, news.report).as_plain() for task in news.report.tasks]
            self._write({"event": "Status", "tasks": rows, "problems": list(news.report.problems)})
        elif isinstance(news, Changed):
            self._write({"event": "Changed", "paths": list(news.paths)})
        elif isinstance(news, RunBegan):
            self._write({"event": "RunBegan", "tasks": list(news.tasks), "again": list(news.again)})
        elif isinstance(news, CycleEnded):
            self._write({"event": "CycleEnded", "good": news.good, "seconds": news.seconds, "computed": news.computed,
                         "failed": news.failed})
        elif isinstance(news, Notice):
            self._write({"event": "Notice", "text": news.text, "error": news.is_error})
        else:
            assert isinstance(news, LastFailure), "it is asked for by a key"

    def _write(self, content: dict[str, Any]) -> None:
        self._stream.write(json.dumps({"schema": 1, **content}) + "\n")
        self._stream.flush()


def row_of(task: TaskSeen, report: Report) -> Row:
    """Return what ``status`` says of a task."""
    return Row(task.name, task.runnable, task.plan, task.error, report.root)
