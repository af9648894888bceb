"""What the formats for tables have in common."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from repype_like.errors import NotStorableError
from repype_like.formats.base import type_name
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_frame", "difference", "is_frame"]


def is_frame(value: Any) -> bool:
    """Tell whether `value` is a table of pandas, and of no subclass."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and type(value) is pandas.DataFrame


def as_frame(value: Any, format_name: str) -> pd.DataFrame:
    """Return a value as a table of pandas, for somebody to look at.

    Arguments:
        value: A table or column of pandas or pyarrow, an array with up to two axes, a list of rows (mappings or
            sequences), or a mapping of columns.
        format_name: What it is to be written as.

    Raises:
        NotStorableError: If it is something else.
    """
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return value
    if isinstance(value, (pd.Series, pd.Index)):
        return value.to_frame()
    if hasattr(value, "to_pandas"):
        return as_frame(value.to_pandas(), format_name)
    if 0 < getattr(value, "ndim", 0) <= 2 or isinstance(value, (list, tuple, Mapping)):
        try:
            return pd.DataFrame(value)
        except (ValueError, TypeError) as error:
            raise NotStorableError(f"a {type_name(value)} has no form as {format_name}: {error}") from None
    raise NotStorableError(f"a {type_name(value)} has no form as {format_name}: it is no table")


def difference(stored: pd.DataFrame, loaded: pd.DataFrame) -> str:
    """Return how two tables differ, in one line; an empty text if they do not."""
    from pandas.testing import assert_frame_equal

    for position, (name, dtype) in enumerate(stored.dtypes.items()):
        if position < loaded.shape[1] and loaded.dtypes.iloc[position] != dtype:
            return f'the column "{name}" would come back as {loaded.dtypes.iloc[position]} instead of {dtype}'
        if dtype.name == "object" and [*map(type, stored.iloc[:, position])] != [*map(type, loaded.iloc[:, position])]:
            return f'the column "{name}" holds objects that would come back as others'
    if stored.attrs != loaded.attrs:
        return "its attrs would be lost"
    try:
        assert_frame_equal(stored, loaded, check_exact=True, check_index_type="equiv", check_column_type="equiv")
    except AssertionError as error:
        return "it would come back with another content: " + " ".join(str(error).split())
    return ""
