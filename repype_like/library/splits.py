"""Data sets: mappings of the names of splits to items, in lists, arrays, tables or any other sequence."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence, Sized

from repype_like.typing import Any

__all__ = ["DatasetError", "concatenated", "dataset_of", "shuffled", "sliced"]


class DatasetError(ValueError):
    """A field is no data set, or its splits do not fit together."""


def dataset_of(field: str, value: Any) -> Mapping[str, Any]:
    """Return the splits in a field.

    Raises:
        DatasetError: If it holds none.
    """
    if not isinstance(value, Mapping):
        raise DatasetError(f'the field "{field}" is {type(value).__name__} instead of a data set: a dictionary such as '
                           '{"train": [...], "test": [...]}')
    for split, items in value.items():
        if isinstance(items, (str, bytes, Mapping)) or not isinstance(items, Sized):
            raise DatasetError(f'the split "{split}" in the field "{field}" is {type(items).__name__} instead of a '
                               "list, an array, a table or another sequence of items")
    return value


def sliced(items: Any, part: slice) -> Any:
    """Return a slice of the items of a split, in the type that they are in."""
    if hasattr(items, "iloc"):
        return items.iloc[part]
    return items[part] if _is_array(items) or isinstance(items, (list, tuple)) else [
        items[index] for index in range(*part.indices(len(items)))]


def shuffled(items: Any, seed: int, split: str) -> Any:
    """Return the items of a split in an order that follows from the seed, the name of the split and their number."""
    order = list(range(len(items)))
    random.Random(f"{seed} {split}").shuffle(order)  # noqa: S311  it is to be repeatable
    if hasattr(items, "iloc"):
        return items.iloc[order]
    return items[order] if _is_array(items) else [items[index] for index in order]


def concatenated(parts: Sequence[Any]) -> Any:
    """Return items of several splits in one: tables in a table, arrays in an array, all others in a list."""
    if len(parts) == 1:
        return parts[0]
    if all(hasattr(part, "iloc") for part in parts):
        import pandas as pd

        return pd.concat(list(parts))
    if all(_is_array(part) for part in parts):
        import numpy as np

        return np.concatenate(parts)
    return [item for part in parts for item in part]


def _is_array(items: Any) -> bool:
    return type(items).__module__ == "numpy" and hasattr(items, "dtype")
