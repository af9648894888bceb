"""The table as a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from repype_like.errors import UsageError, did_you_mean
from repype_like.spec import natural_order
from repype_like.typing import Any, InputID, Literal

__all__ = ["Column", "LeftOut", "Mean", "Row", "Table"]

Kind = Literal["parameter", "metric"]


@dataclass(frozen=True, slots=True)
class Column:
    """A parameter that differs between tasks, or a scalar value."""

    name: str
    """``stage.parameter``; or the name of the field, followed by a dot and a key for each item of a mapping."""
    kind: Kind


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean over inputs."""

    mean: float
    sd: float | None
    """The standard deviation of a sample (n - 1); None for a single value."""
    n: int


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a task for an input, or for all its inputs together."""

    task: str
    """Relative to the directory that was asked for."""
    input_id: InputID | None
    """None stands for all inputs: for what aggregates have made, too."""
    cells: Mapping[Column, Any]
    """Plain values, or a :class:`Mean`; what is missing is missing."""
    is_outdated: bool = False
    """Whether the specification of the task is another one than that it was completed with."""

    @property
    def is_summed_up(self) -> bool:
        """Whether any of its values is a mean over inputs; one of a task that has only aggregates has none."""
        return any(isinstance(cell, Mean) for cell in self.cells.values())


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A task that is not in the table."""

    task: str
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in the order of the tasks and their inputs; the columns are those with anything in them."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def parameters(self) -> tuple[Column, ...]:
        """The columns of parameters."""
        return tuple(column for column in self.columns if column.kind == "parameter")

    @property
    def metrics(self) -> tuple[Column, ...]:
        """The columns of values."""
        return tuple(column for column in self.columns if column.kind == "metric")

    @property
    def n(self) -> int | None:
        """The number of inputs that values are means over, if it is the same for all."""
        numbers = {cell.n for row in self.rows for cell in row.cells.values() if isinstance(cell, Mean)}
        return numbers.pop() if len(numbers) == 1 else None

    def keys(self) -> dict[Column, str]:
        """Return a unique key for each column: its name, after ``config.`` where a value has the same name."""
        values = {column.name for column in self.metrics} | {"task", "input", "n"}
        return {column: f"config.{column.name}" if column.kind == "parameter" and column.name in values
                else column.name for column in self.columns}

    def headings(self) -> dict[Column, str]:
        """Return the shortest ends of the columns' names that are unique among them."""
        keys = self.keys()
        found: dict[Column, str] = {}
        for column, key in keys.items():
            parts = key.split(".")
            ends = (".".join(parts[-length:]) for length in range(1, len(parts) + 1))
            found[column] = next((end for end in ends if _count(end, keys.values()) == 1), key)
        taken = Counter(found.values())
        return {column: heading if taken[heading] == 1 and heading not in ("task", "input", "n") else keys[column]
                for column, heading in found.items()}

    def with_metrics(self, wanted: Sequence[str]) -> Table:
        """Return the table with those values only, in that order.

        In a table with a row for each input, what aggregates have made has a row only if it has any of them.

        Arguments:
            wanted: Names, ends of names, or patterns with ``*`` and ``?``.

        Raises:
            UsageError: If there is no such value.
        """
        metrics: dict[Column, None] = {}
        for name in wanted:
            found = [column for column in self.metrics if _means(name, column.name)]
            if not found:
                raise UsageError(f'there is no value "{name}" in the table; ' + _hint(name, self.metrics))
            metrics.update(dict.fromkeys(found))
        by_input = any(row.input_id is not None for row in self.rows)
        rows = tuple(row for row in self.rows
                     if not by_input or row.input_id is not None or not metrics.keys().isdisjoint(row.cells))
        return replace(self, columns=(*self.parameters, *metrics), rows=rows)

    def sorted_by(self, name: str, reverse: bool = False) -> Table:
        """Return the table with its rows in the order of a column: numbers first, then texts, what is missing last.

        Raises:
            UsageError: If there is no such column, or if several have a name with this end.
        """
        if name in ("task", "input"):
            ordered = sorted(self.rows, reverse=reverse, key=lambda row: (
                natural_order(row.task) if name == "task" else _rank(row.input_id)))
            return replace(self, rows=tuple(ordered))
        keys = self.keys()
        exact = [column for column, key in keys.items() if name == key]
        found = exact or [column for column in self.columns if _means(name, column.name)]
        if not found:
            raise UsageError(f'there is no column "{name}" to sort by; ' + _hint(name, self.columns))
        if len(found) > 1:
            raise UsageError(f'"{name}" may be any of the columns {", ".join(keys[column] for column in found)}')
        column = found[0]
        there = [row for row in self.rows if row.cells.get(column) is not None]
        missing = [row for row in self.rows if row.cells.get(column) is None]
        there.sort(key=lambda row: _rank(row.cells[column]), reverse=reverse)
        return replace(self, rows=(*there, *missing))


def _count(end: str, names: Any) -> int:
    return sum(name == end or name.endswith(f".{end}") for name in names)


def _means(wanted: str, name: str) -> bool:
    return name == wanted or name.endswith(f".{wanted}") or fnmatchcase(name, wanted)


def _rank(value: Any) -> tuple[int, Any]:
    """Return a key by which all sorts of cells can be sorted; NaN comes after the other numbers."""
    if isinstance(value, Mean):
        value = value.mean
    if isinstance(value, (bool, int, float)):
        return (0, value) if value == value else (1, 0)
    return 2, str(value)


def _hint(name: str, columns: Sequence[Column]) -> str:
    names = [column.name for column in columns]
    ends = {part.rpartition(".")[2]: part for part in names}
    return did_you_mean(name, [*names, *ends]) or (
        f"there are {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else "there is none")
