"""Files that code of the project reads once, and keeps what it read: later executions in this process depend on them.

A table that a function loads when it is first called, and keeps in a cache, in a global variable or in an attribute, is
opened by the first execution alone. Those that follow read what was kept, which nobody can see. So whatever reaches
such a function is taken to have read the file as well.
"""

from __future__ import annotations

import dis
import functools
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import CodeType, FrameType

from repype_like.stage import Stage
from repype_like.typing import Any, NamedTuple

__all__ = ["recalled", "remember"]

_CONTAINERS = (dict, list, set)
_PUTTING = frozenset({"append", "add", "extend", "setdefault", "update"})

_kept: dict[str, set[str]] = {}  # by the piece of code, module:name, the files that it may have kept the content of


def remember(path: str, roots: Iterable[object]) -> None:
    """Note that a file is being opened, if any function of the project that is being called may keep what it reads.

    Arguments:
        path: The file.
        roots: The folders that code of the project lies in.
    """
    folders = tuple(f"{root}/" for root in roots)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(folders) and _keeps(frame):
            for name in _names_of(frame):
                _kept.setdefault(name, set()).add(path)
        frame = frame.f_back


def recalled(pieces: Callable[[], Iterable[str]]) -> Sequence[str]:
    """Return the files that pieces of code, each ``module:name``, may have kept the content of."""
    return sorted({path for piece in pieces() for path in _kept.get(piece, ())}) if _kept else ()


def _names_of(frame: FrameType) -> Iterator[str]:
    module = frame.f_globals.get("__name__")
    yield f"{module}:{frame.f_code.co_name}"
    owner = _owner(frame)
    for cls in (owner if isinstance(owner, type) else type(owner)).__mro__:
        yield f"{cls.__module__}:{cls.__qualname__.partition('.')[0]}"


def _keeps(frame: FrameType) -> bool:
    """Tell whether what a function reads may be there after the execution."""
    stores = _stores(frame.f_code)
    if stores.sets_global or any(isinstance(frame.f_globals.get(name), _CONTAINERS) for name in stores.containers):
        return True
    owner = _owner(frame)
    own = [vars(cls).get(frame.f_code.co_name) for cls in (owner if isinstance(owner, type) else type(owner)).__mro__]
    if any(hasattr(value, "cache_info") for value in [frame.f_globals.get(frame.f_code.co_name), *own]):
        return True  # such as functools.lru_cache
    keeps_itself = stores.sets_attribute or any(isinstance(value, functools.cached_property) for value in own)
    return keeps_itself and _outlives(owner, frame)


def _outlives(owner: Any, frame: FrameType | None) -> bool:
    """Tell whether an object is a class, a stage, or belongs to a module or a stage."""
    if isinstance(owner, (type, Stage)):
        return True
    while frame is not None:
        holder = _owner(frame)
        held = vars(holder).values() if isinstance(holder, Stage) else ()
        if any(value is owner for values in (frame.f_globals.values(), held) for value in list(values)):
            return True
        frame = frame.f_back
    return False


def _owner(frame: FrameType) -> Any:
    """Return what a function is a method of, if it is one: its first argument."""
    return frame.f_locals.get(frame.f_code.co_varnames[0]) if frame.f_code.co_argcount else None


class _Stores(NamedTuple):
    """What a function stores beside its local variables."""

    sets_global: bool
    sets_attribute: bool
    """Whether it sets an attribute of its first argument."""
    containers: frozenset[str]
    """The global names into whose objects it puts something."""


@functools.cache
def _stores(code: CodeType) -> _Stores:
    found = [(item.opname, item.argval) for item in dis.get_instructions(code)]
    first = code.co_varnames[0] if code.co_argcount else None
    containers = {str(name) for (load, name), (attribute, method) in itertools.pairwise(found)
                  if load == "LOAD_GLOBAL" and attribute in ("LOAD_ATTR", "LOAD_METHOD") and method in _PUTTING}
    containers |= {str(name) for (load, name), _, (store, _) in zip(found, found[1:], found[2:], strict=False)
                   if load == "LOAD_GLOBAL" and store == "STORE_SUBSCR"}
    sets_attribute = any(store == "STORE_ATTR" and load.startswith("LOAD_FAST")
                         and (loaded[-1] if isinstance(loaded, tuple) else loaded) == first
                         for (load, loaded), (store, _) in itertools.pairwise(found))
    return _Stores(any(name == "STORE_GLOBAL" for name, _ in found), sets_attribute, frozenset(containers))
