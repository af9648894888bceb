"""What a worker tells the coordinator."""

from __future__ import annotations

from dataclasses import dataclass

from repype_like.events import Event
from repype_like.store import Record

__all__ = ["Happened", "Made", "Message", "UnitDone"]


@dataclass(frozen=True, slots=True)
class Made:
    """A record was made; its blobs lie in the store of the task that computed it."""

    record: Record
    task: str
    shared: tuple[str, ...] = ()
    """Other tasks that the record is valid for as well."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened that the user may want to know."""

    event: Event


@dataclass(frozen=True, slots=True)
class UnitDone:
    """All nodes of the unit at this position of the plan were computed, or could not be."""

    unit: int
    failed: bool


Message = Made | Happened | UnitDone
