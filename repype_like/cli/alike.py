"""Which failures are one: a stage that fails in the same way for many inputs is read about once.

What several inputs fail with word for word does not depend on the input. What only one of them fails with, such as
``cannot read raw/a-017.png``, is compared with what others do, and the names of the two inputs count as the same.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from itertools import pairwise

from repype_like.events import StageFailed
from repype_like.typing import InputID

__all__ = ["alike"]

_INTEGER = re.compile(r"(?<![0-9])(?<![0-9]\.)[0-9]+(?![0-9])(?!\.[0-9])")
_DIGITS = re.compile(r"[0-9]+")

_MOST_COMPARED = 5
"""With how many groups that differ in numbers a failure is compared: failures may be many."""


def alike(failures: Iterable[StageFailed]) -> list[list[StageFailed]]:
    """Return failures in groups of those that say the same of the same stage, in the order of tasks and inputs."""
    groups: dict[Hashable, list[StageFailed]] = {}
    for failure in failures:
        groups.setdefault((failure.stage, failure.kind, failure.error, failure.traceback), []).append(failure)
    found: list[list[StageFailed]] = []
    similar: dict[Hashable, list[tuple[InputID, str, list[StageFailed]]]] = {}
    for group in groups.values():
        first = group[0]
        input_id = first.input_id
        if input_id in ("", None) or any(_subject(failure) != _subject(first) for failure in group):
            found.append(group)
            continue
        said, code = _parts(first)
        key = first.stage, first.kind, code, _DIGITS.sub("#", _without(said, input_id))
        candidates = similar.setdefault(key, [])
        for other_id, other_said, other in candidates[:_MOST_COMPARED]:
            if _without(said, input_id, other_id) == _without(other_said, input_id, other_id):
                other.extend(group)
                break
        else:
            candidates.append((input_id, said, group))
            found.append(group)
    return [sorted(group, key=_position) for group in found]


def _subject(failure: StageFailed) -> tuple[type, InputID]:
    return type(failure.input_id), failure.input_id


def _parts(failure: StageFailed) -> tuple[str, str]:
    """Return what a failure says, and the lines of code that it names, in which a number is no input."""
    lines = failure.traceback.split("\n")
    return ("\n".join([failure.error, *(line for line in lines if not line.startswith("  "))]),
            "\n".join(line for line in lines if line.startswith("  ")))


def _without(text: str, *input_ids: InputID) -> str:
    """Return a text without the names of inputs, nor the zeros that a scope may put before a number."""
    numbers = {str(input_id) for input_id in input_ids if isinstance(input_id, int) and input_id >= 0}
    for name in [str(input_id) for input_id in input_ids if str(input_id) not in numbers]:
        pieces = text.split(name)
        text = pieces[0]
        for before, after in pairwise(pieces):
            is_part = before[-1:].isalnum() or after[:1].isalnum()  # of a longer word
            text += (name if is_part else "#") + after
    return _INTEGER.sub(lambda found: "#" if (found[0].lstrip("0") or "0") in numbers else found[0], text)


def _position(failure: StageFailed) -> tuple[str, bool, InputID]:
    """Return a key by which failures come in the order of tasks and inputs, whichever was first."""
    return failure.task, isinstance(failure.input_id, str), 0 if failure.input_id is None else failure.input_id
