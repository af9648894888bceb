"""What becomes of files in one execution of a stage."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from repype_like.execute.asides import Asides
from repype_like.execute.failure import note_scopes
from repype_like.execute.messages import Message, Missed
from repype_like.execute.tracking import Tracker
from repype_like.execute.workplace import Workplace
from repype_like.plan import Node
from repype_like.store.unfinished import Execution
from repype_like.typing import Self

__all__ = ["FileAccount"]


class FileAccount:
    """Keeps account of the files of one execution; a context manager. If it fails, they are what they were before.

    The files of an earlier result are put out of the way meanwhile.

    Arguments:
        place: The task.
        node: What is executed.
        emit: Told the paths that the stage asks for and at which there is nothing.
    """

    started: float
    """When the execution began, in seconds since the epoch."""

    def __init__(self, place: Workplace, node: Node, emit: Callable[[Message], None]):
        self.tracker = Tracker(place.pipeline, place.roots, place.tree, self._miss)
        """Takes down the files that the stage meets."""
        self._place = place
        self._node = node
        self._emit = emit
        self._asides: Asides | None = None
        self._has_missed = False

    def __enter__(self) -> Self:
        self.started = time.time()
        if self._place.earlier_outputs:
            self._asides = Asides(self._place, self._node.stage, self._node.input_id)
            self._asides.move()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        if error is not None:
            asides = self._asides or Asides(self._place, self._node.stage, self._node.input_id)
            asides.put_back(self.tracker.made())
            if self._has_missed:
                self._place.view.store.note_undone(self._execution)
            note_scopes(error, self.tracker, self._place.pipeline.scopes)

    @property
    def _execution(self) -> Execution:
        return self._node.stage, self._node.input_id, self.started

    def _miss(self, path: Path) -> None:
        self._place.view.store.note_missing(self._execution, path)
        self._has_missed = True
        self._emit(Missed(str(path)))
