"""What a stage may cost and what it needs, as its attributes or the key ``limits`` of a task.yml state it.

None of this affects what comes out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["NAMES", "Mistake", "mistakes", "parse_size"]

NAMES = ("timeout", "retries", "resources")
"""What may be stated."""

_KNOWN = ("cpus", "gpus", "memory")

_SIZE = r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kMGT]?)(i?)B?\s*"
_POWERS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4}


class Mistake(NamedTuple):
    """A value that makes no sense."""

    keys: tuple[str, ...]
    """Where it is: a name, and that of a resource."""
    value: Any
    wanted: str
    """What it has to be."""
    meant: str = ""
    """What the resource is called instead, if it is the name that makes no sense."""


def mistakes(stated: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield what is wrong with the values that are stated, by :data:`NAMES`; None states nothing."""
    timeout, retries, resources = map(stated.get, NAMES)
    if timeout is not None and not is_number(timeout, above=0) and timeout != math.inf:
        yield Mistake(("timeout",), timeout, "a number of seconds above 0")
    if retries is not None and (not isinstance(retries, int) or isinstance(retries, bool) or retries < 0):
        yield Mistake(("retries",), retries, "a whole number, 0 or more")
    if isinstance(resources, Mapping):
        for name, amount in resources.items():
            meant = _meant(name)
            if meant:
                yield Mistake(("resources", name), amount, f'called "{meant}"', meant)
            elif not _is_amount(name, amount):
                wanted = 'a number of bytes or a text such as "4 GB"' if name == "memory" else "a number, 0 or more"
                yield Mistake(("resources", name), amount, wanted)
    elif resources is not None:
        yield Mistake(("resources",), resources, 'a mapping of names to amounts, such as {"cpus": 2, "memory": "4 GB"}')


def parse_size(text: str) -> int:
    """Return how many bytes a text such as ``4 GB`` or ``512 MiB`` stands for.

    Raises:
        ValueError: If it is no size.
    """
    match = re.fullmatch(_SIZE, text)
    if match is None:
        raise ValueError(f"{text!r} is no size")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2]])


def is_number(value: Any, above: float) -> bool:
    """Tell whether a value is a number, and above another."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > above


def _meant(name: Any) -> str:
    """Return the name of the resource that is meant by one which is almost the same: it would be one of its own."""
    if not isinstance(name, str) or name in _KNOWN:
        return ""
    import difflib  # only if something may be wrong

    return next(iter(difflib.get_close_matches(name.lower(), _KNOWN, n=1, cutoff=0.8)), "")


def _is_amount(name: Any, amount: Any) -> bool:
    if name == "memory" and isinstance(amount, str):
        return re.fullmatch(_SIZE, amount) is not None
    return isinstance(name, str) and (is_number(amount, above=0) or (amount == 0 and type(amount) in (int, float)))
