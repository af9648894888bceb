"""Results that are true in one place only, since their values contain the path of it."""

from __future__ import annotations

from collections.abc import Sequence

from repype_like.plan.view import TaskView
from repype_like.store import Record

__all__ = ["PLACE", "is_at_home", "is_place_of"]

PLACE = "place"
"""What the note of a record says such a place under: ``task`` or ``tree``, and the directory."""


def is_at_home(view: TaskView, record: Record) -> bool:
    """Tell whether a record is true in a task, as far as paths in its values go."""
    place = record.note.get(PLACE)
    return place is None or is_place_of(view, place)


def is_place_of(view: TaskView, place: Sequence[str]) -> bool:
    """Tell whether a place that values mention is that of a task."""
    kind, directory = place
    return directory == str(view.path if kind == "task" else view.tree)
