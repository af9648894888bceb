"""The table as names and rows of plain values, as CSV, JSON and pandas take them."""

from __future__ import annotations

from repype_like.table.table import Mean, Table
from repype_like.typing import Any

__all__ = ["plain_rows"]


def plain_rows(table: Table) -> tuple[list[str], list[list[Any]]]:
    """Return the names of the columns, and the rows; None stands for what is missing.

    A value that was summed up becomes several columns: its mean, ``_sd``, and ``_n`` unless one column ``n`` says it
    for all of them.
    """
    keys = table.keys()
    per_input = any(row.input_id is not None for row in table.rows)
    means = {column for row in table.rows for column, cell in row.cells.items() if isinstance(cell, Mean)}
    n = table.n
    parts = ("", "_sd", "_n") if n is None else ("", "_sd")
    names = ["task", *(["input"] if per_input else []), *(["n"] if n is not None else [])]
    for column in table.columns:
        key = keys[column]
        names += [key + part for part in parts] if column in means else [key]
    rows = []
    for row in table.rows:
        line: list[Any] = [row.task, *([row.input_id] if per_input else [])]
        line += [n if row.is_summed_up else None] if n is not None else []
        for column in table.columns:
            cell = row.cells.get(column)
            summed = [cell.mean, cell.sd, cell.n] if isinstance(cell, Mean) else [cell, None, None]
            line += summed[:len(parts)] if column in means else [cell]
        rows.append(line)
    return names, rows

