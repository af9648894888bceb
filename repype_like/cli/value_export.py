"""A stored value as a file for somebody else: as it is stored, or in another form."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from repype_like.cli.terminal import err
from repype_like.cli.words import clean, size
from repype_like.errors import RepypeError, UsageError, text_of
from repype_like.formats import format_for_suffix, format_named, type_name
from repype_like.formats.registry import known_suffixes
from repype_like.store import FieldValue, Store
from repype_like.typing import Any

__all__ = ["FILES", "fits_as_stored", "write_as_stored", "write_converted", "write_files"]

FILES = "file"
"""The format of values that are files or folders."""


def fits_as_stored(value: FieldValue, target: Path) -> bool:
    """Tell whether a file with this name is expected to hold the value as it is stored."""
    suffix = value.blob.partition(".")[2] if value.blob is not None else format_named(value.format).suffix
    return not target.suffix or target.name.lower().endswith(f".{suffix}")


def write_as_stored(store: Store, value: FieldValue, target: Path) -> None:
    """Write a value as it is stored.

    Raises:
        DamagedError: If it is not what was written.
        UsageError: If the file cannot be written.
    """
    data = store.stored_bytes(value)
    _write(target, lambda path: path.write_bytes(data))
    err().line(clean(f"{target}: {size(value.size)}, format {value.format}"))


def write_files(store: Store, value: FieldValue, target: Path) -> None:
    """Copy a file or a folder out of the store; into `target`, if that is a folder which is there already.

    Raises:
        DamagedError: If it is not what was written.
        UsageError: If it cannot be written, or there is something else.
    """
    source: Path = store.decode(value)
    if target.is_dir():
        target = target / source.name
    if target.is_dir() or (source.is_dir() and target.exists()):
        raise UsageError(f"{target}: is there already")
    _write(target, lambda path: format_named(FILES).export(source, path))
    err().line(clean(f"{target}: {size(value.total - value.size)}"))


def write_converted(content: Any, target: Path) -> None:
    """Write a value in the form that the suffix of the file names; bytes are written as they are, whatever it is.

    Raises:
        UsageError: If there is no such form, or the value does not have it.
    """
    format_ = format_for_suffix(".".join(target.name.split(".")[-2:])) or format_for_suffix(target.suffix[1:])
    if isinstance(content, (bytes, bytearray)):
        _write(target, lambda path: path.write_bytes(content))
    elif format_ is None:
        raise UsageError(f'{target}: there is no form with the suffix "{target.suffix}"; there are '
                         f"{', '.join(known_suffixes())}, and without a suffix the value is written as it is stored")
    else:
        def export(path: Path) -> None:
            try:
                format_.export(content, path)
            except (RepypeError, OSError):
                raise
            except Exception as error:  # libraries raise anything
                raise UsageError(f"a {type_name(content)} cannot be written as {target.suffix}: "
                                 f"{text_of(error)}") from error

        _write(target, export)
    err().line(clean(f"{target}: {size(target.stat().st_size)}"))


def _write(target: Path, write: Callable[[Path], Any]) -> None:
    """Write a file under another name first, so that there is no half of it if it cannot be written."""
    aside = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        write(aside)
        aside.replace(target)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)
