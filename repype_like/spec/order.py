"""The order in which people are shown tasks: ``epochs=5`` comes before ``epochs=10``.

What a run does first, and where it looks for results, follows the order of paths as texts, which this has no say in.
"""

from __future__ import annotations

import re
from functools import lru_cache

from repype_like.typing import Any

__all__ = ["natural_order"]

_NUMBER = re.compile(r"((?<==)-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?|[0-9]+(?:\.[0-9]+)*)")


def natural_order(path: str) -> tuple[Any, ...]:
    """Return a key that sorts paths by the names in them, and numbers in these by their values.

    What follows a ``=`` may be negative and have an exponent. Of several dots, as in ``1.10.2``, each part counts by
    itself.
    """
    return tuple(map(_of_name, path.split("/"))), path


@lru_cache(maxsize=1 << 14)
def _of_name(name: str) -> tuple[Any, ...]:
    pieces: list[Any] = _NUMBER.split(name)  # a text, a number, a text, and so on
    pieces[1::2] = map(_value, pieces[1::2])
    return tuple(pieces)


def _value(number: str) -> tuple[float, ...]:
    return tuple(map(float, [number] if number.count(".") < 2 else number.split(".")))
