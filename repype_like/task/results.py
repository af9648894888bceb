"""What is stored for a task, and the files that its stages wrote."""

from __future__ import annotations

from pathlib import Path

from repype_like.errors import RepypeError
from repype_like.pipeline import Pipeline
from repype_like.plan import Files, locate_output
from repype_like.spec import fill_pattern
from repype_like.store import Digest, FieldValue, OutputFile, Store
from repype_like.task import inspection
from repype_like.task.errors import blaming
from repype_like.typing import TYPE_CHECKING, InputID

if TYPE_CHECKING:
    from repype_like.task.task import Task

__all__ = ["delete_outputs", "is_once_only", "stored_fields"]


def stored_fields(store: Store, digest: Digest) -> dict[InputID, dict[str, FieldValue]]:
    """Return the fields that a completed task keeps, by input."""
    fields: dict[InputID, dict[str, FieldValue]] = {input_id: {} for input_id in digest.inputs}
    for pairs in digest.records.values():
        for input_id, record_id in pairs:
            record = store.records.by_id(record_id)
            if record is not None:
                fields.setdefault(input_id, {}).update(
                    (name, value) for name, value in record.fields.items() if value is not None)
    return fields


def is_once_only(digest: Digest) -> bool:
    """Tell whether a task consists of nothing but aggregates, so that its inputs do not matter."""
    pairs = [pair for found in digest.records.values() for pair in found]
    return bool(pairs) and all(input_id is None for input_id, _ in pairs)


def delete_outputs(task: Task) -> list[Path]:
    """Delete the files that the stages of a task wrote and that are still what was written; return their paths."""
    records = [record for record in task.results.records if record.outputs]
    if not records:
        return []
    try:
        with blaming("create_pipeline"):
            pipeline, config = task.create_pipeline(), task.create_config()
        view = inspection.workplace_of(task, pipeline, config).view
    except RepypeError:  # where they are is not known any more
        return []
    deleted, files = [], Files()
    for record in records:
        for output in record.outputs:
            path = locate_output(view, output)
            if path is not None and not _is_link(pipeline, output) and files.content(path) == output.hash:
                path.unlink()
                deleted.append(path)
    return deleted


def _is_link(pipeline: Pipeline, output: OutputFile) -> bool:
    """Tell whether somebody has put a link in place of an output file: what it leads to is not ours."""
    pattern = pipeline.scopes.get(output.scope or "")
    if pattern is None or output.relative:
        return False
    return Path(fill_pattern(pattern, "" if output.input_id is None else output.input_id)).is_symlink()
