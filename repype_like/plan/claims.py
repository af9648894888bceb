"""Which output file belongs to which result: no two results may claim one file with different contents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from repype_like.typing import InputID, NamedTuple

__all__ = ["Claim", "Claims", "conflict"]


class Claim(NamedTuple):
    """A result says that a file has this content."""

    task: str
    """The name of the task in the plan."""
    stage: str
    """Empty if it is not known."""
    input_id: InputID | None
    hash: str


Claims = Mapping[Path, Claim]
"""By path, who claims it."""


def conflict(path: Path, ours: Claim, other: Claim | None) -> str:
    """Return what is wrong with `ours` in view of the claim of another result, in words; empty if nothing is."""
    if other is None or other.hash == ours.hash:
        return ""
    if other.task != ours.task:
        return (f'the tasks "{ours.task}" and "{other.task}" both write the file {path}, with different contents; give '
                "each a file of its own, by a scope that is relative to the task or contains {DIRNAME}")
    if not other.stage or (other.stage, other.input_id) == (ours.stage, ours.input_id):
        return ""
    if other.stage != ours.stage:
        return (f'the stages "{ours.stage}" and "{other.stage}" both write the file {path}, with different contents; '
                "give each a file of its own")
    return (f"the inputs {ours.input_id!r} and {other.input_id!r} both write the file {path}, with different contents; "
            "give each a file of its own, by a scope with a placeholder for the input")
