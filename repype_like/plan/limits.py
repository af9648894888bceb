"""What a stage may cost and what it needs, by its attributes and by the key ``limits`` of its task.

None of this affects what comes out, so none of it counts: neither for fingerprints nor for records.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from repype_like.errors import UsageError
from repype_like.spec import LIMITS as NAMES
from repype_like.spec import mistakes, parse_size
from repype_like.stage import Stage
from repype_like.typing import Any, NamedTuple

__all__ = ["GPUS", "PLAIN", "Limits", "limits_of"]

GPUS = "gpus"
"""What GPUs are called among the resources."""

_NONE: Mapping[str, float] = {}


class Limits(NamedTuple):
    """What one stage may cost and what it needs."""

    timeout: float | None = None
    """In seconds; None if the stage does not say."""
    retries: int | None = None
    """How often it is tried again after an exception, a crash or a timeout; None if the stage does not say."""
    cpus: int = 1
    memory: int = 0
    """The memory at its peak, in bytes; 0 if the stage does not say."""
    tokens: Mapping[str, float] = _NONE
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
        return self._replace(timeout=defaults.timeout if self.timeout is None else self.timeout,
                             retries=defaults.retries if self.retries is None else self.retries)

    def refined(self, stated: Mapping[str, Any]) -> Limits:
        """Return these limits with those instead that are stated: ``timeout``, ``retries``, and each of ``resources``.

        The values have to be sound; see :func:`repype_like.spec.mistakes`.
        """
        timeout, retries, resources = map(stated.get, NAMES)
        needs: dict[str, Any] = {"cpus": self.cpus, "memory": self.memory, **self.tokens, **(resources or {})}
        cpus, memory = max(1, math.ceil(needs.pop("cpus"))), _size(needs.pop("memory"))
        return Limits(self.timeout if timeout is None else float(timeout), self.retries if retries is None else retries,
                      cpus, memory, {name: float(amount) for name, amount in needs.items() if amount})


PLAIN = Limits()


def limits_of(stage: Stage) -> Limits:
    """Return the limits of a stage, by its attributes.

    Raises:
        UsageError: If they make no sense.
    """
    if stage.timeout is None and stage.retries is None and stage.resources is Stage.resources:
        return PLAIN
    stated: dict[str, Any] = {name: getattr(stage, name) for name in NAMES}
    for mistake in mistakes(stated):
        name, *resource = mistake.keys
        what = ": ".join([name, *resource, repr(mistake.value)]) if resource else f"{name} = {mistake.value!r}"
        raise UsageError(f'the stage "{stage.id}" ({type(stage).__module__}.{type(stage).__name__}) has {what}, but '
                         f"that has to be {mistake.wanted}")
    return PLAIN.refined(stated)


def _size(amount: str | float) -> int:
    return parse_size(amount) if isinstance(amount, str) else int(amount)
