"""Arrays and tables, taken apart into what makes them equal.

Nothing is imported here: a value can only be an array of a library that is loaded already.
"""

from __future__ import annotations

import sys

from repype_like.hashing import hash_bytes
from repype_like.typing import Any

__all__ = ["parts"]

_OF_X86 = 63
"""Bits of the mantissa of a long double that has 10 bytes, however many it takes in memory."""


def parts(value: Any) -> tuple[Any, ...] | None:
    """Return a tag and the parts that determine `value`, or None if it is no array, table, or scalar of these."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    found = None
    if numpy is not None and hasattr(numpy, "ndarray"):
        found = _numpy_parts(value, numpy)
    if found is None and pandas is not None and hasattr(pandas, "DataFrame"):
        found = _pandas_parts(value, pandas)
    return found


def _numpy_parts(value: Any, numpy: Any) -> tuple[Any, ...] | None:
    if type(value) is numpy.ndarray:
        return ("array", *_array_content(value))
    if isinstance(value, numpy.dtype):
        return ("dtype", _dtype_text(value))
    if isinstance(value, numpy.generic):
        return ("scalar", *_array_content(numpy.asarray(value)))
    return None


def _array_content(array: Any) -> tuple[Any, ...]:
    if array.dtype.hasobject:
        return (_dtype_text(array.dtype), array.shape, array.ravel().tolist())
    if array.dtype.names:  # what lies between the fields of an aligned record is anything
        return (_dtype_text(array.dtype), array.shape, [_array_content(array[name]) for name in array.dtype.names])
    flat = array.ravel()  # a view where the memory is in order already
    if flat.dtype.kind in "fc" and flat.size and (missing := flat != flat).any():
        flat = flat.copy()
        flat[missing] = float("nan")  # as many bit patterns mean NaN as there are ways to come by one
    return (_dtype_text(array.dtype), array.shape, hash_bytes(_bytes_that_count(flat) if flat.size else b""))


def _bytes_that_count(flat: Any) -> Any:
    """Return the bytes of an array, without those of the long doubles of x86 that are there to fill up."""
    found = flat.view("u1")
    if flat.dtype.char not in "gG":
        return found
    import numpy

    if numpy.finfo(flat.dtype).nmant != _OF_X86:
        return found
    return numpy.ascontiguousarray(found.reshape(-1, numpy.dtype(numpy.longdouble).itemsize)[:, :10]).ravel()


def _dtype_text(dtype: Any) -> str:
    return str(dtype.descr) if dtype.names else str(dtype.str)


def _pandas_parts(value: Any, pandas: Any) -> tuple[Any, ...] | None:
    name = type(value).__name__
    if isinstance(value, pandas.DataFrame):
        columns = [_column_content(value.iloc[:, position].array, pandas) for position in range(value.shape[1])]
        return (name, _index_content(value.columns, pandas), _index_content(value.index, pandas), columns)
    if isinstance(value, pandas.Series):
        return (name, value.name, _index_content(value.index, pandas), _column_content(value.array, pandas))
    if isinstance(value, pandas.Index):
        return ("index", *_index_content(value, pandas))
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        return (name, *_column_content(value, pandas))
    if isinstance(value, (pandas.Timestamp, pandas.Timedelta)):
        return (name, value.isoformat(), str(getattr(value, "tz", None)))
    if value is pandas.NA or value is pandas.NaT:
        return (str(value),)
    return None


def _index_content(index: Any, pandas: Any) -> tuple[Any, ...]:
    if isinstance(index, pandas.MultiIndex):
        levels = [_column_content(index.get_level_values(level).array, pandas) for level in range(index.nlevels)]
        return (list(index.names), levels)
    return (list(index.names), _column_content(index.array, pandas))


def _column_content(array: Any, pandas: Any) -> tuple[Any, ...]:
    if isinstance(array, pandas.Categorical):
        return ("category", array.ordered, _column_content(array.categories.array, pandas), array.codes)
    values = array.to_numpy()
    return (str(array.dtype), values if values.dtype.kind in "biufcSU" else values.astype(object))
