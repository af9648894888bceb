"""The JSON schema of what YAML can say for a type that a stage declares; the counterpart of its conversion."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import types
from pathlib import PurePath
from typing import Annotated, Literal, Union, get_args, get_origin

from repype_like.schema.docs import docs_of_class
from repype_like.stage import to_yaml
from repype_like.stage.hints import hints_of
from repype_like.typing import Any

__all__ = ["is_sayable", "schema_for"]

_SEQUENCES = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable,
              collections.abc.Collection)
_MAPPINGS = (dict, collections.abc.Mapping)
_SCALARS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null", None: "null"}


def schema_for(hint: Any, within: tuple[type, ...] = ()) -> dict[str, Any]:
    """Return the schema of the values that convert to a type; one that is not known admits everything.

    Arguments:
        hint: The type.
        within: The dataclasses that it is a part of, since these may contain themselves.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return schema_for(arguments[0], within)
    if origin is Union or origin is types.UnionType:
        return _schema_of_union([schema_for(option, within) for option in arguments])
    if origin is Literal:
        return {"enum": list(arguments)}
    if hint is None or (isinstance(hint, type) and hint in _SCALARS):
        return {"type": _SCALARS[hint]}
    if (origin or hint) in _SEQUENCES:
        return _schema_of_sequence(origin or hint, arguments, within)
    if (origin or hint) in _MAPPINGS:
        values = schema_for(arguments[1], within) if len(arguments) == 2 else {}
        return {"type": "object", **({"additionalProperties": values} if values else {})}
    if origin is not None or not isinstance(hint, type):
        return {}
    return _schema_of_class(hint, within)


def _schema_of_union(options: list[dict[str, Any]]) -> dict[str, Any]:
    if not all(options):
        return {}
    if all(option.keys() == {"type"} and isinstance(option["type"], str) for option in options):
        return {"type": list(dict.fromkeys(option["type"] for option in options))}
    return {"anyOf": options}


def _schema_of_sequence(kind: Any, arguments: tuple[Any, ...], within: tuple[type, ...]) -> dict[str, Any]:
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        return {"type": "array", "prefixItems": [schema_for(item, within) for item in arguments], "items": False,
                "minItems": len(arguments)}
    items = schema_for(arguments[0], within) if arguments else {}
    return {"type": "array", **({"items": items} if items else {})}


def _schema_of_class(cls: type, within: tuple[type, ...]) -> dict[str, Any]:
    if issubclass(cls, enum.Enum):
        names = [*cls.__members__, *(member.value for member in cls if is_sayable(member.value))]
        return {"enum": list(dict.fromkeys(names))}
    if issubclass(cls, PurePath):
        return {"type": "string"}
    if dataclasses.is_dataclass(cls):
        return {"type": "object"} if cls in within else _schema_of_dataclass(cls, (*within, cls))
    return {}


def _schema_of_dataclass(cls: Any, within: tuple[type, ...]) -> dict[str, Any]:
    hints, docs = hints_of(cls), docs_of_class(cls)
    properties: dict[str, Any] = {}
    for item in dataclasses.fields(cls):
        if item.init:
            properties[item.name] = schema_for(hints.get(item.name, Any), within)
            if item.name in docs.parameters:
                properties[item.name]["description"] = docs.parameters[item.name]
            if item.default is not dataclasses.MISSING and is_sayable(default := to_yaml(item.default)):
                properties[item.name]["default"] = default
    # Nothing is required: what a task does not say, it inherits
    return {"type": "object", "properties": properties, "additionalProperties": False}


def is_sayable(value: Any) -> bool:
    """Tell whether JSON can say a value."""
    if isinstance(value, (list, tuple)):
        return all(map(is_sayable, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_sayable(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, str)) or (
        isinstance(value, float) and value - value == 0)  # neither infinite nor NaN
