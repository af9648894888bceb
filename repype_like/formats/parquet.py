"""Tables as parquet files, and tables of pyarrow as what they are in memory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats.base import Buffer, BufferFormat, Format, type_name
from repype_like.formats.tables import as_frame, difference, is_frame
from repype_like.typing import Any

__all__ = ["ArrowFormat", "ParquetFormat", "is_arrow_table"]

_MARK = b"repype"
"""The key in the metadata of a parquet file under which stands whose table it was."""


def is_arrow_table(value: Any) -> bool:
    """Tell whether `value` is a table of pyarrow."""
    pyarrow = sys.modules.get("pyarrow")
    return pyarrow is not None and type(value) is pyarrow.Table


class ParquetFormat(Format):
    """A table of pandas or pyarrow, compressed; what parquet does not keep is refused."""

    name = "parquet"
    suffix = "parquet"
    safe = True
    needs = ("pyarrow", "pandas")
    extra = "tables"

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a table."""
        return is_frame(value) or is_arrow_table(value)

    def write(self, value: Any, path: Path) -> None:
        """Write the table, read it back, and compare."""
        self._write(value, path)
        loaded = self.read(path)
        if is_frame(value):
            problem = difference(value, loaded)
        else:
            problem = "" if loaded.equals(value, check_metadata=True) else "it would come back as another"
        if problem:
            raise NotStorableError(f"a {type_name(value)} cannot be stored as parquet: {problem}")

    def _write(self, value: Any, path: Path) -> None:
        import pyarrow
        import pyarrow.parquet

        try:
            table = pyarrow.Table.from_pandas(value) if is_frame(value) else value
            marked = {**(table.schema.metadata or {}), _MARK: b"pandas" if is_frame(value) else b"arrow"}
            pyarrow.parquet.write_table(table.replace_schema_metadata(marked), path)
        except (pyarrow.ArrowException, ValueError, TypeError) as error:
            raise NotStorableError(f"a {type_name(value)} cannot be stored as parquet: {error}") from None

    def read(self, path: Path) -> Any:
        """Return the table, as one of the library that it was of."""
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(path, use_threads=False, memory_map=False)
        metadata = dict(table.schema.metadata or {})
        owner = metadata.pop(_MARK, b"pandas")
        table = table.replace_schema_metadata(metadata or None)
        return table.to_pandas() if owner == b"pandas" else table

    def export(self, value: Any, path: Path) -> None:
        """Write whatever can be seen as a table."""
        self._write(value if self.can_store(value) else as_frame(value, "parquet"), path)


class ArrowFormat(BufferFormat):
    """A table of pyarrow, as an Arrow IPC file (Feather), whose columns are mapped rather than read."""

    name = "arrow"
    suffix = "arrow"
    safe = True
    needs = ("pyarrow",)
    extra = "tables"

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a table of pyarrow whose columns have one dictionary each, if any."""
        import pyarrow

        return is_arrow_table(value) and not any(
            pyarrow.types.is_dictionary(column.type) and column.num_chunks > 1 for column in value.columns)

    def dump(self, value: Any) -> Sequence[Buffer]:
        """Return the file."""
        import pyarrow

        sink = pyarrow.BufferOutputStream()
        try:
            with pyarrow.ipc.new_file(sink, value.schema) as writer:
                writer.write_table(value)
        except pyarrow.ArrowException as error:
            raise NotStorableError(f"a {type_name(value)} cannot be stored as arrow: {error}") from None
        return [memoryview(sink.getvalue()).cast("B")]

    def load(self, data: memoryview) -> Any:
        """Return the table, whose columns are parts of `data`."""
        import pyarrow

        try:
            return pyarrow.ipc.open_file(pyarrow.py_buffer(data)).read_all()
        except (pyarrow.ArrowException, OSError) as error:
            raise DamagedError(f"not an Arrow file: {error}") from None

    def export(self, value: Any, path: Path) -> None:
        """Write whatever can be seen as a table."""
        import pyarrow

        table = value if self.can_store(value) else pyarrow.Table.from_pandas(as_frame(value, "arrow"))
        self.write(table, path)
