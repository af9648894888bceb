"""Reads the results of tasks: the parameters in force and the scalar values, for each input.

Only what was stored as plain data is read: no code of the user's is imported, and no value is unpickled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repype_like.config import to_plain
from repype_like.errors import DamagedError
from repype_like.store import Record, StorageError, Store
from repype_like.table.table import Column, LeftOut, Row, Table
from repype_like.typing import Any, InputID

__all__ = ["collect"]

_Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Result:
    """What is stored of a task for an input."""

    task: str
    input_id: InputID
    stages: tuple[str, ...]
    parameters: _Parameters
    metrics: Mapping[str, Any]
    is_outdated: bool


def collect(tasks: Iterable[tuple[str, Path, Mapping[str, Any]]]) -> Table:
    """Return the results of tasks.

    Arguments:
        tasks: Their names, directories, and full specifications as they stand now.
    """
    results: list[_Result] = []
    left_out: list[LeftOut] = []
    for name, directory, spec in tasks:
        try:
            results.extend(_results(name, Store(directory), spec))
        except (DamagedError, StorageError) as error:
            left_out.append(LeftOut(name, f"damaged: {error}"))
        except LookupError as error:
            left_out.append(LeftOut(name, str(error.args[0])))
    parameters = [Column(name, "parameter") for name in _telling(results)]
    metrics = [Column(name, "metric") for name in dict.fromkeys(name for item in results for name in item.metrics)]
    rows = tuple(_row(result, parameters) for result in results)
    return Table((*parameters, *metrics), rows, tuple(left_out))


def _row(result: _Result, parameters: Iterable[Column]) -> Row:
    cells = {column: result.parameters[column.name] for column in parameters if column.name in result.parameters}
    cells.update((Column(name, "metric"), value) for name, value in result.metrics.items())
    return Row(result.task, result.input_id, cells, result.is_outdated)


def _results(name: str, store: Store, spec: Mapping[str, Any]) -> Iterator[_Result]:
    """Yield the results of a task.

    Raises:
        LookupError: If there are none, which the message says.
    """
    digest = store.digest
    if digest is None:
        raise LookupError("not completed yet" if store.exists() else "never run")
    is_outdated = _with_config(to_plain(spec)) != _with_config(digest.spec)
    by_input: dict[InputID, list[Record]] = {}
    for stage in digest.stages:
        for input_id, record_id in digest.records[stage]:
            record = store.records.by_id(record_id)
            if record is None:
                raise LookupError("damaged: a record is missing")
            by_input.setdefault(input_id, []).append(record)
    of_inputs: list[_Parameters] = []
    for input_id in (*digest.inputs, None) if None in by_input else digest.inputs:
        records = by_input.get(input_id, [])
        metrics, parameters = _metrics(records), _parameters(records)
        if input_id is None:
            parameters = {**_in_common(of_inputs), **parameters}
        else:
            of_inputs.append(parameters)
        if metrics or input_id is not None or not digest.inputs:
            yield _Result(name, input_id, tuple(record.stage for record in records), parameters, metrics, is_outdated)


def _with_config(spec: Any) -> dict[str, Any]:
    """Return a specification in which nothing is left out that means the same as an empty section."""
    return {"config": {}, **spec}


def _parameters(records: Iterable[Record]) -> _Parameters:
    """Return what was in force, with all names of keys joined by dots."""
    found: _Parameters = {}
    for record in records:
        _flatten(record.stage, record.note.get("final", record.config), found)
    return found


def _in_common(of_inputs: Sequence[_Parameters]) -> _Parameters:
    """Return what was in force for all inputs alike."""
    if not of_inputs:
        return {}
    first, *others = of_inputs
    return {name: value for name, value in first.items() if not any(_differ(first, other, name) for other in others)}


def _flatten(name: str, value: Any, into: dict[str, Any]) -> None:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            _flatten(f"{name}.{key}", item, into)
    else:
        into[name] = value


def _metrics(records: Iterable[Record]) -> dict[str, Any]:
    """Return the scalars among the values, and those in mappings."""
    found: dict[str, Any] = {}
    for record in records:
        for field, stored in record.fields.items():
            if stored is not None and isinstance(stored.shown, Mapping) and "value" in stored.shown:
                flat: dict[str, Any] = {}
                _flatten(field, stored.shown["value"], flat)
                found.update((key, value) for key, value in flat.items()
                             if isinstance(value, (bool, int, float, str)))
    return found


def _telling(results: Iterable[_Result]) -> list[str]:
    """Return the parameters that differ for the same input between tasks that have the stage.

    Those that inputs differ in say nothing.
    """
    by_stage: dict[tuple[InputID, str], list[_Parameters]] = {}
    for result in results:
        for stage in result.stages:
            by_stage.setdefault((result.input_id, stage), []).append(result.parameters)
    found: dict[str, None] = {}
    for (_, stage), together in by_stage.items():
        names = dict.fromkeys(name for parameters in together for name in parameters if name.startswith(f"{stage}."))
        first = together[0]
        for name in names:
            if name not in found and any(_differ(first, other, name) for other in together[1:]):
                found[name] = None
    return [name for name in found if not name.endswith(".enabled")]


def _differ(one: _Parameters, other: _Parameters, name: str) -> bool:
    absent = object()
    first, second = one.get(name, absent), other.get(name, absent)
    return isinstance(first, bool) is not isinstance(second, bool) or first != second
