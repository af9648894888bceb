"""The table as text for people, and as CSV and JSON."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Collection, Iterator, Sequence

from repype_like.cli.problems import report_problems
from repype_like.cli.terminal import err, out
from repype_like.cli.words import clean, count, shorten
from repype_like.errors import UsageError
from repype_like.masking import MASK, is_secret
from repype_like.spec import SpecTree, format_input_id, load_tree
from repype_like.spec.matching import matches
from repype_like.table import Mean, Row, Table, by_task, collect, plain_rows
from repype_like.typing import Any, Literal
from repype_like.width import pad, width_of

__all__ = ["Form", "show_table"]

Form = Literal["text", "csv", "json"]

_DIGITS = 4
"""Significant digits that people are shown; CSV and JSON have all."""

_WIDEST_CELL = 32

_GAP = "  "


def show_table(path: str, *, by: str, metrics: Sequence[str], sort: str | None, reverse: bool, only: Sequence[str],
               form: Form) -> int:
    """Print the table of the tasks at and below `path`, and return the exit code."""
    tree = load_tree(path)
    table = _masked(collect(_tasks(tree, path, only)))
    if by == "task":
        table = by_task(table)
    if metrics:
        table = table.with_metrics(metrics)
    if sort is not None:
        table = table.sorted_by(sort, reverse)
    elif reverse:
        raise UsageError("--reverse says how to sort, so it needs --sort COLUMN")
    if form == "csv":
        _print_csv(table)
    elif form == "json":
        _print_json(table)
    else:
        _print_text(table)
    report_problems(tree.problems)
    _report_left_out(table)
    return 0


def _tasks(tree: SpecTree, path: str, only: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    named = [(spec.directory.relative_to(tree.path).as_posix(), spec) for spec in tree.below]
    if not named:
        raise UsageError(f"{path}: there are no tasks in this directory or below")
    for pattern in only:
        if not any(matches(name, pattern) for name, _ in named):
            raise UsageError(f'--only: no task below {path} has a path that matches "{pattern}"')
    for name, spec in named:
        if spec.runnable and (not only or any(matches(name, pattern) for pattern in only)):
            yield name, spec.directory, spec.full


def _masked(table: Table) -> Table:
    """Return the table without secrets."""
    secret = {column for column in table.columns if any(map(is_secret, column.name.split(".")))}
    if not secret:
        return table
    rows = tuple(Row(row.task, row.input_id, {column: MASK if column in secret else cell
                                              for column, cell in row.cells.items()}, row.is_outdated)
                 for row in table.rows)
    return Table(table.columns, rows, table.left_out)


def _print_csv(table: Table) -> None:
    names, rows = plain_rows(table)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)


def _print_json(table: Table) -> None:
    names, rows = plain_rows(table)
    keys = table.keys()
    columns = [{"name": keys[column], "kind": column.kind} for column in table.columns]
    print(json.dumps({
        "schema": 1, "columns": columns,
        "rows": [{**{name: _as_json(cell) for name, cell in zip(names, row, strict=True)},
                  "outdated": source.is_outdated} for row, source in zip(rows, table.rows, strict=True)],
        "left_out": [{"task": item.task, "reason": item.reason} for item in table.left_out]}, indent=1))


def _as_json(cell: Any) -> Any:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _print_text(table: Table) -> None:
    """Print aligned columns; where they do not fit into a terminal, in blocks that begin with the same ones."""
    if not table.rows:
        return
    terminal = out()
    headings = table.headings()
    n = table.n
    fixed = [("task", [clean(row.task) + ("*" if row.is_outdated else "") for row in table.rows], False)]
    if any(row.input_id is not None for row in table.rows):
        fixed.append(("input", [_input(row) for row in table.rows], False))
    if n is not None:
        fixed.append(("n", [str(n) if row.is_summed_up else "" for row in table.rows], True))
    columns = []
    for column in table.columns:
        cells = [_words(row.cells.get(column), with_n=n is None) for row in table.rows]
        numeric = all(isinstance(row.cells.get(column), (int, float, Mean, type(None))) for row in table.rows)
        columns.append((clean(headings[column]), cells, numeric))
    blocks = list(_blocks(fixed, columns, terminal.width if terminal.interactive else None))
    filled = [_filled(block[len(fixed):]) for block in blocks]
    for number, block in enumerate(blocks):
        if number:
            terminal.line()
        others = set().union(*filled[:number], *filled[number + 1:])
        for line in _lines(block, others - filled[number]):
            terminal.line(line)


_Column = tuple[str, list[str], bool]


def _blocks(fixed: list[_Column], columns: list[_Column], width: int | None) -> Iterator[list[_Column]]:
    taken = sum(_width(column) + len(_GAP) for column in fixed)
    block: list[_Column] = []
    used = taken
    for column in columns:
        needed = _width(column) + len(_GAP)
        if block and width is not None and used + needed - len(_GAP) > width:
            yield [*fixed, *block]
            block, used = [], taken
        block.append(column)
        used += needed
    yield [*fixed, *block]


def _width(column: _Column) -> int:
    return max(width_of(column[0]), *map(width_of, column[1]))


def _filled(columns: Sequence[_Column]) -> set[int]:
    """Return the positions of the rows that have anything in these columns."""
    return {position for _, cells, _ in columns for position, cell in enumerate(cells) if cell}


def _lines(block: list[_Column], elsewhere: Collection[int] = ()) -> Iterator[str]:
    """Yield the lines of a block, without the rows that have something in other blocks only."""
    widths = [_width(column) for column in block]
    for position in range(-1, len(block[0][1])):
        if position in elsewhere:
            continue
        cells = [column[0] if position < 0 else column[1][position] for column in block]
        yield _GAP.join(pad(cell, width, right=column[2])
                        for cell, width, column in zip(cells, widths, block, strict=True)).rstrip()


def _input(row: Row) -> str:
    return "" if row.input_id is None else clean(format_input_id(row.input_id))


def _words(cell: Any, with_n: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Mean):
        spread = f" ± {_number(cell.sd)}" if cell.sd is not None else ""
        return _number(cell.mean) + spread + (f" ({cell.n})" if with_n else "")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _number(cell)
    return shorten(clean(cell if isinstance(cell, (str, int)) else json.dumps(cell)), _WIDEST_CELL)


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}g}" if abs(value) < 10 ** _DIGITS or not math.isfinite(value) else (
        f"{value:.0f}" if abs(value) < 1e9 else f"{value:.{_DIGITS}g}")


def _report_left_out(table: Table) -> None:
    terminal = err()
    outdated = len({row.task for row in table.rows if row.is_outdated})
    if outdated:
        terminal.line(f"* {count(outdated, 'task')} completed with another specification than it has now; "
                      "repype run brings it up to date")
    reasons: dict[str, list[str]] = {}
    for item in table.left_out:
        reasons.setdefault(item.reason, []).append(item.task)
    for reason, tasks in reasons.items():
        more = f" and {len(tasks) - 3} more" if len(tasks) > 3 else ""
        terminal.line(clean(f"left out, {reason}: {', '.join(map(clean, tasks[:3]))}{more}"))
    if not table.rows and not table.left_out:
        terminal.line("no task is runnable here or below")

