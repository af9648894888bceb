"""Which installed distribution a file belongs to.

:mod:`importlib.metadata` would read the records of everything that is installed, which takes longer than all the rest
of a fingerprint; here only the records that are needed are searched, the likeliest one first.
"""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path

from repype_like.hashing import hash_bytes
from repype_like.typing import NamedTuple

__all__ = ["Distribution", "is_library_directory", "is_standard_library", "owner", "unit_of"]

_STANDARD_LIBRARY = os.path.dirname(os.path.realpath(os.__file__))  # noqa: PTH120  called for every import
_LIBRARY_NAMES = (os.sep + "site-packages", os.sep + "dist-packages")


class Distribution(NamedTuple):
    """An installed distribution."""

    name: str
    version: str
    local: bool = False
    """Whether it was installed from a folder of this machine, so that its version says little about its content."""
    content: str = ""
    """If it was installed from an archive of this machine, the hash of the list of its files, with their hashes."""


def is_standard_library(directory: str) -> bool:
    """Tell whether `directory` is the root of the standard library."""
    return directory == _STANDARD_LIBRARY


def is_library_directory(directory: str, searched: bool) -> bool:
    """Tell whether distributions are installed into `directory`, which may be `searched` for modules.

    The folder of an editable install may contain ``.egg-info``, and is none.
    """
    return directory.endswith(_LIBRARY_NAMES) or (
        searched and any(name.endswith(".dist-info") for name in _metadata_directories(directory)))


def unit_of(file: str, library: str) -> str:
    """Return the outermost package or module that `file` is part of, relative to the library directory."""
    parts = Path(file).relative_to(library).parts
    for count in range(1, len(parts)):
        if Path(library, *parts[:count], "__init__.py").exists():
            return "/".join(parts[:count])
    return "/".join(parts)


def owner(file: str, library: str) -> Distribution | None:
    """Return the distribution that has installed `file` into the library directory; None if nobody says so."""
    return _unit_owner(unit_of(file, library), library)


@functools.cache
def _unit_owner(unit: str, library: str) -> Distribution | None:
    likely = _normalized(unit.partition("/")[0].partition(".")[0])
    metadata = sorted(_metadata_directories(library), key=lambda name: _normalized(name.partition("-")[0]) != likely)
    for name in metadata:
        directory = Path(library, name)
        if _has_installed(directory, unit, likely):
            return _described(directory)
    return None


@functools.cache
def _metadata_directories(library: str) -> tuple[str, ...]:
    try:
        names = os.listdir(library)  # noqa: PTH208  names are all we need
    except OSError:
        return ()
    return tuple(sorted(name for name in names if name.endswith((".dist-info", ".egg-info"))))


def _has_installed(metadata: Path, unit: str, likely: str) -> bool:
    record = b"\n" + _content(metadata / "RECORD")
    top = unit.partition("/")[0]
    if len(record) > 1:
        start = b"\n" + os.fsencode(unit)
        return start + b"/" in record or start + b"," in record
    if listed := _content(metadata / "top_level.txt").decode("utf-8", "replace").split():
        return top.partition(".")[0] in listed
    return _normalized(metadata.name.partition("-")[0]) == likely  # no list of files: the name has to do


def _described(metadata: Path) -> Distribution:
    header = next((content for file in ("METADATA", "PKG-INFO", "") if (content := _content(metadata / file))), b"")
    name, version, *_ = [*metadata.name.rpartition(".")[0].split("-"), ""]
    text = header.partition(b"\n\n")[0].decode("utf-8", "replace")
    fields = dict(re.findall(r"^(Name|Version):[ \t]*(.*?)\s*$", text, re.MULTILINE))
    local, archive = _origin(metadata)
    files = hash_bytes(_content(metadata / "RECORD")) if archive else ""
    return Distribution(fields.get("Name", name), fields.get("Version", version), local, files)


def _origin(metadata: Path) -> tuple[bool, bool]:
    """Tell whether a distribution comes from a folder, and whether it comes from an archive, of this machine."""
    try:
        origin = json.loads(_content(metadata / "direct_url.json") or b"{}")
    except ValueError:
        return False, False
    if not isinstance(origin, dict) or not str(origin.get("url", "")).startswith("file:"):
        return False, False
    return "dir_info" in origin, "archive_info" in origin


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
