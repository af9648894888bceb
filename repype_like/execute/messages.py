"""What a worker tells the coordinator: as tuples, since there are several for each unit, which are pickled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from repype_like.events import Event
from repype_like.plan import Stored
from repype_like.store import Record, StorageError
from repype_like.typing import InputID, NamedTuple

__all__ = ["GaveUp", "Happened", "Idle", "Lost", "Made", "Message", "Missed", "Passed", "Pause", "Printed",
           "UnitDone"]


class Made(NamedTuple):
    """A record was made; its blobs lie in the store of the task that computed it."""

    record: Record
    task: str
    ended: float
    """When all of it was made, in seconds since the epoch; it began when the record says."""
    shared: tuple[str, ...] = ()
    """Other tasks that the record is valid for as well."""
    recomputed: bool = False
    """Whether a record with its id may be there already, of which only the values were needed once more."""


class Passed(NamedTuple):
    """Values of a record that was made, for the units that read them; for the executor only."""

    node: str
    tasks: tuple[str, ...]
    """The tasks that the record is valid for."""
    values: Mapping[str, Stored]
    """By field, a record that holds it, and where."""


class Happened(NamedTuple):
    """Something happened that the user may want to know."""

    event: Event


class Lost(NamedTuple):
    """A stored value that a stage was to read turned out to be damaged, so that it has to be computed again."""

    record: Record
    field: str
    store: Path
    """The directory of the task that has it."""
    tasks: tuple[str, ...]
    """The tasks that have to wait for it."""
    error: str


class Missed(NamedTuple):
    """The stage that is running asked for a path at which there was nothing, so what is there later is its own."""

    path: str


class GaveUp(NamedTuple):
    """Nothing can be stored any more, so there is no point in going on."""

    error: StorageError


class UnitDone(NamedTuple):
    """All nodes of the unit at this position of the plan were computed, or could not be."""

    unit: int
    failed: bool


class Pause(NamedTuple):
    """There is nothing to be said for the moment; told every now and then while units run."""


class Idle(NamedTuple):
    """A worker has run what it was given, or was asked to give the rest back; for its executor only."""

    seconds: float = 0.0
    """How long that has taken."""
    worn: bool = False
    """Whether stages have left so much behind in its process that it had better be replaced."""


class Printed(NamedTuple):
    """A stage that succeeded has printed something."""

    task: str
    """The task that computed."""
    tasks: tuple[str, ...]
    stage: str
    input_id: InputID
    output: str
    """At most the last 64 kB."""


Message = Made | Passed | Happened | Lost | Missed | GaveUp | Printed | UnitDone | Pause
