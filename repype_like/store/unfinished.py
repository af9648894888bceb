"""What a run has begun and may not have brought to the disk: for whoever comes after a kill or a power cut.

The file ``unfinished`` is there from the beginning of a run until everything that it wrote is on the disk. It only ever
grows, by lines of JSON:

- who writes: which boot of the machine, and where the task lies. If the machine was started anew since, pages that were
  never written may be missing from any file, whatever its size and times say; so nothing is believed that was not read.
- each path at which a stage has found nothing. If the stage was killed, what is there now is its half-made work, which
  the next attempt must not take for an input.
- that the files of a stage that failed were deleted.

A run of many tasks has nothing but the first to say of most of them, and says it once, in a file that all of them have
a hard link to: ``begun``, which is never added to. To make a file for each, and to delete it, would take longer than a
small stage.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.hashing import hash_file
from repype_like.store.atomic import new_file, read_file, write_all, write_new
from repype_like.store.index import RecordIndex
from repype_like.store.layout import Layout
from repype_like.typing import Any, InputID

__all__ = ["Execution", "abandoned_files", "begin", "common_note", "end", "is_torn", "note_missing", "note_undone"]

Execution = tuple[str, InputID, float]
"""A stage, an input, and when the stage began, in seconds since the epoch: as its record will say."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass
class _Content:
    boots: set[str] = field(default_factory=set)
    """The boots of machines; an empty text for what cannot be read."""
    homes: set[str] = field(default_factory=set)
    """Where the task lay."""
    missing: list[tuple[Execution, str]] = field(default_factory=list)
    undone: set[Execution] = field(default_factory=set)


@contextlib.contextmanager
def common_note(layout: Layout) -> Iterator[Path]:
    """Give a note for :func:`begin` that many tasks can share."""
    os.makedirs(layout.directory, exist_ok=True)
    with new_file(layout) as path:
        write_new(path, [_encoded({"boot": _boot()})])
        yield path


def begin(layout: Layout, common: Path | None = None) -> None:
    """Take down that this process is going to write.

    Arguments:
        layout: The task.
        common: A note to be shared with other tasks, where the file system can do that.
    """
    if common is None or not _link(common, layout):
        _append(layout, _beginning(layout))


def end(layout: Layout) -> None:
    """Take down that everything is on the disk."""
    for path in layout.notes:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def note_missing(layout: Layout, execution: Execution, path: Path) -> None:
    """Take down that a stage has asked for `path`, and that there is nothing."""
    inside = path.is_relative_to(layout.task)
    _append(layout, {"missing": str(path.relative_to(layout.task) if inside else path), "by": execution})


def note_undone(layout: Layout, execution: Execution) -> None:
    """Take down that a stage has failed, and that what it made is gone again."""
    _append(layout, {"undone": execution})


def is_torn(layout: Layout) -> bool:
    """Tell whether the machine may have stopped before everything was on the disk, so that nothing is certain."""
    return any(content is not None and (not content.boots <= {_boot()} or "" in content.boots)
               for content in map(_read, layout.notes))


def abandoned_files(layout: Layout, index: RecordIndex) -> Iterator[tuple[Path, str]]:
    """Yield the files of stages that were killed, and their hashes: those that no record names."""
    content = _read(layout.unfinished)
    if content is None or not content.missing:
        return
    finished = {(record.stage, type(record.input_id), record.input_id, record.started) for record in index}
    known = {output.hash for record in index.with_outputs() for output in record.outputs}
    for execution, text in content.missing:
        stage, input_id, started = execution
        if execution in content.undone or (stage, type(input_id), input_id, started) in finished:
            continue
        if Path(text).is_absolute() and content.homes != {str(layout.task)}:
            continue  # this is a copy, and that is a file of the original
        for path in _files_at(layout.task / text):
            found = hash_file(path)
            if found not in known:
                yield path, found


def _files_at(path: Path) -> list[Path]:
    if path.is_symlink():
        return []
    if path.is_dir():
        return [item for item in path.rglob("*") if item.is_file() and not item.is_symlink()]
    return [path] if path.is_file() else []


def _link(common: Path, layout: Layout) -> bool:
    """Have a task share a note, and tell whether that was possible."""
    try:
        try:
            os.link(common, layout.begun)
        except FileNotFoundError:
            os.makedirs(layout.directory, exist_ok=True)
            os.link(common, layout.begun)
    except FileExistsError:  # of a run that was killed; what that one says holds as well
        return False
    except OSError as error:  # there are too many links, or there can be none
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
            raise
        return False
    return True


def _beginning(layout: Layout) -> dict[str, Any]:
    return {"boot": _boot(), "task": str(layout.task)}


def _encoded(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode("ascii") + b"\n"


def _append(layout: Layout, line: dict[str, Any]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        descriptor = os.open(layout.unfinished, flags, 0o644)
    except FileNotFoundError:
        os.makedirs(layout.directory, exist_ok=True)
        descriptor = os.open(layout.unfinished, flags, 0o644)
    try:
        is_new = "boot" not in line and not os.fstat(descriptor).st_size
        write_all(descriptor, [(_encoded(_beginning(layout)) if is_new else b"") + _encoded(line)])
    finally:
        os.close(descriptor)


def _read(path: str) -> _Content | None:
    """Return what was taken down in a note, or None if there is none."""
    if not os.path.lexists(path):  # as it is mostly; cheaper than opening it
        return None
    try:
        data = read_file(path)
    except IsADirectoryError:
        data = b"?"
    if data is None:
        return None
    content = _Content()
    if not data:
        content.boots.add("")
    for line in data.splitlines():
        try:
            _understand(json.loads(line), content)
        except (ValueError, TypeError, KeyError, AttributeError):
            content.boots.add("")
    return content


def _understand(line: dict[str, Any], content: _Content) -> None:
    if "boot" in line:
        content.boots.add(line["boot"])
        content.homes.update({line["task"]} if "task" in line else ())
    elif "missing" in line:
        stage, input_id, started = line["by"]
        content.missing.append(((stage, input_id, started), line["missing"]))
    else:
        stage, input_id, started = line["undone"]
        content.undone.add((stage, input_id, started))


@functools.cache
def _boot() -> str:
    """Return what names the time since the machine was started; an empty text where the system does not tell."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
