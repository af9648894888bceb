"""Why stages cannot be put in an order in which every field is there when it is read."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence, Set

from repype_like.errors import did_you_mean
from repype_like.stage.base import Stage
from repype_like.stage.function import GIVEN, FunctionStage
from repype_like.stage.levels import read_here

__all__ = ["why_no_order"]


def why_no_order(remaining: Sequence[Stage], available: Set[str], needed: Mapping[str, frozenset[str]],
                 after: Mapping[str, frozenset[str]], produced: frozenset[str]) -> str:
    """Return in words why none of the remaining stages can be the next one.

    Arguments:
        remaining: The stages that are left.
        available: The fields that there are before them.
        needed: The fields that each stage cannot do without, by its identifier.
        after: The stages that each depends upon otherwise, by its identifier.
        produced: The fields that any stage produces.
    """
    lacking = [_is_lacking(stage, field, produced) for stage in remaining
               for field in sorted(needed[stage.id] - produced) if field != "input_id"]
    waits = _waits(remaining, available, needed, after)
    circle = _circle(waits)
    if lacking:  # what is not there yet because of that need not be said
        reasons = lacking
    elif circle:
        reasons = ["they wait for each other: " + ", which ".join([f'"{circle[0][0]}" {circle[0][1]}',
                                                                  *(why for _, why in circle[1:])])]
    else:
        reasons = [f'"{stage.id}" consumes the field "{field}", which "{other.id}" still reads'
                   for stage in remaining if stage.id not in waits for other in remaining if other is not stage
                   for field in sorted(frozenset(stage.consumes).intersection(read_here(other)))]
    return "the stages cannot be put in order: " + "; ".join(reasons)


def _waits(remaining: Sequence[Stage], available: Set[str], needed: Mapping[str, frozenset[str]],
           after: Mapping[str, frozenset[str]]) -> dict[str, tuple[str, str]]:
    """Return which stage each one waits for, and why, if it waits for any."""
    producers = {field: stage.id for stage in remaining for field in stage.outputs}
    found: dict[str, tuple[str, str]] = {}
    for stage in remaining:
        for field in sorted(needed[stage.id] - available):
            if field in producers:
                found.setdefault(stage.id, (producers[field], f'reads the field "{field}" of "{producers[field]}"'))
        for name in sorted(after[stage.id].intersection(other.id for other in remaining)):
            found.setdefault(stage.id, (name, f'depends on "{name}" (extra_dependencies)'))
    return found


def _circle(waits: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """Return stages each of which waits for the next one, the last for the first, with the reasons, if there are."""
    for start in waits:
        path: list[str] = []
        stage = start
        while stage in waits and stage not in path:
            path.append(stage)
            stage = waits[stage][0]
        if stage in path:
            return [(name, waits[name][1]) for name in path[path.index(stage):]]
    return []


def _is_lacking(stage: Stage, field: str, produced: frozenset[str]) -> str:
    """Return in words that no stage produces a field, and what may be meant instead."""
    meant, default = did_you_mean(field, produced.difference(stage.outputs)), inspect.Parameter.empty
    if isinstance(stage, FunctionStage):
        default = inspect.signature(stage.function).parameters[field].default
        meant = did_you_mean(field, [*produced.difference(stage.outputs), *GIVEN, "input_id"])
    if default is not inspect.Parameter.empty:
        meant = f"a hyperparameter stands behind a *, as in *, {field}={default!r}"
    hint = f" ({meant})" if meant else ""
    return f'the field "{field}", which the stage "{stage.id}" reads, is produced by no stage{hint}'
