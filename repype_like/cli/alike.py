"""Which failures are one: a stage that fails in the same way for many inputs is read about once.

What several inputs fail with word for word does not depend on the input. What only one of them fails with is compared
without the name of that input, such as ``cannot read raw/a-017.png``.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from repype_like.events import StageFailed
from repype_like.typing import InputID

__all__ = ["alike"]


def alike(failures: Iterable[StageFailed]) -> list[list[StageFailed]]:
    """Return failures in groups of those that say the same of the same stage, in the order of tasks and inputs."""
    groups: dict[Hashable, list[StageFailed]] = {}
    for failure in failures:
        groups.setdefault((failure.stage, failure.kind, failure.error, failure.traceback), []).append(failure)
    merged: dict[Hashable, list[StageFailed]] = {}
    for said, group in groups.items():
        about_one = len({(type(failure.input_id), failure.input_id) for failure in group}) == 1
        merged.setdefault(_without_input(group[0]) if about_one else said, []).extend(group)
    return [sorted(group, key=_position) for group in merged.values()]


def _without_input(failure: StageFailed) -> Hashable:
    """Return what a failure says, but for which input it is about."""
    named = _named(failure.input_id)
    error, *traceback = [line if named is None or line.startswith("  ") else named.sub("\0", line)  # no code
                         for line in (failure.error, *failure.traceback.split("\n"))]
    return failure.stage, failure.kind, error, "\n".join(traceback)


def _named(input_id: InputID | None) -> re.Pattern[str] | None:
    """Return what the name of an input looks like in a text, with the zeros that a scope may put before a number."""
    if input_id in ("", None):
        return None
    if isinstance(input_id, int):
        sign = "-" if input_id < 0 else ""
        return re.compile(rf"(?<!\d)(?<!\d\.){sign}0*{abs(input_id)}(?!\d)(?!\.\d)")
    return re.compile(rf"(?<![^\W_]){re.escape(str(input_id))}(?![^\W_])")


def _position(failure: StageFailed) -> tuple[str, bool, InputID]:
    """Return a key by which failures come in the order of tasks and inputs, whichever was first."""
    return failure.task, isinstance(failure.input_id, str), 0 if failure.input_id is None else failure.input_id
