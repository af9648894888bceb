"""What came of the tasks, side by side: one row for each variant and input, read from what is stored."""

from repype_like.table.collect import collect
from repype_like.table.frame import as_frame
from repype_like.table.plain import plain_rows
from repype_like.table.summary import by_task
from repype_like.table.table import Column, LeftOut, Mean, Row, Table

__all__ = ["Column", "LeftOut", "Mean", "Row", "Table", "as_frame", "by_task", "collect", "plain_rows"]
