"""Where records are found: in the task itself first, then above it, then anywhere in the tree."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from repype_like.errors import DamagedError
from repype_like.plan.view import TaskView
from repype_like.store import Digest, Record, StorageError
from repype_like.typing import Any, InputID

__all__ = ["Catalogue"]


class Catalogue:
    """The records and digests of a tree, read when they are asked for, each once.

    Arguments:
        neighbours: Gives the tasks that may be picked up from; called at the first need, since making views of tasks
            that are not selected costs time.
    """

    def __init__(self, neighbours: Callable[[], Sequence[TaskView]]):
        self._neighbours = neighbours
        self._elsewhere: dict[str, dict[Path, TaskView]] | None = None
        self._others: list[TaskView] = []
        self._held_nowhere: set[tuple[str, str, str, frozenset[str]]] = set()
        self._digests: dict[TaskView, Digest | None] = {}
        self._completed: dict[TaskView, dict[tuple[str, InputID], str]] = {}
        self._damage: dict[TaskView, str] = {}
        self.planned: dict[TaskView, Any] = {}
        """What planning has found out so far: by task, what happens to it."""

    def digest(self, view: TaskView) -> Digest | None:
        """Return the digest of a task, or None if it was never completed or the digest is damaged."""
        if view not in self._digests:
            try:
                self._digests[view] = view.store.digest
                self._damage[view] = ""
            except DamagedError as error:
                self._digests[view] = None
                self._damage[view] = str(error)
        return self._digests[view]

    def damage(self, view: TaskView) -> str:
        """Return what is wrong with the digest of a task, or an empty text."""
        self.digest(view)
        return self._damage[view]

    def completed_record(self, view: TaskView, stage: str, input_id: InputID) -> Record | None:
        """Return the record that the last completion of the task had for a stage and input; None if it is not there."""
        record_id = self._completion(view).get((stage, input_id))
        return None if record_id is None else view.store.records.by_id(record_id)

    def names_record(self, view: TaskView, stage: str, input_id: InputID) -> bool:
        """Tell whether the last completion of the task had a record for a stage and input."""
        return (stage, input_id) in self._completion(view)

    def _completion(self, view: TaskView) -> dict[tuple[str, InputID], str]:
        found = self._completed.get(view)
        if found is None:
            digest = self.digest(view)
            found = self._completed[view] = {} if digest is None else {
                (name, key): record for name, pairs in digest.records.items() for key, record in pairs}
        return found

    def candidates(self, view: TaskView, pre_key: str, pick_up: bool) -> Iterable[tuple[TaskView, Record]]:
        """Return the records with this pre-key, and the tasks that have them, the nearest first."""
        own = [(view, record) for record in view.store.records.by_pre_key(pre_key)]
        if not pick_up or not (own or pre_key in self._index()):
            return own
        return itertools.chain(own, self._of_others(view, pre_key))  # they are looked at only if these do not do

    def _of_others(self, view: TaskView, pre_key: str) -> Iterator[tuple[TaskView, Record]]:
        others = self._index().get(pre_key)
        if others:
            near = [others[path] for path in view.ancestors if path in others]
            # Mostly the first one is taken. There may be thousands, for each of thousands of tasks: no sorting here.
            for other in itertools.chain(near, (other for other in others.values() if other not in near)):
                if other is not view:
                    for record in other.store.records.by_pre_key(pre_key):
                        yield other, record

    def holder(self, view: TaskView, pre_key: str, record: Record, fields: frozenset[str],
               pick_up: bool) -> tuple[TaskView, Record] | None:
        """Return the nearest task that holds the values of `fields` of a record, and its own record of them."""
        question = (pre_key, record.id, record.name, fields)
        missing = question in self._held_nowhere
        for other, twin in self.candidates(view, pre_key, pick_up and not missing):
            if (twin.id, twin.name) == (record.id, record.name) and other.store.holds(twin, fields):
                return other, twin
        if pick_up:
            self._held_nowhere.add(question)  # which tasks may have them does not depend on who asks
        return None

    def neighbours_read(self) -> Sequence[TaskView]:
        """Return the other tasks, if any of them had to be looked at."""
        return self._others

    def _index(self) -> dict[str, dict[Path, TaskView]]:
        """Return the other tasks by pre-key and path, sorted by path."""
        if self._elsewhere is None:
            self._elsewhere = {}
            for view in sorted(self._neighbours(), key=lambda view: view.path.parts):
                with contextlib.suppress(StorageError):  # what cannot be read of another task cannot be picked up
                    for pre_key in view.store.records.pre_keys():
                        self._elsewhere.setdefault(pre_key, {})[view.path] = view
                    self._others.append(view)
        return self._elsewhere
