"""What workers need to know of a run, as values: written to a file beside the results, which every worker can read.

No object of the user's own is sent. A worker makes the tasks anew, of their specifications and of the very source files
that were read when the work was planned, and compares what comes of it with what was planned.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from repype_like.errors import RepypeError
from repype_like.hashing import hash_bytes
from repype_like.plan import Limits
from repype_like.typing import Any

__all__ = ["Job", "MismatchError", "Parcel", "read_job", "write_job"]


class MismatchError(RepypeError):
    """A worker does not have what the work was planned with; the message says what differs, and the mend."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Parcel:
    """One task."""

    path: Path
    """Its directory, as the user has given it."""
    spec: dict[str, Any]
    """What its own ``task.yml`` says."""
    cls: str
    """The dotted name of its class; empty for that of this package."""
    parent: str | None
    """The name of the task that it inherits from."""
    config: dict[str, Any] | None = None
    """The hyperparameters that it runs with; None for a template."""
    stages: Mapping[str, tuple[str, Mapping[str, str], frozenset[str]]] | None = None
    """By stage: its fingerprint, the hashes of the pieces of code in it, and the fields that are kept."""
    packages: Mapping[str, str] | None = None
    """The versions of the distributions that count."""


@dataclass(frozen=True, slots=True)
class Job:
    """A run."""

    directory: Path
    """The directory that the command was started in."""
    script: str
    """The path of the script that was started, if classes of tasks are defined in there."""
    versions: Mapping[str, str]
    """The versions of Python, of this package and of the distributions that the stages use."""
    sources: Mapping[tuple[Path, tuple[Path, ...]], Mapping[str, bytes]]
    """By codebase (start directory, further folders), the source files of the project that were read."""
    parcels: Mapping[str, bytes]
    """By name, each task, pickled."""
    defaults: Limits
    """What holds for stages that do not limit themselves."""
    samples: tuple[str, ...]
    """One task of each kind: all others have the stages of one of these."""


def write_job(job: Job, path: Path) -> str:
    """Write a job to a file, and return its hash.

    Raises:
        OSError: If it cannot be written.
    """
    data = pickle.dumps(job, 5)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hash_bytes(data)


def read_job(path: Path, expected: str = "") -> Job:
    """Read what :func:`write_job` has written.

    Raises:
        OSError: If there is no such file.
        MismatchError: If its hash is not `expected`, since it is another file of the same name.
    """
    data = path.read_bytes()
    if expected and hash_bytes(data) != expected:
        raise MismatchError("there is another file of that name")
    job: Job = pickle.loads(data)
    return job
