"""Tables as comma-separated text."""

from __future__ import annotations

from pathlib import Path

from repype_like.errors import NotStorableError
from repype_like.formats.base import Format
from repype_like.formats.tables import as_frame, difference, is_frame
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CsvFormat"]


class CsvFormat(Format):
    """A table of pandas, with a first line of names, and without an index.

    The file does not say what the types of the columns are. So only such a table is taken that comes back as it is: one
    with the index 0, 1, 2, ... and columns of int64, float64, bool and non-empty texts.
    """

    name = "csv"
    suffix = "csv"
    safe = True
    needs = ("pandas",)
    extra = "tables"

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a table."""
        return is_frame(value)

    def write(self, value: Any, path: Path) -> None:
        """Write the table, read it back, and compare."""
        import pandas as pd

        if type(value.index) is not pd.RangeIndex or value.index.name is not None:
            raise NotStorableError("a pandas.DataFrame cannot be stored as csv: its index would be lost; use "
                                   '"parquet", or reset_index()')
        value.to_csv(path, index=False, lineterminator="\n")
        problem = "it has no columns" if value.shape[1] == 0 else difference(value, self.read(path))
        if problem:
            raise NotStorableError(f'a pandas.DataFrame cannot be stored as csv: {problem}; use "parquet"')

    def read(self, path: Path) -> pd.DataFrame:
        """Return the table."""
        import pandas as pd

        exact = {} if int(pd.__version__.split(".")[0]) >= 3 else {"float_precision": "round_trip"}
        frame: pd.DataFrame = pd.read_csv(path, keep_default_na=False, na_values=[""], **exact)
        return frame

    def export(self, value: Any, path: Path) -> None:
        """Write whatever can be seen as a table; an index that says something becomes the first column."""
        import pandas as pd

        frame = as_frame(value, "csv")
        counted = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
        frame.to_csv(path, index=not counted)
