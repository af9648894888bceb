"""What a stage may cost and what it needs, by its attributes `timeout`, `retries` and `resources`.

None of this affects what comes out, so none of it counts for fingerprints.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from repype_like.errors import UsageError
from repype_like.stage import Stage
from repype_like.typing import Any

__all__ = ["GPUS", "PLAIN", "Limits", "limits_of", "parse_size"]

GPUS = "gpus"
"""What GPUs are called among the resources."""

_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kMGT]?)(i?)B?\s*")
_POWERS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one stage may cost and what it needs."""

    timeout: float | None = None
    """In seconds; None if the stage does not say."""
    retries: int | None = None
    """How often it is tried again after an exception, a crash or a timeout; None if the stage does not say."""
    cpus: int = 1
    memory: int = 0
    """The memory at its peak, in bytes; 0 if the stage does not say."""
    tokens: Mapping[str, float] = field(default_factory=dict)
    """Of all else that there is a limited number of, such as ``gpus``: how many of each it holds while it runs."""

    @property
    def gpus(self) -> float:
        """How many GPUs the stage computes on; less than 1 is a part of one."""
        return self.tokens.get(GPUS, 0.0) if self.tokens else 0.0

    @property
    def exclusive(self) -> tuple[tuple[str, float], ...]:
        """What keeps others from running at the same time; stages that differ in this are better not one unit."""
        return (*sorted(self.tokens.items()), *((("cpus", float(self.cpus)),) if self.cpus > 1 else ()),
                *((("memory", float(self.memory)),) if self.memory else ()))

    def filled(self, defaults: Limits) -> Limits:
        """Return these limits with the timeout and the retries of others where these do not say any."""
        return replace(self, timeout=defaults.timeout if self.timeout is None else self.timeout,
                       retries=defaults.retries if self.retries is None else self.retries)


PLAIN = Limits()


def limits_of(stage: Stage) -> Limits:
    """Return the limits of a stage.

    Raises:
        UsageError: If its attributes make no sense.
    """
    timeout: Any = stage.timeout
    retries: Any = stage.retries
    resources: Any = stage.resources  # what users write may be anything
    if timeout is None and retries is None and resources is Stage.resources:
        return PLAIN
    if timeout is not None and not _is_number(timeout, above=0) and timeout != math.inf:
        raise _wrong(stage, f"timeout = {timeout!r}", "a number of seconds above 0")
    if retries is not None and (not isinstance(retries, int) or isinstance(retries, bool) or retries < 0):
        raise _wrong(stage, f"retries = {retries!r}", "a whole number, 0 or more")
    if not isinstance(resources, Mapping):
        raise _wrong(stage, f"resources = {resources!r}", 'a dictionary, such as {"cpus": 2, "memory": "4 GB"}')
    cpus, memory, tokens = 1, 0, {}
    for name, amount in resources.items():
        if name == "memory":
            memory = _memory(stage, amount)
        elif not isinstance(name, str) or not _is_number(amount, above=-1):
            raise _wrong(stage, f"resources: {name!r}: {amount!r}", "a name and a number")
        elif name == "cpus":
            cpus = max(1, math.ceil(amount))
        elif amount:
            tokens[name] = float(amount)
    return Limits(None if timeout is None else float(timeout), retries, cpus, memory, tokens)


def parse_size(text: str) -> int:
    """Return how many bytes a text such as ``4 GB`` or ``512 MiB`` stands for.

    Raises:
        ValueError: If it is no size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no size")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2]])


def _memory(stage: Stage, amount: Any) -> int:
    try:
        if _is_number(amount, above=-1):
            return int(amount)
        return parse_size(amount)
    except (ValueError, TypeError):
        raise _wrong(stage, f"resources: memory: {amount!r}", 'a number of bytes or a text such as "4 GB"') from None


def _is_number(value: Any, above: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > above


def _wrong(stage: Stage, what: str, wanted: str) -> UsageError:
    return UsageError(f'the stage "{stage.id}" ({type(stage).__module__}.{type(stage).__name__}) has {what}, but that '
                      f"has to be {wanted}")
