"""What a run has begun and may not have brought to the disk: for whoever comes after a kill or a power cut.

The file ``unfinished`` is there from the beginning of a run until everything that it wrote is on the disk. It only ever
grows, by lines of JSON:

- who writes: which boot of the machine, and where the task lies. If the machine was started anew since, pages that were
  never written may be missing from any file, whatever its size and times say; so nothing is believed that was not read.
- each path at which a stage has found nothing. If the stage was killed, what is there now is its half-made work, which
  the next attempt must not take for an input.
- that the files of a stage that failed were deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.hashing import hash_file
from repype_like.store.atomic import read_file, write_all
from repype_like.store.index import RecordIndex
from repype_like.store.layout import Layout
from repype_like.typing import Any, InputID

__all__ = ["Execution", "abandoned_files", "begin", "is_torn", "note_missing", "note_undone"]

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


def begin(layout: Layout) -> None:
    """Take down that this process is going to write."""
    _append(layout, {"boot": _boot(), "task": str(layout.task)})


def note_missing(layout: Layout, execution: Execution, path: Path) -> None:
    """Take down that a stage has asked for `path`, and that there is nothing."""
    inside = path.is_relative_to(layout.task)
    _append(layout, {"missing": str(path.relative_to(layout.task) if inside else path), "by": execution})


def note_undone(layout: Layout, execution: Execution) -> None:
    """Take down that a stage has failed, and that what it made is gone again."""
    _append(layout, {"undone": execution})


def is_torn(layout: Layout) -> bool:
    """Tell whether the machine may have stopped before everything was on the disk, so that nothing is certain."""
    content = _read(layout)
    return content is not None and (not content.boots <= {_boot()} or "" in content.boots)


def abandoned_files(layout: Layout, index: RecordIndex) -> Iterator[tuple[Path, str]]:
    """Yield the files of stages that were killed, and their hashes: those that no record names."""
    content = _read(layout)
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


def _append(layout: Layout, line: dict[str, Any]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        descriptor = os.open(layout.unfinished, flags, 0o644)
    except FileNotFoundError:
        layout.directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(layout.unfinished, flags, 0o644)
    try:
        write_all(descriptor, [json.dumps(line).encode("ascii") + b"\n"])
    finally:
        os.close(descriptor)


def _read(layout: Layout) -> _Content | None:
    """Return what was taken down, or None if nothing is unfinished."""
    if not os.path.lexists(layout.unfinished):  # as it is mostly; cheaper than opening it
        return None
    try:
        data = read_file(layout.unfinished)
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
        content.homes.add(line["task"])
    elif "missing" in line:
        stage, input_id, started = line["by"]
        content.missing.append(((stage, input_id, started), line["missing"]))
    else:
        stage, input_id, started = line["undone"]
        content.undone.add((stage, input_id, started))


def _boot() -> str:
    """Return what names the time since the machine was started; an empty text where the system does not tell."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
