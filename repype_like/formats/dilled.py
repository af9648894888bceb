"""Pickles made by dill: for lambdas, and for objects of classes that exist only in this process.

Such classes and functions are written out as a whole, with what they use of the module around them.
"""

from __future__ import annotations

import enum
import io
import pickle
import warnings
from functools import cache

from repype_like.typing import Any

__all__ = ["MAIN", "dump_dilled", "load_dilled"]

MAIN = ("__main__", "__mp_main__")
"""What the main script is called: here, and in processes that were started by it."""


def dump_dilled(value: Any) -> bytes:
    """Return the pickle of `value`.

    Raises:
        Exception: Any, if dill or the classes of `value` refuse.
    """
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _classes()[0](file, protocol=5, byref=False, recurse=True).dump(value)
    return file.getvalue()


def load_dilled(stream: bytes) -> Any:
    """Return the value.

    Raises:
        Exception: Any, if what it needs is not there.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _classes()[1](io.BytesIO(stream)).load()


@cache
def _classes() -> tuple[Any, Any]:
    """Return dill's pickler and unpickler, made stricter."""
    import dill  # slow to import, and seldom needed

    files = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)

    class Pickler(dill.Pickler):  # type: ignore[misc]
        # dill would take open files, and open them anew, whatever is in them then
        dispatch = type(dill.Pickler.dispatch)({**dill.Pickler.dispatch, **dict.fromkeys(files, _refuse_file)})

        def reducer_override(self, value: Any) -> Any:
            return _reduce_enum(value) if isinstance(value, enum.EnumMeta) and _is_local(value) else NotImplemented

    class Unpickler(dill.Unpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            if module in MAIN:
                raise pickle.PicklingError(f"{name} exists in the main script only; define it in a module")
            return super().find_class(module, name)

    return Pickler, Unpickler


def _refuse_file(_: Any, file: Any) -> None:
    raise TypeError(f"cannot pickle an open file: {getattr(file, 'name', file)!r}")


def _is_local(cls: type) -> bool:
    return cls.__module__ in MAIN or "<locals>" in cls.__qualname__


def _reduce_enum(cls: Any) -> tuple[Any, ...]:
    """Take an enumeration apart; dill makes pickles of them that do not load."""
    members = {name: member.value for name, member in cls.__members__.items()}
    own = {name: item for name, item in vars(cls).items()
           if name not in members and not name.startswith("_") and not isinstance(item, enum.Enum)}
    described = (cls.__name__, cls.__qualname__, cls.__module__, cls.__bases__, members)
    return _make_enum, described, own, None, None, _set_all


def _make_enum(name: str, qualified_name: str, module: str, bases: tuple[Any, ...], members: dict[str, Any]) -> Any:
    kind = type(bases[-1])
    body = kind.__prepare__(name, bases)
    for member, value in members.items():
        body[member] = value
    body["__module__"], body["__qualname__"] = module, qualified_name
    return kind(name, bases, body)


def _set_all(cls: Any, attributes: dict[str, Any]) -> None:
    for name, attribute in attributes.items():
        setattr(cls, name, attribute)
