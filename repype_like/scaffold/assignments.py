"""What is to vary: ``stage.parameter=value,value``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from repype_like.errors import SpecError, UsageError, did_you_mean
from repype_like.spec import parse_document
from repype_like.typing import Any

__all__ = ["Assignment", "parse_assignment"]


@dataclass(frozen=True)
class Assignment:
    """A parameter of a stage, and the values that it is to have."""

    keys: tuple[str, ...]
    """The section and the keys in it."""
    values: tuple[Any, ...]


def parse_assignment(text: str, parameters: Mapping[str, Iterable[tuple[str, ...]]]) -> Assignment:
    """Return what ``stage.parameter=value,value`` says.

    Values are written as in YAML; ``[1, 2]`` is one value. The stage may be left out if only one stage has a parameter
    of that name.

    Arguments:
        text: What the user wrote.
        parameters: By stage, the parameters that are known: their keys within the section of the stage.

    Raises:
        UsageError: If it cannot be understood, or there is no such stage or parameter.
    """
    name, equals, written = text.partition("=")
    if not equals or not name or not written:
        raise UsageError(f"--set {text}: write what varies and its values, as in --set blur.sigma=1,2,3")
    return Assignment(_keys(text, tuple(name.split(".")), parameters), _values(text, written))


def _values(text: str, written: str) -> tuple[Any, ...]:
    try:
        values = parse_document(f"values: [{written}]".encode(), Path("--set")).value["values"]
    except SpecError as error:
        problem = error.problems[0]
        hint = f"; {problem.hint}" if problem.hint else ""
        raise UsageError(f"--set {text}: {problem.message}{hint}") from error
    return tuple(values)


def _keys(text: str, keys: tuple[str, ...], parameters: Mapping[str, Iterable[tuple[str, ...]]]) -> tuple[str, ...]:
    """Return `keys` with the stage in front."""
    if keys[0] in parameters:
        if len(keys) == 1:
            raise UsageError(f'--set {text}: name a parameter of the stage "{keys[0]}": '
                             f"{_some('.'.join((keys[0], *known)) for known in parameters[keys[0]])}")
        known, wanted = {".".join(item) for item in parameters[keys[0]]}, ".".join(keys[1:])
        hint = did_you_mean(wanted, known) if wanted not in known and wanted != "enabled" else ""
        if hint:  # without one, the stage may know parameters that nobody has told us of
            raise UsageError(f'--set {text}: the stage "{keys[0]}" has no parameter "{wanted}"; {hint}')
        return keys
    having = [stage for stage, known in parameters.items() if keys in set(known)]
    if len(having) == 1:
        return having[0], *keys
    if having:
        raise UsageError(f'--set {text}: the stages {_some(having)} have a parameter "{".".join(keys)}"; write, for '
                         f"example: --set {having[0]}.{text}")
    names = [*parameters, *(".".join(item) for known in parameters.values() for item in known)]
    hint = did_you_mean(keys[0], names) or f"the stages are {_some(parameters)}"
    raise UsageError(f'--set {text}: there is neither a stage nor a parameter "{keys[0]}"; {hint}')


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
