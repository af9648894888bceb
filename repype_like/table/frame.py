"""The table for pandas."""

from __future__ import annotations

from repype_like.errors import UsageError
from repype_like.table.plain import plain_rows
from repype_like.table.table import Table
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

__all__ = ["as_frame"]


def as_frame(table: Table) -> pandas.DataFrame:
    """Return the table as a frame, with the columns ``task``, ``input``, the parameters and the values.

    Raises:
        UsageError: If pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise UsageError("a table as a frame needs pandas; install it: python -m pip install pandas") from error
    names, rows = plain_rows(table)
    return pandas.DataFrame.from_records(rows, columns=names)
