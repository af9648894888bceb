"""Finds the format for a value."""

from __future__ import annotations

from functools import cache

from repype_like.errors import NotStorableError, UsageError, did_you_mean
from repype_like.formats.base import Format, type_name
from repype_like.formats.compression import is_worthwhile
from repype_like.formats.container import ContainerFormat
from repype_like.formats.json import JsonFormat, is_small_plain
from repype_like.formats.npy import CompressedNpyFormat, NpyFormat, array_bytes, is_plain_array
from repype_like.typing import Any

__all__ = ["GROUP", "format_for", "format_named"]

GROUP = "repype_like.formats"
"""The entry point group under which distributions register formats: ``name = "module:FormatClass"``."""

_JSON, _NPY, _COMPRESSED, _CONTAINER = JsonFormat(), NpyFormat(), CompressedNpyFormat(), ContainerFormat()

_BUILT_IN: dict[str, Format] = {item.name: item for item in (_JSON, _NPY, _COMPRESSED, _CONTAINER)}


def format_for(value: Any, name: str | None = None) -> Format:
    """Return the format to store `value` in: the one with this name, or the best for its type.

    Small plain data goes into JSON, a plain array into npy (compressed if that pays), all else into a container.

    Raises:
        UsageError: If there is no format of this name.
        NotStorableError: If the format of this name does not keep the value.
    """
    if name is not None:
        named = format_named(name)
        if not named.can_store(value):
            raise NotStorableError(f'a {type_name(value)} cannot be stored as "{name}": it would come back as another')
        return named
    if is_small_plain(value):
        return _JSON
    if is_plain_array(value):
        return _COMPRESSED if value.nbytes and is_worthwhile(array_bytes(value)) else _NPY
    return _CONTAINER


def format_named(name: str) -> Format:
    """Return the format with this name.

    Raises:
        UsageError: If there is none, or it cannot be imported.
    """
    built_in = _BUILT_IN.get(name)
    return built_in if built_in is not None else _installed(name)


@cache
def _installed(name: str) -> Format:
    """Return a format that some installed distribution brings along."""
    from importlib.metadata import entry_points  # slow to import

    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in entries:
        known = sorted({*_BUILT_IN, *entries})
        raise UsageError(f'there is no format "{name}"; {did_you_mean(name, known) or "known are " + ", ".join(known)}')
    try:
        found = entries[name].load()()
    except Exception as error:  # whatever a module of somebody else raises when it is imported
        raise UsageError(f'the format "{name}" ({entries[name].value}) cannot be imported: {error}') from error
    if not isinstance(found, Format):
        raise UsageError(f'the format "{name}" ({entries[name].value}) is not a subclass of repype_like.formats.Format')
    return found
