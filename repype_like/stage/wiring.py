"""How a stage hangs together with others, beyond the fields that it simply reads."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Sequence

from repype_like.errors import UsageError, did_you_mean
from repype_like.stage.levels import read_here
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repype_like.stage.base import Stage

__all__ = ["check_wiring", "dependencies", "required_inputs"]


def check_wiring(stage: Stage) -> None:
    """Check the attributes of a stage that name fields.

    Raises:
        UsageError: If one of them names a field that the stage does not read.
    """
    for attribute in ("lazy", "optional_inputs", "consumes"):
        if "input_id" in getattr(stage, attribute):
            raise UsageError(f'{attribute} of the stage "{stage.id}" names "input_id", which is always there, and at '
                             "hand")
    for name in stage.lazy:
        if name not in stage.inputs:
            raise UsageError(f'lazy of the stage "{stage.id}" names "{name}", which is none of its inputs; '
                             f"{did_you_mean(name, stage.inputs)}".rstrip("; "))
    parameters = inspect.signature(stage.process).parameters if stage.optional_inputs else {}
    for name in stage.optional_inputs:
        if name in parameters and parameters[name].default is inspect.Parameter.empty:
            raise UsageError(f'the field "{name}" of the stage "{stage.id}" is optional, so process() needs a default '
                             f"for it: {name}=None")


def required_inputs(stage: Stage, produced: Collection[str]) -> frozenset[str]:
    """Return the fields that a stage cannot do without, in a pipeline whose stages produce the fields `produced`."""
    inputs = frozenset(read_here(stage))
    return inputs - frozenset(stage.optional_inputs).difference(produced) if stage.optional_inputs else inputs


def dependencies(stage: Stage, stages: Sequence[Stage]) -> frozenset[str]:
    """Return the identifiers of the stages that a stage depends upon by its :attr:`~Stage.extra_dependencies`.

    A name stands for the stage with this identifier, or else for the one that produces the field.

    Arguments:
        stage: The stage.
        stages: All stages of the pipeline.

    Raises:
        UsageError: If there is no such stage or field.
    """
    if not stage.extra_dependencies:
        return frozenset()
    identifiers = {other.id: other.id for other in stages}
    known = {**{field: other.id for other in stages for field in other.outputs}, **identifiers}
    found = []
    for name in stage.extra_dependencies:
        if name not in known:
            raise UsageError(f'extra_dependencies of the stage "{stage.id}": there is no stage or field "{name}"; '
                             f"{_suggestion(name, known)}")
        found.append(known[name])
    return frozenset(found)


def _suggestion(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    return did_you_mean(name, names) or f"there are {', '.join(names)}"
