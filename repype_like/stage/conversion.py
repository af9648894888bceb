"""From what YAML can say to the types that a stage declares, and back."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import types
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Annotated, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

from repype_like.errors import did_you_mean, text_of
from repype_like.stage.hints import hints_of
from repype_like.typing import Any

__all__ = ["ConversionError", "classes_in", "convert", "hint_words", "is_instance", "to_yaml"]

_SEQUENCES = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable,
              collections.abc.Collection)
_MAPPINGS = (dict, collections.abc.Mapping)


class ConversionError(ValueError):
    """A value is not what it has to be; the message says what is expected."""

    def __init__(self, message: str, keys: tuple[str | int, ...] = (), hint: str = ""):
        super().__init__(message)
        self.keys = keys
        """Where in the value."""
        self.hint = hint
        """How to mend it, if that is known."""


def convert(value: Any, hint: Any) -> Any:
    """Return `value`, which YAML has given, as an instance of the type `hint`.

    An int becomes a float where that is wanted, a text a path or a member of an enum (by name or value), a list a tuple
    or a set, and a mapping a dataclass. What `hint` says in ways that are not known here is not checked.

    Raises:
        ConversionError: If that is not possible.
    """
    if hint is Any:
        return value
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return convert(value, arguments[0])
    if origin is Union or origin is types.UnionType:
        return _convert_to_any(value, hint, arguments)
    if origin is Literal:
        return _checked(value, hint, any(type(value) is type(item) and value == item for item in arguments))
    if hint is None or hint is type(None):
        return _checked(value, hint, value is None)
    if (origin or hint) in _SEQUENCES:
        return _convert_to_sequence(value, hint, origin or hint, arguments)
    if (origin or hint) in _MAPPINGS:
        _checked(value, hint, isinstance(value, Mapping))
        key, item = arguments or (Any, Any)
        return {_convert_at(one, one, key): _convert_at(one, other, item) for one, other in value.items()}
    if origin is not None or not isinstance(hint, type):
        return value
    return _convert_to_class(value, hint)


def _convert_at(key: str | int, value: Any, hint: Any) -> Any:
    """Convert what stands at `key` of something larger."""
    try:
        return convert(value, hint)
    except ConversionError as error:
        raise ConversionError(str(error), (key, *error.keys), error.hint) from error


def _convert_to_any(value: Any, hint: Any, options: tuple[Any, ...]) -> Any:
    for option in options:  # as it is, if that is possible
        if isinstance(option, type) and type(value) is option:
            return value
    inside: list[ConversionError] = []
    for option in options:
        try:
            return convert(value, option)
        except ConversionError as error:
            inside += [error] if error.keys else []
    if len(inside) == 1:  # it is of the right kind, but for a part of it
        raise inside[0]
    return _checked(value, hint, False)


def _convert_to_sequence(value: Any, hint: Any, kind: Any, arguments: tuple[Any, ...]) -> Any:
    _checked(value, hint, isinstance(value, (list, tuple, set, frozenset)))
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        _checked(value, hint, len(value) == len(arguments))
        return tuple(map(_convert_at, range(len(arguments)), value, arguments))
    items = [_convert_at(index, item, arguments[0]) if arguments else item for index, item in enumerate(value)]
    return kind(items) if kind in (tuple, set, frozenset) else items


def _convert_to_class(value: Any, cls: type) -> Any:
    if isinstance(value, cls) and not (isinstance(value, bool) and cls is not bool and issubclass(cls, (int, float))):
        return value
    if cls is float:
        return float(_checked(value, cls, isinstance(value, int) and not isinstance(value, bool)))
    if issubclass(cls, enum.Enum):
        return _convert_to_enum(value, cls)
    if issubclass(cls, PurePath):
        return cls(_checked(value, cls, isinstance(value, str)))
    if dataclasses.is_dataclass(cls):
        return _convert_to_dataclass(value, cls)
    if cls in (bool, int, str, bytes):
        return _checked(value, cls, False)
    return value if cls is object else _checked(value, cls, False)


def _convert_to_enum(value: Any, cls: type[enum.Enum]) -> enum.Enum:
    if isinstance(value, str) and value in cls.__members__:
        return cls[value]
    for member in cls:
        if type(member.value) is type(value) and member.value == value:
            return member
    raise ConversionError(f"one of {', '.join(cls.__members__)} is expected instead of {value!r}")


def _convert_to_dataclass(value: Any, cls: Any) -> Any:
    _checked(value, cls, isinstance(value, Mapping))
    hints = hints_of(cls)
    known = {item.name: item for item in dataclasses.fields(cls) if item.init}
    for key in value:
        if key not in known:
            hint = did_you_mean(key, known) or f"the parameters are {', '.join(known) or 'none'}"
            raise ConversionError(f'there is no parameter "{key}"', (key,), hint)
    given = {key: _convert_at(key, item, hints.get(key, Any)) for key, item in value.items()}
    for name, item in known.items():
        if name not in given and item.default is item.default_factory is dataclasses.MISSING:
            raise ConversionError(f'the parameter "{name}" has no default and is not given')
    try:
        return cls(**given)
    except Exception as error:  # the class has an opinion of its own
        raise ConversionError(f"{cls.__name__}: {text_of(error)}") from error


def _checked(value: Any, hint: Any, holds: bool) -> Any:
    if not holds:
        raise ConversionError(f"{hint_words(hint)} is expected instead of {value!r}")
    return value


def classes_in(hint: Any) -> Iterator[type]:
    """Yield the dataclasses and enums that :func:`convert` may make instances of for the type `hint`."""
    pending, found = [hint], set[type]()
    while pending:
        hint = pending.pop()
        pending += get_args(hint)
        if not isinstance(hint, type) or get_origin(hint) is not None or hint in found:
            continue
        if dataclasses.is_dataclass(hint):
            hints = hints_of(hint)
            pending += [hints[item.name] for item in dataclasses.fields(hint) if item.name in hints]
        elif not issubclass(hint, enum.Enum):
            continue
        found.add(hint)
        yield hint


def hint_words(hint: Any) -> str:
    """Return a type in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return hint_words(arguments[0])
    if origin is Union or origin is types.UnionType:
        return " or ".join(map(hint_words, arguments))
    if origin is Literal:
        return "one of " + ", ".join(map(repr, arguments)) if len(arguments) > 1 else repr(arguments[0])
    if (origin or hint) in (*_SEQUENCES, *_MAPPINGS):
        return _container_words(origin or hint, arguments)
    names = {float: "a number", int: "an integer", str: "a text", bool: "true or false", type(None): "null",
             None: "null", Path: "a path"}
    if hint in names:
        return names[hint]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return f"one of {', '.join(hint.__members__)}"
    return str(hint).replace("typing.", "") if origin is not None or not isinstance(hint, type) else hint.__qualname__


def _container_words(kind: Any, arguments: tuple[Any, ...]) -> str:
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        return f"a list of {len(arguments)} items ({', '.join(map(hint_words, arguments))})"
    items = arguments[1 if kind in _MAPPINGS else 0] if arguments else Any
    named, each = "a mapping" if kind in _MAPPINGS else "a list", hint_words(items)
    if items is Any:
        return named
    plurals = {"a number": "numbers", "an integer": "integers", "a text": "texts", "a path": "paths"}
    return f"{named} of {plurals.get(each, f'items, each {each}')}"


def to_yaml(value: Any) -> Any:
    """Return a value, such as a default, as YAML would say it; what it cannot say stays as it is."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [to_yaml(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((to_yaml(item) for item in value), key=repr)
    if isinstance(value, Mapping):
        return {to_yaml(key): to_yaml(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_yaml(getattr(value, item.name)) for item in dataclasses.fields(value) if item.init}
    return value


def is_instance(value: Any, hint: Any) -> bool:
    """Tell whether the value of a field is what `hint` says, as far as that can be told without looking into it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return is_instance(value, arguments[0])
    if origin is Union or origin is types.UnionType:
        return any(is_instance(value, option) for option in arguments)
    if origin is Literal:
        return value in arguments
    if hint is None:
        return value is None
    if isinstance(hint, (str, ForwardRef, TypeVar)):
        return True
    kind = origin or hint
    if not isinstance(kind, type) or getattr(kind, "_is_protocol", False) or kind is Any:
        return True
    if kind is float:
        return _is_number(value, float)
    if kind is int and not isinstance(value, bool):
        return _is_number(value, int)
    try:
        return isinstance(value, kind)
    except TypeError:
        return True


def _is_number(value: Any, kind: type) -> bool:
    """Tell whether a value is a number of a kind; numpy's count as those of Python."""
    wanted = ("f", "i", "u") if kind is float else ("i", "u")
    return isinstance(value, (int, kind)) or (
        getattr(getattr(value, "dtype", None), "kind", "") in wanted and getattr(value, "shape", None) == ())
