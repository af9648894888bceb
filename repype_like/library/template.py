"""Arguments with places for values: ``--sigma={sigma}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from repype_like.typing import Any

__all__ = ["filled_in", "placeholders_of"]

_PLACE = re.compile(r"(?P<literal>\{\{[A-Za-z_]\w*\}\})|\{(?P<name>[A-Za-z_]\w*)\}")


def placeholders_of(argument: str) -> list[str]:
    """Return the names that an argument has places for."""
    return [place["name"] for place in _PLACE.finditer(argument) if place["name"]]


def filled_in(command: Iterable[Any], values: Mapping[str, Any]) -> list[str]:
    """Return the arguments with values in their places; one that is a list by itself becomes several.

    Raises:
        ValueError: If a value is missing, or is no text, number or path.
    """
    arguments: list[str] = []
    for argument in map(str, command):
        alone = _PLACE.fullmatch(argument)
        if alone is not None and alone["name"] and isinstance(values.get(alone["name"]), (list, tuple)):
            arguments += [_text(alone["name"], item) for item in values[alone["name"]]]
        else:
            arguments.append(_PLACE.sub(lambda place: _filled(place, values), argument))
    return arguments


def _filled(place: re.Match[str], values: Mapping[str, Any]) -> str:
    name = place["name"]
    if not name:
        return place["literal"][1:-1]
    if name not in values:
        raise ValueError(f"{{{name}}} in the command has no value")
    return _text(name, values[name])


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float, PurePath)):
        return str(value)
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return _text(name, value.item())
    raise ValueError(f'"{name}" is {type(value).__name__}, which is no text and no number: name a format for it in '
                     "`files` to hand it over in a file")
