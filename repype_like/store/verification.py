"""Whether all that is stored is what was written: everything is read anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from repype_like.errors import DamagedError
from repype_like.formats import map_file
from repype_like.hashing import hash_file
from repype_like.store.blobs import hash_mapped
from repype_like.store.digest import Digest
from repype_like.store.index import RecordIndex
from repype_like.store.layout import Layout
from repype_like.store.record import OutputFile, Record
from repype_like.store.upkeep import blob_entries
from repype_like.typing import InputID

__all__ = ["Fault", "verify"]


class Fault(NamedTuple):
    """Something that is not what was written."""

    problem: str
    """What is wrong, and with which file."""
    stage: str = ""
    """Empty if it concerns the task as a whole."""
    input_id: InputID | None = None
    field: str = ""
    """The field whose value it is; empty if it is not a value."""

    def __str__(self) -> str:
        stage = f'stage "{self.stage}", input {self.input_id!r}' if self.stage else ""
        field = f'field "{self.field}"' if self.field else ""
        return ": ".join(filter(None, [", ".join(filter(None, [stage, field])), self.problem]))


def verify(layout: Layout, index: RecordIndex, digest: Digest | None,
           locate: Callable[[OutputFile], Path | None]) -> list[Fault]:
    """Read everything that records name, and return what is not what was written.

    Arguments:
        layout: Where the store is.
        index: Its records.
        digest: The completion, if there is a sound one.
        locate: Tells where an output file of the completion belongs, if that is known.
    """
    found = [Fault(f"{layout.records}: {text}") for text in index.damaged]
    if index.is_newer:
        found = [Fault(f"{layout.records}: written by a newer version of repype_like, not looked into")]
    found.extend(_faults_of_values(layout, index))
    for entry in blob_entries(layout):
        if entry.name.endswith(".out"):
            problem = _problem(layout, entry.name, None, entry.name.partition(".")[0])
            found.extend([Fault(f"a superseded output file: {problem}")] if problem else [])
    for stage, pairs in (digest.records if digest is not None and not index.is_newer else {}).items():
        for input_id, record_id in pairs:
            record = index.by_id(record_id)
            if record is None:
                found.append(Fault("the record is gone", stage, input_id))
            else:
                found.extend(_faults_of_outputs(record, locate))
    return found


def _faults_of_values(layout: Layout, index: RecordIndex) -> Iterator[Fault]:
    checked: dict[str, str] = {}
    for record in index:
        for name, value in record.fields.items():
            for file, blob in value.blobs() if value is not None else ():
                if file not in checked:
                    checked[file] = _problem(layout, file, blob.size, blob.hash)
                if checked[file]:
                    yield Fault(checked[file], record.stage, record.input_id, name)


def _faults_of_outputs(record: Record, locate: Callable[[OutputFile], Path | None]) -> Iterator[Fault]:
    for output in record.outputs:
        path = locate(output)
        if path is None:
            continue
        try:
            if hash_file(path) != output.hash:
                yield Fault(f"{path}: is not what the stage wrote", record.stage, record.input_id)
        except FileNotFoundError:
            yield Fault(f"{path}: is gone", record.stage, record.input_id)
        except OSError as error:
            yield Fault(f"{path}: cannot be read: {error.strerror or error}", record.stage, record.input_id)


def _problem(layout: Layout, name: str, size: int | None, content: str) -> str:
    """Return what is wrong with a blob, or an empty text."""
    path = Path(layout.blobs, name)
    try:
        path = Path(layout.blob(name))
        if hash_mapped(map_file(path, size)) != content:
            return f"{path}: its content is not what was written"
    except DamagedError as error:
        return str(error)
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    return ""
