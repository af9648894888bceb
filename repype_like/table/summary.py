"""Sums up the inputs of each task."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from repype_like.table.table import Column, Mean, Row, Table
from repype_like.typing import Any

__all__ = ["by_task"]


def by_task(table: Table) -> Table:
    """Return a table with one row for each task.

    Numbers become a :class:`Mean`; true counts as 1 and false as 0. What is the same for all inputs stays as it is,
    and so does what aggregates have made; what differs otherwise is left empty.
    """
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        groups.setdefault(row.task, []).append(row)
    rows = [Row(task, None, {column: cell for column in table.columns
                             if (cell := _sum_up(column, rows)) is not None}, rows[0].is_outdated)
            for task, rows in groups.items()]
    there = {column for row in rows for column in row.cells}
    return Table(tuple(column for column in table.columns if column in there), tuple(rows), table.left_out)


def _sum_up(column: Column, rows: Sequence[Row]) -> Any:
    once = [row for row in rows if row.input_id is None]
    rows = [row for row in rows if row.input_id is not None]
    if not any(column in row.cells for row in rows):
        return next((row.cells[column] for row in once if column in row.cells), None)
    values = [row.cells[column] for row in rows if column in row.cells]
    if column.kind == "metric" and values and all(isinstance(value, (bool, int, float)) for value in values):
        return _mean([float(value) for value in values])
    same = bool(values) and len(values) == len(rows) and all(
        type(value) is type(values[0]) and value == values[0] for value in values)
    return values[0] if same else None


def _mean(values: Sequence[float]) -> Mean:
    if not all(map(math.isfinite, values)):
        return Mean(math.nan if len(set(values)) > 1 or math.isnan(values[0]) else values[0], None, len(values))
    return Mean(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, len(values))
