"""Values as bytes: equal values give equal bytes, in every process, for every hash seed, on every Python.

The form is typed (``1``, ``1.0``, ``"1"`` and ``True`` differ, and so do a list and a tuple), the order of dictionaries
and sets does not matter, and every NaN is the same. Whatever is not plain data is written as the name of its class and
its state. The bytes are meant for hashing, not for reading back.
"""

from __future__ import annotations

import copyreg
import datetime
import enum
import functools
import re
import struct
import types
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePath

from repype_like.errors import text_of
from repype_like.fingerprint import canonical_arrays
from repype_like.hashing import hash_bytes
from repype_like.typing import Any

__all__ = ["NoCanonicalForm", "canonical_bytes", "hash_value"]

Encode = Callable[[Any], bytes]
Describe = Callable[[Any], "str | None"]


class NoCanonicalForm(TypeError):
    """A value has no form that is the same in another process; the message names its type."""


def canonical_bytes(value: Any, *, root: Path | None = None, describe: Describe | None = None) -> bytes:
    """Return the canonical form of `value`.

    Arguments:
        value: Plain data, dates, enums, dataclasses, paths, patterns, partials, arrays, tables, functions and classes
            that can be imported, and objects that could be pickled and consist of these.
        root: Absolute paths below it, also those given as str, are written relative to it.
        describe: Asked for the text that stands for a class, a function or a module; None means that its dotted name
            does.

    Raises:
        NoCanonicalForm: If `value` is or contains something else.
    """
    if root is None and describe is None:
        try:
            return _PLAIN[type(value)](value, _encode_plain)
        except (KeyError, RecursionError):
            pass  # not plain data, or nested within itself
    try:
        return _Encoder(root, describe)(value)
    except RecursionError:
        raise NoCanonicalForm(f"a {type(value).__qualname__} is nested too deeply") from None


def hash_value(value: Any, *, root: Path | None = None, describe: Describe | None = None) -> str:
    """Return the hash of the canonical form of `value`, see :func:`canonical_bytes`."""
    return hash_bytes(canonical_bytes(value, root=root, describe=describe))


# --- plain data ------------------------------------------------------------------------------------------------------

_pack_float = struct.Struct(">d").pack


def _none(_value: None, _encode: Encode) -> bytes:
    return b"N"


def _bool(value: bool, _encode: Encode) -> bytes:
    return b"T" if value else b"F"


def _int(value: int, _encode: Encode) -> bytes:
    return b"i%x;" % value  # hexadecimal: decimal digits of large numbers take quadratic time, and are limited


def _float(value: float, _encode: Encode) -> bytes:
    return b"f" + _pack_float(value) if value == value else b"n"  # NaN alone is unequal to itself


def _str(value: str, _encode: Encode) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"s%d:%b" % (len(data), data)


def _bytes(value: bytes | bytearray, _encode: Encode) -> bytes:
    return (b"b%d:" if type(value) is bytes else b"y%d:") % len(value) + value


def _list(value: list[Any], encode: Encode) -> bytes:
    return b"[%b]" % b"".join([encode(item) for item in value])


def _tuple(value: tuple[Any, ...], encode: Encode) -> bytes:
    return b"(%b)" % b"".join([encode(item) for item in value])


def _dict(value: dict[Any, Any], encode: Encode) -> bytes:
    return b"{%b}" % b"".join(sorted([encode(key) + encode(item) for key, item in value.items()]))


def _set(value: Iterable[Any], encode: Encode) -> bytes:
    return b"<%b>" % b"".join(sorted([encode(item) for item in value]))


def _frozenset(value: Iterable[Any], encode: Encode) -> bytes:
    return b"z" + _set(value, encode)


_PLAIN: dict[type, Callable[[Any, Encode], bytes]] = {
    type(None): _none, bool: _bool, int: _int, float: _float, str: _str, bytes: _bytes, bytearray: _bytes,
    list: _list, tuple: _tuple, dict: _dict, set: _set, frozenset: _frozenset,
}
_LEAVES = frozenset({type(None), bool, int, float, bytes, bytearray})


def _encode_plain(value: Any) -> bytes:
    return _PLAIN[type(value)](value, _encode_plain)


# --- everything else -------------------------------------------------------------------------------------------------


def _tagged(tag: str, *parts: Any) -> Callable[[Encode], bytes]:
    """Return what writes a value as a tag and parts."""
    return lambda encode: b"t" + _str(tag, encode) + _tuple(parts, encode)


def _enum(value: enum.Enum) -> Callable[[Encode], bytes]:
    return _tagged("enum", type(value), value.name, value.value)


def _datetime(value: datetime.datetime | datetime.time) -> Callable[[Encode], bytes]:
    name = "datetime" if isinstance(value, datetime.datetime) else "time"
    return _tagged(name, value.replace(tzinfo=None).isoformat(), value.fold, value.tzinfo)


def _partial(value: functools.partial[Any]) -> Callable[[Encode], bytes]:
    return _tagged("partial", value.func, value.args, value.keywords)


def _partialmethod(value: functools.partialmethod[Any]) -> Callable[[Encode], bytes]:
    return _tagged("partialmethod", value.func, value.args, value.keywords)


def _wrapped(value: Any) -> Callable[[Encode], bytes]:
    return _tagged(type(value).__name__, value.__func__, getattr(value, "__self__", None))


def _property(value: property) -> Callable[[Encode], bytes]:
    return _tagged("property", value.fget, value.fset, value.fdel)


_BY_BASE: dict[type, Callable[[Any], Callable[[Encode], bytes]]] = {
    enum.Enum: _enum,
    complex: lambda value: _tagged("complex", value.real, value.imag),
    range: lambda value: _tagged("range", value.start, value.stop, value.step),
    slice: lambda value: _tagged("slice", value.start, value.stop, value.step),
    memoryview: lambda value: _tagged("memoryview", value.tobytes()),
    datetime.datetime: _datetime,
    datetime.time: _datetime,
    datetime.date: lambda value: _tagged("date", value.isoformat()),
    datetime.timedelta: lambda value: _tagged("timedelta", value.days, value.seconds, value.microseconds),
    datetime.timezone: lambda value: _tagged("timezone", value.utcoffset(None), value.tzname(None)),
    re.Pattern: lambda value: _tagged("pattern", value.pattern, value.flags),
    types.MappingProxyType: lambda value: _tagged("mappingproxy", dict(value)),
    functools.partial: _partial,
    functools.partialmethod: _partialmethod,
    types.MethodType: _wrapped,
    staticmethod: _wrapped,
    classmethod: _wrapped,
    property: _property,
    functools.cached_property: lambda value: _tagged("cached_property", value.func),
}
_BY_NAME: dict[str, Callable[[Any], Callable[[Encode], bytes]]] = {
    "decimal.Decimal": lambda value: _tagged("decimal", str(value)),
    "fractions.Fraction": lambda value: _tagged("fraction", value.numerator, value.denominator),
    "uuid.UUID": lambda value: _tagged("uuid", value.int),
}
"""Classes of modules that take time to import: whoever has a value of one has imported it."""

_REFERENCES = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.WrapperDescriptorType,
               types.MethodDescriptorType, types.ClassMethodDescriptorType)


class _Encoder:
    """Encodes a value that is more than plain data, and keeps track of what it is within."""

    def __init__(self, root: Path | None, describe: Describe | None):
        self.root = str(root) if root is not None else None
        self.describe = describe
        self.depths: dict[int, int] = {}  # of the containers that are being encoded, by their identity

    def __call__(self, value: Any) -> bytes:
        cls = type(value)
        if cls in _LEAVES:
            return _PLAIN[cls](value, self)
        if cls is str:
            return self._text(value)
        depth = self.depths.get(id(value))
        if depth is not None:
            return b"@%d;" % (len(self.depths) - depth)
        self.depths[id(value)] = len(self.depths)
        try:
            plain = _PLAIN.get(cls)
            return plain(value, self) if plain else self._special(value)
        finally:
            del self.depths[id(value)]

    def _text(self, value: str) -> bytes:
        if self.root is not None and value.startswith(self.root) and value[len(self.root):][:1] in ("", "/", "\\"):
            return b"r" + _str(value[len(self.root):], self)
        return _str(value, self)

    def _special(self, value: Any) -> bytes:
        if isinstance(value, _REFERENCES):
            return self._reference(value)
        if isinstance(value, PurePath):
            return b"p" + self._text(value.as_posix())
        for base in type(value).__mro__:
            write = _BY_BASE.get(base) or _BY_NAME.get(f"{base.__module__}.{base.__qualname__}")
            if write is not None:
                return write(value)(self)
        arrays = canonical_arrays.parts(value)
        if arrays is not None:
            return _tagged(*arrays)(self)
        if is_dataclass(value):
            state = {field.name: getattr(value, field.name) for field in fields(value) if hasattr(value, field.name)}
            state.update(getattr(value, "__dict__", {}))  # it may have been given more
            return _tagged("dataclass", type(value), state)(self)
        return self._object(value)

    def _reference(self, value: Any) -> bytes:
        owner = getattr(value, "__self__", None)
        if isinstance(value, types.BuiltinFunctionType) and not isinstance(owner, (type(None), types.ModuleType, type)):
            return _tagged("method", owner, value.__name__)(self)  # such as the join of "a".join
        text = self.describe(value) if self.describe else None
        if text is None:
            text = _dotted_name(value)
        return b"g" + _str(text, self)

    def _object(self, value: Any) -> bytes:
        """Encode an object by its class and what pickle would store of it."""
        cls = type(value)
        if cls.__module__ == "itertools":
            raise NoCanonicalForm(f"the state of a {cls.__qualname__} cannot be seen")
        try:
            reduce = copyreg.dispatch_table.get(cls)
            reduced = reduce(value) if reduce else value.__reduce_ex__(4)
        except RecursionError:
            raise
        except Exception as error:  # whatever the code of a user or a library raises
            kind = f"{cls.__module__}.{cls.__qualname__}"
            raise NoCanonicalForm(f"the state of a {kind} cannot be seen: {text_of(error)}") from error
        if isinstance(reduced, str):
            named = self.describe(value) if self.describe else None
            return b"g" + _str(named or f"{getattr(value, '__module__', None) or cls.__module__}:{reduced}", self)
        make, arguments, state, items, entries = (*reduced, None, None, None)[:5]
        if make is copyreg.__newobj__:  # type: ignore[attr-defined]
            make, *arguments = arguments
        if isinstance(value, (set, frozenset)):
            arguments = (set(value),)  # pickle lists it in an order that depends on the hash seed
        pairs = list(entries or ())
        return b"o" + b"".join((
            self(cls), b"" if make is cls else self(make), self._each(arguments), self(state), self._each(items or ()),
            self._each(pairs) if isinstance(value, OrderedDict) else self(dict(pairs)),
        ))

    def _each(self, values: Iterable[Any]) -> bytes:
        return _tuple(tuple(values), self)


def _dotted_name(value: Any) -> str:
    """Return ``module:name`` of something that can be imported by this name in another process."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    name = getattr(value, "__qualname__", "<unnamed>")
    owner = getattr(value, "__objclass__", getattr(value, "__self__", None))
    module = getattr(value, "__module__", None) or getattr(owner, "__module__", None)
    if "<" in name:
        raise NoCanonicalForm(f"{module}.{name} cannot be found by its name")
    return f"{module}:{name}"
