"""Finds the format for a value, and the format that a name stands for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from types import GeneratorType

from repype_like.errors import NotStorableError, RepypeError, UsageError, did_you_mean, text_of
from repype_like.formats.base import Format, type_name
from repype_like.formats.compression import is_worthwhile
from repype_like.formats.container import ContainerFormat
from repype_like.formats.functions import FunctionFormat
from repype_like.formats.json import JsonFormat, is_small_plain
from repype_like.formats.npy import CompressedNpyFormat, NpyFormat, array_bytes, is_plain_array
from repype_like.formats.text import TextFormat
from repype_like.typing import Any

__all__ = ["GROUP", "FormatLike", "format_for", "format_for_suffix", "format_named", "known_suffixes",
           "name_of"]

GROUP = "repype_like.formats"
"""The entry point group under which distributions register formats: ``name = "module:FormatClass"``."""

FormatLike = (str | Format | type[Format] | tuple[Callable[..., Any], Callable[..., Any]]
              | tuple[Callable[..., Any], Callable[..., Any], str])
"""What a stage names a format by: its name, an instance, the class itself, or functions that save and load a value,
followed by the suffix of the file."""

_JSON, _NPY, _COMPRESSED, _TEXT, _CONTAINER = (
    JsonFormat(), NpyFormat(), CompressedNpyFormat(), TextFormat(), ContainerFormat())

_COMMON: dict[str, Format] = {item.name: item for item in (_JSON, _NPY, _COMPRESSED, _TEXT, _CONTAINER)}

_FURTHER = {
    "arrow": "repype_like.formats.parquet:ArrowFormat",
    "csv": "repype_like.formats.csv:CsvFormat",
    "figure": "repype_like.formats.figure:FigureFormat",
    "file": "repype_like.formats.file:FileFormat",
    "parquet": "repype_like.formats.parquet:ParquetFormat",
    "png": "repype_like.formats.png:PngFormat",
    "sequence": "repype_like.formats.sequence:SequenceFormat",
    "tiff": "repype_like.formats.tiff:TiffFormat",
}
"""Those that few stages use, so that the others need not wait until they are imported."""

_SUFFIXES = {
    "arrow": "arrow", "csv": "csv", "feather": "arrow", "json": "json", "md": "text", "npy": "npy",
    "npy.gz": "npy.gz", "parquet": "parquet", "pdf": "figure", "png": "png", "repype": "container", "svg": "figure",
    "tif": "tiff", "tiff": "tiff", "txt": "text", "zip": "sequence",
}


def format_for(value: Any, named: FormatLike | None = None) -> Format:
    """Return the format to store `value` in: the one that is named, or the best for its type.

    Small plain data goes into JSON, long text into a text file, a plain array into npy (compressed if that pays), a
    table of pyarrow into an Arrow file, what a generator yields into a sequence, all else into a container.

    Raises:
        UsageError: If there is no such format, or a library that it needs is not installed.
        NotStorableError: If the format that is named does not keep the value.
    """
    if named is not None:
        return _checked(format_named(named), value)
    if is_small_plain(value):
        return _JSON
    if is_plain_array(value):
        return _COMPRESSED if value.nbytes and is_worthwhile(array_bytes(value)) else _NPY
    if type(value) is str and _TEXT.can_store(value):
        return _TEXT
    if isinstance(value, GeneratorType) or _is_stored_sequence(value):
        return format_named("sequence")
    if "pyarrow" in sys.modules and (arrow := format_named("arrow")).can_store(value):
        return arrow
    return _CONTAINER


def _is_stored_sequence(value: Any) -> bool:
    module = sys.modules.get("repype_like.formats.sequence")  # which imports this one
    return module is not None and type(value) is module.StoredSequence


def _checked(format_: Format, value: Any) -> Format:
    if not format_.can_store(value):
        raise NotStorableError(f'a {type_name(value)} cannot be stored as "{name_of(format_)}": it would come back as '
                               "another")
    return format_


def format_named(named: FormatLike) -> Format:
    """Return the format that is named, by what stands in a stage or by what :func:`name_of` gave.

    Raises:
        UsageError: If there is none, if it cannot be imported, or if a library that it needs is not installed.
    """
    if isinstance(named, str) and named in _COMMON:
        return _COMMON[named]
    if isinstance(named, Format):
        found = named
    elif isinstance(named, type) and issubclass(named, Format):
        found = _made(named, f"the format {named.__qualname__}")
    elif isinstance(named, tuple):
        found = FunctionFormat.of(named)
    elif not isinstance(named, str):
        raise UsageError(f"a format is named by its name or its class, or by functions, and not by {named!r}")
    elif " " in named:
        save, load, suffix = named.split(" ")
        found = FunctionFormat(_imported(save, f"the format {named}"), _imported(load, f"the format {named}"), suffix)
    elif ":" in named:  # not remembered: the module may have been edited since
        found = _made(_imported(named, f"the format {named}"), f"the format {named}")
    else:
        found = _registered(named)
    _require_libraries(name_of(found), found.extra, *found.needs)
    return found


def name_of(format_: Format) -> str:
    """Return what is written down of a format, so that values are found to be in it: its name, or where its class is.

    Raises:
        UsageError: If its class exists only in the function that it was made in.
    """
    if isinstance(format_, FunctionFormat):
        return format_.place
    cls = type(format_)
    name = getattr(format_, "name", "")
    place = f"{cls.__module__}:{cls.__qualname__}"
    if type(_COMMON.get(name)) is cls or _FURTHER.get(name) == place or _entries().get(name) == place:
        return name
    if "<locals>" in place:
        raise UsageError(f"the format {place} is made in a function, so that nobody can find it to load what it "
                         "stores; define it in a module")
    return place


def format_for_suffix(suffix: str) -> Format | None:
    """Return the format whose files have this suffix (without the dot), or None if there is none."""
    name = _SUFFIXES.get(suffix.lower())
    return format_named(name) if name is not None else None


def known_suffixes() -> list[str]:
    """Return the suffixes that :func:`format_for_suffix` knows."""
    return [f".{suffix}" for suffix in sorted(_SUFFIXES)]


@cache
def _registered(name: str) -> Format:
    """Return a format that is seldom used, or that some installed distribution brings along."""
    places = {**_entries(), **_FURTHER}
    if name not in places:
        known = sorted({*_COMMON, *places})
        raise UsageError(f'there is no format "{name}"; {did_you_mean(name, known) or "known are " + ", ".join(known)}')
    described = f'the format "{name}"' if name in _FURTHER else f'the format "{name}" ({places[name]})'
    return _made(_imported(places[name], described), described)


@cache
def _entries() -> dict[str, str]:
    """Return where the formats are that installed distributions bring along, by name."""
    from importlib.metadata import entry_points  # slow to import

    return {entry.name: entry.value for entry in entry_points(group=GROUP)}


def _imported(place: str, described: str) -> Any:
    """Return what stands at ``module:name``."""
    module, _, path = place.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except Exception as error:  # whatever a module of somebody else raises when it is imported
        raise UsageError(f"{described} cannot be imported: {text_of(error)}") from error
    return found


def _made(cls: Any, described: str) -> Format:
    if not isinstance(cls, type) or not issubclass(cls, Format):
        raise UsageError(f"{described} is not a subclass of repype_like.formats.Format")
    try:
        return cls()
    except RepypeError:
        raise
    except Exception as error:
        raise UsageError(f"{described} cannot be made without arguments: {text_of(error)}") from error


@cache
def _require_libraries(name: str, extra: str, *modules: str) -> None:
    missing = [module for module in modules if module not in sys.modules and not _is_installed(module)]
    if missing:
        mend = f"pip install 'repype_like[{extra}]'" if extra else f"install {_listed(missing)}"
        raise UsageError(f'the format "{name}" needs {_listed(missing)}, which {"is" if len(missing) == 1 else "are"} '
                         f"not installed: {mend}")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _listed(names: Iterable[str]) -> str:
    return " and ".join({"PIL": "pillow"}.get(name, name) for name in names)
