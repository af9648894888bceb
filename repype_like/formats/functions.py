"""A format made of two functions: one that saves a value, and one that loads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from repype_like.errors import UsageError
from repype_like.formats.base import Format
from repype_like.typing import Any

__all__ = ["FunctionFormat"]

_SUFFIX = r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*"


class FunctionFormat(Format):
    """Saves values by a function, and loads them by another.

    Arguments:
        save: Called with a value and the path of a new file.
        load: Called with the path; returns the value.
        suffix: That of the file.

    Raises:
        UsageError: If results could not remember where the functions are.
    """

    def __init__(self, save: Callable[[Any, Path], Any], load: Callable[[Path], Any], suffix: Any = "bin"):
        self.place = f"{_place_of(save)} {_place_of(load)} {suffix}"
        self.save = save
        self.load = load
        self.suffix = suffix
        if not isinstance(suffix, str) or not re.fullmatch(_SUFFIX, suffix):
            raise UsageError(f'the suffix of a file is a text such as "stl", without the dot, and not {suffix!r}')

    @classmethod
    def of(cls, named: Sequence[Any]) -> FunctionFormat:
        """Return the format that a stage names as ``(save, load)`` or ``(save, load, suffix)``.

        Raises:
            UsageError: If it is something else.
        """
        if not 2 <= len(named) <= 3 or not all(map(callable, named[:2])):
            raise UsageError("a format of functions is named as (save, load) or (save, load, suffix), and not as "
                             f"{tuple(named)!r}")
        return cls(*named)

    def write(self, value: Any, path: Path) -> None:
        """Save a value."""
        self.save(value, path)
        if not path.is_file():
            raise UsageError(f"{self.save.__qualname__} was to write the file {path.name}, and has not; if it adds a "
                             "suffix of its own, name that: (save, load, suffix)")

    def read(self, path: Path) -> Any:
        """Load a value."""
        return self.load(path)


def _place_of(function: Any) -> str:
    """Return ``module:name``, by which a function is found again."""
    place = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"
    if "<" in place or place[0] == ":" or place[-1] == ":":
        raise UsageError(f"{function!r} cannot be found again to load what it stores: write it as a function of a "
                         "module")
    return place
