"""The plan: what will be done, for which tasks, and why. A value, made by planning and obeyed by executing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from repype_like.plan.claims import Claims
from repype_like.plan.gathering import CONFIGS, Gather
from repype_like.plan.reasons import Reason
from repype_like.plan.steps import Restore
from repype_like.store import Record
from repype_like.typing import Any, InputID, NamedTuple, Plain

__all__ = ["Node", "Plan", "Skip", "Stored", "TaskPlan", "Transfer", "Unit", "Waiting"]

_NONE: Mapping[Any, Any] = {}  # for all units together, of which there may be very many


class Stored(NamedTuple):
    """A record whose values lie in the store of a task (its position in the plan's `stores`)."""

    record: Record
    store: Path


class Node(NamedTuple):
    """One stage for one input, computed once for all tasks that want it."""

    name: str
    """The planned name of the record to be made; for a recomputation, its record id."""
    stage: str
    input_id: InputID
    tasks: tuple[str, ...]
    """The tasks that want it; the first one computes."""
    reads: tuple[tuple[str, str], ...]
    """For each field, the name of the node that produces it, or the id of a record in the unit's `stored`."""
    recomputes: bool = False
    """Whether the record is known already, and only its values are needed."""
    accepted: tuple[str, Plain] | None = None
    """If the user vouched for that record, its id and what it notes about that."""
    gathers: tuple[Gather, ...] = ()
    """What an aggregate reads beyond that."""
    configs: Mapping[str, Plain] | None = None
    """The configurations of the tasks that it reads, if it reads those."""
    draw: str | None = None
    """Empty if the stage is run although there is a result, so that this is another one; for a recomputation, what
    distinguishes the record from such others."""

    @property
    def fields(self) -> list[str]:
        """The names of all that it reads, those of configurations included."""
        found = [field_ for field_, _ in self.reads]
        if self.gathers or self.configs is not None:
            found += dict.fromkeys(gather.field for gather in self.gathers)
            found += [CONFIGS] if self.configs is not None else []
        return found

    def read_by(self, task: str) -> Iterator[tuple[str, str, str]]:
        """Yield what it reads for one of its tasks: which task has it, the field, and the name of the record."""
        for field_, name in self.reads:
            yield task, field_, name
        for gather in self.gathers:
            for _, name in gather.members:
                yield gather.task or task, gather.field, name


class Transfer(NamedTuple):
    """A record that a task takes over from another, or keeps with files to be put back in place."""

    task: str
    record: Record
    source: Path
    """The directory of the task that has it; that of the task itself if only files are restored."""
    source_name: str
    restore: tuple[Restore, ...] = ()


class Skip(NamedTuple):
    """A stage that does not run, although a hook of the task wants to know it."""

    task: str
    stage: str
    input_id: InputID
    known: tuple[Stored, ...]
    """The records of the stages up to this one that do not run either."""


class Unit(NamedTuple):
    """Work that one worker does in one go: nodes in an order in which everything is there when it is read.

    A node may read what nodes of any other unit in `after` make; none of those has to be for the same input or task.
    """

    nodes: tuple[Node, ...]
    stored: Mapping[tuple[str, str], Stored]
    """The values that the nodes read from stores, by record id and field."""
    skips: tuple[Skip, ...] = ()
    codebase: int = 0
    opaque: str | None = None
    """The task that runs as a whole, by its own ``run``; there are no nodes then."""
    after: tuple[int, ...] = ()
    """The positions, in the plan, of the units that have to be done before; all of them are lower."""
    passes: Mapping[str, frozenset[str]] = _NONE
    """By node, the fields that units after this one read."""

    @property
    def tasks(self) -> frozenset[str]:
        """The tasks that the unit does something for."""
        if len(self.nodes) == 1 and not self.skips:
            return frozenset(self.nodes[0].tasks)
        named = {task for node in self.nodes for task in node.tasks} | {skip.task for skip in self.skips}
        return frozenset(named if self.opaque is None else {self.opaque})


class TaskPlan(NamedTuple):
    """What will happen to one task."""

    task: str
    path: Path
    runnable: bool
    pending: str
    """Why the task is pending, in the words of ``Task.is_pending``; empty if it is up to date."""
    reasons: tuple[Reason, ...] = ()
    total: int = 0
    """The number of inputs. What aggregates make once for the whole task is none of them."""
    done: int = 0
    """The number of inputs for which all that counts is stored already."""
    first_stage: str | None = None
    """The first stage that computes something."""
    pickup: str | None = None
    """The task from which most is taken over; the task itself if its own results are what is gone on from."""
    pickup_path: Path | None = None
    computes: int = 0
    """How many times a stage runs, over all inputs."""
    takes: int = 0
    keeps: int = 0
    saved: float = 0.0
    """Seconds that the results which are kept or taken over had cost."""
    refresh: bool = False
    """Whether nothing is to be done but to write the digest anew, since the words of the specification changed."""


class Waiting(NamedTuple):
    """A stage that is not run, since what it reads is not there."""

    task: str
    """The name of its task."""
    stage: str
    input_id: InputID
    sources: tuple[tuple[str, InputID], ...]
    """The tasks and inputs whose results it waits for, at most a few."""


class Plan(NamedTuple):
    """What will happen to all tasks."""

    tasks: tuple[TaskPlan, ...]
    units: tuple[Unit, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    """What is taken over before anything runs."""
    claims: Claims = _NONE
    """The output files of all that is not computed anew."""
    waiting: tuple[Waiting, ...] = ()
    """What cannot be done, since what it reads is not there and is not going to be made."""

    @property
    def pending(self) -> tuple[TaskPlan, ...]:
        """The tasks that something has to be done for."""
        return tuple(task for task in self.tasks if task.pending)
