"""Files that a stage returns: which of them may be taken, and whether they can be moved into the store."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from repype_like.formats import format_named, type_name
from repype_like.formats.file import FileFormat, FileResult
from repype_like.stage import Stage
from repype_like.store import NotStorableError
from repype_like.typing import Any

__all__ = ["file_fields", "file_results"]


def file_fields(stage: Stage) -> frozenset[str]:
    """Return the outputs of a stage that are files."""
    return frozenset(field for field, named in stage.formats.items() if type(format_named(named)) is FileFormat)


def file_results(stage: Stage, outputs: Mapping[str, Any], fields: Iterable[str], own: Sequence[Path],
                 asked_for: Iterable[str]) -> dict[str, FileResult]:
    """Return the files that a stage has returned.

    Arguments:
        stage: The stage.
        outputs: What it has returned.
        fields: Those of its outputs that are files.
        own: The folders that nobody else uses, so that what is in there can be moved.
        asked_for: The paths that the stage has asked its pipeline for.

    Raises:
        NotStorableError: If one of them is not there, or lies where it is not the stage's to give away.
    """
    asked_for = list(asked_for)
    found = {field: _result(stage, field, outputs[field], own, asked_for) for field in fields}
    real = {field: Path(os.path.realpath(result.path)) for field, result in found.items()}
    return {field: result if not result.moves or not any(
        _overlap(real[field], other) for name, other in real.items() if name != field)
        else FileResult(result.path, result.name) for field, result in found.items()}


def _result(stage: Stage, field: str, value: Any, own: Sequence[Path], asked_for: Sequence[str]) -> FileResult:
    what = f'the field "{field}" of the stage "{stage.id}" is a file'
    if not isinstance(value, (str, os.PathLike)):
        raise NotStorableError(f"{what}, so the stage has to return its path, and not a {type_name(value)}")
    path = Path(os.fsdecode(value)).absolute()
    if not path.exists():
        why = "is a link to nothing" if path.is_symlink() else "does not exist"
        raise NotStorableError(f"{what}, but {path}, which it returned, {why}")
    real = Path(os.path.realpath(path))
    name = path.name if path.name not in ("", "..") else real.name
    homes = [Path(os.path.realpath(folder)) for folder in own]
    if real in homes:
        return FileResult(real, field, moves=True)
    if any(real.is_relative_to(home) for home in homes):
        return FileResult(real, name, moves=True)
    if any(real.is_relative_to(os.path.realpath(place)) for place in asked_for):
        return FileResult(real, name)
    raise NotStorableError(f"{what}, but {path}, which it returned, lies where files of others may be; write it to "
                           f'stage.work_dir / "{path.name}", or to a path that pipeline.resolve() has given')


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)
