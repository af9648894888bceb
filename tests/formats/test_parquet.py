from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import format_for, format_named

FRAME = pd.DataFrame({"area": np.arange(5.0), "label": np.arange(5, dtype=np.uint8), "name": list("abcde"),
                      "kind": pd.Categorical(list("xyxyx")), "when": pd.date_range("2024", periods=5, tz="Asia/Tokyo"),
                      "maybe": pd.array([1, None, 3, 4, 5], dtype="Int64")})
TABLE = pa.table({"a": [1, 2], "b": ["x", None]}).replace_schema_metadata({"unit": "px"})


@pytest.mark.parametrize("frame", [
    FRAME, FRAME.set_index("name"), FRAME.set_index(["name", "label"]), FRAME.iloc[:0].drop(columns="kind"),
    pd.DataFrame(), pd.DataFrame(np.ones((2, 3))), FRAME.assign(day=[datetime.date(2024, 1, 1), *[None] * 4]),
])
def test_a_table_of_pandas_comes_back(frame: pd.DataFrame, through: Callable[..., Any], tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(through("parquet", frame), frame)
    assert pq.read_table(tmp_path / "value.parquet").num_rows == len(frame)


@pytest.mark.parametrize("name", ["parquet", "arrow"])
@pytest.mark.parametrize("table", [TABLE, TABLE.slice(1), pa.table({}),
                                   pa.Table.from_pandas(FRAME.drop(columns="kind"))])
def test_a_table_of_pyarrow_comes_back(name: str, table: pa.Table, through: Callable[..., Any]) -> None:
    assert through(name, table).equals(table, check_metadata=True)


@pytest.mark.parametrize(("frame", "words"), [
    (FRAME.assign(o=pd.Series([1, "a", None, 2, 3], dtype=object)), "Conversion failed for column o"),
    (pd.DataFrame({"a": [1]}, index=pd.date_range("2024", periods=1)), '"freq" are different|another content'),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), "[Dd]uplicate"), (pd.DataFrame({"z": [1j]}), "complex"),
    (pd.DataFrame({"o": pd.Series([(1, 2)], dtype=object)}), "objects that would come back as others"),
    (FRAME.iloc[:0], '"kind" would come back as category'),
])
def test_what_parquet_does_not_keep_is_refused(frame: pd.DataFrame, words: str, tmp_path: Path) -> None:
    with pytest.raises(NotStorableError, match=words):
        format_named("parquet").write(frame, tmp_path / "a.parquet")


def test_tables_of_pyarrow_are_arrow_files_that_everybody_can_read(tmp_path: Path) -> None:
    format_ = format_for(TABLE)
    assert format_.name == "arrow"
    format_.write(TABLE, tmp_path / "a.arrow")
    with pa.memory_map(str(tmp_path / "a.arrow")) as file:
        assert pa.ipc.open_file(file).read_all().equals(TABLE)
    (tmp_path / "b.arrow").write_bytes(b"ARROW1 and nothing else")
    with pytest.raises(DamagedError, match="not an Arrow file"):
        format_.read(tmp_path / "b.arrow")


def test_columns_of_several_dictionaries_come_back_from_a_container(through: Callable[..., Any]) -> None:
    chunks = [pa.array(list(text)).dictionary_encode() for text in ("xy", "z")]
    table = pa.table({"a": pa.chunked_array(chunks)})
    assert format_for(table).name == "container"
    assert through("container", table).equals(table)


def test_what_can_be_seen_as_a_table_is_exported(tmp_path: Path) -> None:
    for name in ("parquet", "arrow"):
        format_named(name).export([{"a": 1}], tmp_path / name)
    assert pq.read_table(tmp_path / "parquet").to_pylist() == [{"a": 1}]
    with pytest.raises(NotStorableError, match="it is no table"):
        format_named("parquet").export(3, tmp_path / "c")
