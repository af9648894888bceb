"""What the host, in the worker of Dask, and its agents say to each other, over a pipe; and the names of files."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from repype_like.execute.schedule import Given
from repype_like.plan import Unit

__all__ = ["Done", "GivenBack", "Open", "Order", "Ready", "Refused", "Run", "Said", "begin_once", "begun_by",
           "last_words", "leave_last_words", "pack", "send", "sibling", "unpack"]


# --- from host to agent ----------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Open:
    """Get ready for the run whose job file this is."""

    job: Path
    check: bool
    """Whether to load every kind of task that there is, and compare it with what was planned."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run these units, in this order."""

    batch: int
    units: bytes
    """What :func:`pack` has made of them, since the host does not look into it."""
    plan: int
    """Tells the plans of a run apart: it may be planned anew, and what failed is tried again by fresh processes."""
    memory: int | None = None
    """How many bytes each stage may take."""
    devices: tuple[str, ...] = ()
    """The GPUs for those that need some."""


@dataclass(frozen=True, slots=True)
class Order:
    """``stop``: begin no further unit. ``recall``: the same, and give them back now. ``kill``: end at once."""

    word: str


# --- from agent to host ----------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Ready:
    """The agent can run units of this run."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The agent must not run units of this run: what it has is not what was planned with."""

    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something for the coordinator."""

    number: int
    """Counts what is said of one batch."""
    data: bytes
    """Messages and :class:`GivenBack`, packed; the host does not look into it."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Units that were not begun and are not going to be, by their positions in what was to be run."""

    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """All units were run, given back, or were not begun since there was an order to stop."""


def send(pipe: Connection, message: object) -> bool:
    """Send a message, and tell whether there is somebody at the other end."""
    try:
        pipe.send_bytes(pickle.dumps(message, 5))
    except OSError:
        return False
    return True


def pack(units: Sequence[tuple[Unit, Given]]) -> bytes:
    """Return units, each with what it is given by those before it, as they are sent."""
    return pickle.dumps(tuple((unit._replace(after=()), given) for unit, given in units), 5)


def unpack(data: bytes) -> tuple[list[Unit], list[Given]]:
    """Return what :func:`pack` was given."""
    pairs = pickle.loads(data)
    return [unit for unit, _ in pairs], [given for _, given in pairs]


# --- files -----------------------------------------------------------------------------------------------------------

def sibling(job: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to the same run as a job file, and is deleted with what it left behind."""
    return job.with_suffix(f".{suffix}")


def begin_once(job: Path, batch: int, who: str) -> bool:
    """Take down that a batch of units begins, and tell whether it has not begun before.

    The coordinator does the same with a batch that it does not want any more: then it cannot begin.

    The scheduler of Dask begins the tasks of a lost worker anew without asking. Only the coordinator knows what was
    finished meanwhile, and whether it was the units which have ended the worker.
    """
    try:
        descriptor = os.open(sibling(job, f"b{batch}"), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        return False
    with contextlib.suppress(OSError), open(descriptor, "wb", buffering=0) as file:
        file.write(who.encode())
    return True


def begun_by(job: Path, batch: int) -> str:
    """Return who has begun a batch of units; empty if nobody has, or if that is just being written."""
    try:
        return sibling(job, f"b{batch}").read_text()
    except FileNotFoundError:
        return ""


def leave_last_words(job: Path, batch: int, said: Sequence[Said]) -> None:
    """Leave what an agent had to say when its host ended: what was finished, and what was being done."""
    path = sibling(job, f"b{batch}w")
    with contextlib.suppress(OSError):
        aside = path.with_name(f"{path.name}-")
        aside.write_bytes(pickle.dumps(said, 5))
        aside.replace(path)


def last_words(job: Path, batch: int) -> list[Said]:
    """Return what an agent has left, and delete it; empty if there is nothing (yet)."""
    path = sibling(job, f"b{batch}w")
    try:
        data = path.read_bytes()
    except OSError:
        return []
    path.unlink(missing_ok=True)
    said: list[Said] = pickle.loads(data)
    return said
