"""Files and folders as values: their contents are blobs, and a manifest says what they are called.

A manifest is plain data: the name, and for everything in the folder its relative path, what it is, and its mode. A
single file is the one entry with an empty path. Blobs are never handed out: who reads the value gets a copy, which file
systems that can share with the blob until one of them changes.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats.file import FileResult
from repype_like.hashing import hash_file
from repype_like.store.atomic import new_file
from repype_like.store.blobs import adopt_blob, has_intact_blob, move_to_blob, open_blob
from repype_like.store.layout import Layout
from repype_like.store.outputs import copy_content
from repype_like.store.record import Part
from repype_like.typing import Any

__all__ = ["described", "restore_files", "store_files"]

_SUFFIX = re.compile(r"[A-Za-z0-9_-]{1,16}")
_OTHERS = frozenset({"out", "damaged"})
"""Suffixes that mean something else in the folder of blobs."""

_MODE = 0o777
_OWN = stat.S_IRWXU


def store_files(layout: Layout, result: FileResult) -> tuple[bytes, tuple[Part, ...]]:
    """Put a file or a folder into a store; if it moves, nothing of it is left behind but folders and links.

    Returns:
        The manifest, and the blobs that it names.

    Raises:
        NotStorableError: If that is not possible; the message names the file.
        OSError: If the store cannot be written to.
    """
    found: list[list[Any]] = []
    parts: dict[str, Part] = {}
    for path, relative, status in _entries(result.path):
        mode = stat.S_IMODE(status.st_mode) & _MODE
        if stat.S_ISDIR(status.st_mode):
            found.append([relative, "folder", mode])
        elif stat.S_ISLNK(status.st_mode):
            found.append([relative, "link", _inner_target(path, result.path)])
        elif stat.S_ISREG(status.st_mode):
            part = _stored(layout, path, status, moves=result.moves)
            parts[part.blob] = part
            found.append([relative, "file", mode, *part])
        else:
            raise NotStorableError(f"{path} is neither a file nor a folder nor a link, so it cannot be kept")
    manifest = json.dumps({"name": result.name, "entries": found}, separators=(",", ":"))
    return manifest.encode("ascii"), tuple(parts.values())


def _entries(root: Path) -> Iterator[tuple[Path, str, os.stat_result]]:
    """Yield a file, or a folder and all that is in it, sorted, with relative paths."""
    try:
        status = root.stat()
        yield root, "", status
        if stat.S_ISDIR(status.st_mode):
            yield from _below(root, "")
    except OSError as error:
        raise NotStorableError(f"{error.filename or root} cannot be read: {error.strerror or error}") from None


def _below(folder: Path, prefix: str) -> Iterator[tuple[Path, str, os.stat_result]]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        path, relative = folder / name, prefix + name
        status = path.lstat()
        yield path, relative, status
        if stat.S_ISDIR(status.st_mode):
            yield from _below(path, f"{relative}/")


def _inner_target(link: Path, root: Path) -> str:
    """Return where a link leads, which must be in the same folder, however it is moved."""
    target = str(link.readlink())
    home = os.path.realpath(root)
    if Path(target).is_absolute() or not Path(os.path.realpath(link)).is_relative_to(home):
        raise NotStorableError(f"the link {link} leads to {target}, which is not kept with it; copy what is there into "
                               "the folder, or link to something in the folder by a relative path")
    return target


def _stored(layout: Layout, path: Path, status: os.stat_result, *, moves: bool) -> Part:
    """Put one file into the store."""
    suffix = path.suffix[1:]
    suffix = suffix if _SUFFIX.fullmatch(suffix) and suffix not in _OTHERS else "file"
    if moves and status.st_nlink == 1:  # otherwise somebody else may write into it by another name
        try:
            content = hash_file(path)
        except OSError as error:
            raise NotStorableError(f"{path} cannot be read: {error.strerror or error}") from None
        part = Part(f"{content}.{suffix}", status.st_size)
        _refuse_changed(path, status)
        if has_intact_blob(layout, part.blob, part.size, content):
            path.unlink()
            return part
        if move_to_blob(layout, path, part.blob):
            _refuse_changed(Path(layout.blob(part.blob)), status, path)
            return part
    with new_file(layout, f".{suffix}") as aside:
        aside.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_content(path, aside)
        except OSError as error:
            if error.filename != str(path):
                raise
            raise NotStorableError(f"{path} cannot be read: {error.strerror or error}") from None
        aside.chmod(stat.S_IMODE(status.st_mode) & _MODE | stat.S_IRUSR)
        blob, _, size = adopt_blob(layout, aside, suffix)
    _refuse_changed(path, status)
    return Part(blob, size)


def _refuse_changed(path: Path, before: os.stat_result, name: Path | None = None) -> None:
    try:
        now = path.lstat()
    except FileNotFoundError:
        raise NotStorableError(f"{name or path} was deleted after the stage had returned it") from None
    if (now.st_size, now.st_mtime_ns, now.st_ino) != (before.st_size, before.st_mtime_ns, before.st_ino):
        raise NotStorableError(f"{name or path} was changed after the stage had returned it; whatever writes it has to "
                               "be done by then")


def restore_files(layout: Layout, manifest: bytes | memoryview, folder: Path) -> Path:
    """Copy a file or a folder out of a store into `folder`, and return its path there.

    Raises:
        DamagedError: If any part of it is not what was written.
        OSError: If it cannot be written.
    """
    content = _read(layout, manifest)
    root: Path = folder / content["name"]
    modes: list[tuple[Path, int]] = []
    for relative, kind, *more in content["entries"]:
        path = root / relative if relative else root
        if kind == "folder":
            path.mkdir()
            modes.append((path, more[0] | _OWN))
        elif kind == "link":
            path.symlink_to(more[0])
        else:
            mode, blob, size = more
            open_blob(layout, blob, size, Part(blob, size).hash)
            copy_content(Path(layout.blob(blob)), path)
            path.chmod(mode)
    for path, mode in reversed(modes):
        path.chmod(mode)
    return root


def _read(layout: Layout, manifest: bytes | memoryview) -> Any:
    """Return what a manifest says; it is as it was written, but who wrote it may not mean well."""
    try:
        content = json.loads(bytes(manifest))
        places = [content["name"], *(entry[0] for entry in content["entries"])]
        links = {entry[0] for entry in content["entries"] if entry[1] == "link"}
        if not all(map(_is_inner, places)) or any(
                _parents(entry[0]) & links for entry in content["entries"]) or "/" in content["name"]:
            raise ValueError("it leads elsewhere")
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DamagedError(f"{layout.records}: the list of files is none: {error}") from None
    return content


def _is_inner(relative: str) -> bool:
    return not relative.startswith("/") and ".." not in relative.split("/")


def _parents(relative: str) -> set[str]:
    pieces = relative.split("/")
    return {"/".join(pieces[:end]) for end in range(1, len(pieces))}


def described(manifest: bytes) -> dict[str, str]:
    """Return what is shown of a file or a folder, as :func:`repype_like.formats.describe` does of other values."""
    content = json.loads(manifest)
    files = [entry for entry in content["entries"] if entry[1] == "file"]
    size = sum(entry[4] for entry in files)
    if [entry[0] for entry in content["entries"]] == [""] and files:
        return {"type": f"file {content['name']}, {_count(size, 'byte')}"}
    return {"type": f"folder {content['name']}, {_count(len(files), 'file')}, {_count(size, 'byte')}"}


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
