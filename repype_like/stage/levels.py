"""Levels: a field is there for every input, or once for the task.

A stage runs for every input, unless it is an aggregate. What an aggregate makes is of the level of the task; whatever
reads it, be it for an input or not, gets the one value. An aggregate over inputs gets a mapping of what there is for
every input. An aggregate over tasks reads nothing of its own task.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from repype_like.errors import UsageError
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repype_like.stage.base import Stage

__all__ = ["CONFIGS", "OVERS", "check_aggregate", "patterns_of", "read_here"]

CONFIGS = "configs"
"""What an aggregate over tasks reads the configurations of these under."""

OVERS = ("", "inputs", "tasks")
"""What :attr:`~repype_like.stage.Stage.over` may be."""


def check_aggregate(stage: Stage) -> None:
    """Check that what makes a stage an aggregate goes together.

    Raises:
        UsageError: If it does not.
    """
    if stage.over not in OVERS:
        raise UsageError(f'the stage "{stage.id}" is over "{stage.over}": a stage is an aggregate over "inputs" or '
                         'over "tasks", or none')
    if stage.over != "tasks" and stage.tasks:
        raise UsageError(f'the stage "{stage.id}" names tasks, so it has to say `over = "tasks"`')
    if not stage.over:
        return
    if "input_id" in stage.inputs:
        raise UsageError(f'the stage "{stage.id}" is an aggregate, which runs once for its task, so there is no '
                         '"input_id" that it could read; the mappings that it gets have the inputs as keys')
    for field in sorted(stage.consumes):
        raise UsageError(f'the stage "{stage.id}" is an aggregate and cannot consume "{field}": what is read of many '
                         "inputs is kept; put it into inputs")


def patterns_of(tasks: str | Iterable[str]) -> tuple[str, ...]:
    """Return one pattern or several as a tuple."""
    return (tasks,) if isinstance(tasks, str) else tuple(tasks)


def read_here(stage: Stage) -> Sequence[str]:
    """Return the fields that a stage reads from stages of its own task, sorted."""
    return [] if stage.over == "tasks" else sorted(stage.inputs)
