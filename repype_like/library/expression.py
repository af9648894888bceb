"""What says which items of which splits a new split consists of: ``train[:80%] + validation[10:]``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from repype_like.errors import did_you_mean
from repype_like.library.splits import DatasetError, concatenated, sliced
from repype_like.typing import Any

__all__ = ["Part", "evaluate", "parse_expression"]

_PART = re.compile(r"(?P<split>[^\[\]+]+?)\s*(?:\[(?P<bounds>[^\[\]]*)\])?")
_BOUND = re.compile(r"(?P<sign>-?)(?P<number>\d+(?P<point>\.\d*)?|\.\d+)\s*(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class _Bound:
    """Where a slice begins or ends."""

    number: Fraction
    is_share: bool
    """Whether it is a share of the items rather than a count of them."""

    def of(self, size: int) -> int:
        if not self.is_share:
            return int(self.number)
        count = math.floor(abs(self.number) * size)
        return count if self.number >= 0 else size - count


@dataclass(frozen=True, slots=True)
class Part:
    """Items of one split."""

    split: str
    start: _Bound | None = None
    stop: _Bound | None = None
    step: int | None = None

    def of(self, dataset: Mapping[str, Any]) -> Any:
        """Return the items.

        Raises:
            DatasetError: If there is no such split.
        """
        if self.split not in dataset:
            hint = did_you_mean(self.split, dataset) or f"the splits are {', '.join(dataset) or 'none'}"
            raise DatasetError(f'there is no split "{self.split}"; {hint}')
        items = dataset[self.split]
        if self.start is None and self.stop is None and self.step is None:
            return items
        size = len(items)
        return sliced(items, slice(self.start and self.start.of(size), self.stop and self.stop.of(size), self.step))


def parse_expression(text: str) -> tuple[Part, ...]:
    """Return the parts that an expression puts together, in order.

    A part is the name of a split, or a slice of it by the rules of Python: ``train[:1000]``, ``train[-50:]``,
    ``train[::2]``. A bound with a ``%`` or a decimal point is a share of the items, rounded down: ``train[:80%]`` and
    ``train[80%:]``, or ``train[:0.8]`` and ``train[0.8:]``, have every item once.

    Raises:
        ValueError: If it cannot be understood; says why.
    """
    return tuple(_part(part.strip(), text) for part in text.split("+"))


def _part(part: str, text: str) -> Part:
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(f'"{part}" in "{text}" is no split: write train, train[:1000], train[20%:] or several of them '
                         "with + between them" if part else f'"{text}" has nothing before or after a +')
    if found["bounds"] is None:
        return Part(found["split"])
    bounds = found["bounds"].split(":")
    if not 2 <= len(bounds) <= 3:
        raise ValueError(f'"{part}" is no slice: write two numbers with a colon between them, either of which may be '
                         "left out")
    start, stop = (_bound(bound.strip(), part) for bound in bounds[:2])
    return Part(found["split"], start, stop, _step(bounds[2].strip(), part) if len(bounds) == 3 else None)


def _bound(text: str, part: str) -> _Bound | None:
    if not text:
        return None
    found = _BOUND.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" in "{part}" is neither a number of items nor a share of them, such as 20% or 0.2')
    is_share = bool(found["percent"]) or "." in found["number"]
    number = Fraction(found["number"].rstrip(".")) / (100 if found["percent"] else 1)
    if is_share and number > 1:
        raise ValueError(f'"{text}" in "{part}" is more than all items')
    return _Bound(-number if found["sign"] else number, is_share)


def _step(text: str, part: str) -> int | None:
    if not re.fullmatch(r"(-?\d*[1-9]\d*)?", text):
        raise ValueError(f'"{text}" in "{part}" is no step: write a whole number other than 0')
    return int(text) if text else None


def evaluate(text: str, dataset: Mapping[str, Any]) -> Any:
    """Return the items that an expression means in a data set.

    Raises:
        DatasetError: If there is no such split.
        ValueError: If the expression cannot be understood.
    """
    return concatenated([part.of(dataset) for part in parse_expression(text)])
