"""Tables of pandas: all of it comes back, and loading it runs no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from repype_like.formats import format_for, format_named
from repype_like.formats.container import ContainerFormat, pickler_of
from repype_like.formats.tables import difference

container = ContainerFormat()
_random = np.random.default_rng(0)


def _arrow(values: Any, kind: Any) -> pd.Series:
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(kind)))


FRAMES: dict[str, pd.DataFrame] = {
    "plain": pd.DataFrame({"a": np.arange(5.0), "b": range(5), "c": list("abcde"), "d": [True] * 5}),
    "numbers": pd.DataFrame(_random.random((2000, 10))), "nothing": pd.DataFrame(),
    "no columns": pd.DataFrame(index=[1]),
    "no rows": pd.DataFrame({"a": np.zeros(0, np.uint8), "b": pd.Categorical([], ["x"])}),
    "narrow": pd.DataFrame({kind: np.arange(3).astype(kind) for kind in ("i1", "u2", "f2", "f4", "c8", "c16", "?")}),
    "objects": pd.DataFrame({"a": pd.Series([1, "a", None, 2.5, (1, 2), [3]], dtype=object)}),
    "categories": pd.DataFrame({"k": pd.Categorical(list("xyxyx"), list("zyx")),
                                "o": pd.Categorical([1, 2, None, 2, 1], ordered=True)}),
    "times": pd.DataFrame({"w": pd.date_range("2024", periods=5), "u": pd.date_range("2024", periods=5, tz="UTC"),
                           "z": pd.date_range("2024", periods=5, tz="Europe/Berlin"),
                           "s": pd.date_range("2024", periods=5).astype("M8[s]"),
                           "t": pd.to_timedelta(range(5), unit="s"),
                           "p": pd.period_range("2024", periods=5, freq="M")}),
    "with gaps": pd.DataFrame({"i": pd.array([1, None], dtype="Int64"), "f": pd.array([1.0, None], dtype="Float32"),
                               "b": pd.array([True, None], dtype="boolean"),
                               "s": pd.array(["a", None], dtype="string")}),
    "texts": pd.DataFrame({"p": pd.Series(["a", None], dtype=pd.StringDtype("python")),
                           "q": pd.Series(["a", None], dtype=pd.StringDtype("pyarrow"))}),
    "arrow": pd.DataFrame({"x": _arrow([1, None], pa.int64()), "l": _arrow([[1], []], pa.list_(pa.int64())),
                           "t": _arrow([1, 2], pa.timestamp("ns", tz="UTC")), "d": _arrow([1, 2], pa.decimal128(5, 2)),
                           "k": pd.Series(pa.array(["a", "b"]).dictionary_encode(),
                                          dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())))}),
    "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 0.0, 1.0])}),
    "intervals": pd.DataFrame({"a": pd.interval_range(0, 2)}, index=pd.interval_range(0.5, 2.5, name="i")),
    "multi-index": pd.DataFrame({"a": range(4)},
                                index=pd.MultiIndex.from_product([[1, 2], ["x", "y"]], names=["p", None])),
    "multi-columns": pd.DataFrame(np.ones((2, 4)), columns=pd.MultiIndex.from_product([[1, 2], ["x", "y"]])),
    "same names": pd.DataFrame([[1, 2.5, "x"]], columns=["a", "a", 3]),
    "categorical index": pd.DataFrame({"a": [1, 2]}, index=pd.CategoricalIndex(["u", "v"], name="k")),
    "period index": pd.DataFrame({"a": [1, 2]}, index=pd.period_range("2024", periods=2, freq="Q")),
    "duration index": pd.DataFrame({"a": [1, 2]}, index=pd.timedelta_range("1h", periods=2)),
    "time zone index": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2024", periods=2, tz="Asia/Tokyo")),
    **{f"frequency {freq}": pd.DataFrame({"a": range(3)}, index=pd.date_range("2024", periods=3, freq=freq))
       for freq in ("D", "h", "2h", "min", "s", "ms", "W-MON", "ME", "MS", "QE", "YS", "B", "SME", "bh")},
    "part": pd.DataFrame(_random.random((50, 4)))[10:40:3],
}
FRAMES["with attrs"] = FRAMES["plain"].copy()
FRAMES["with attrs"].attrs = {"unit": "px"}

OTHERS: dict[str, Any] = {
    "series": pd.Series([1.5, None], name="s"), "text series": pd.Series(["a"], index=["x"]),
    "range": pd.RangeIndex(2, 9, 3, name="r"), "index": pd.Index([1.0, 2.0]), "array": pd.array([1, None]),
    "timestamp": pd.Timestamp("2024-05-01", tz="Europe/Berlin"), "nat": pd.NaT, "missing": pd.NA,
    "duration": pd.Timedelta(5), "period": pd.Period("2024-05"), "interval": pd.Interval(0, 1),
    "column of pyarrow": pa.chunked_array([[1], [None]]), "array of pyarrow": pa.array(["a"]).dictionary_encode(),
    "scalar of pyarrow": pa.scalar(5), "dictionaries": {"a": [FRAMES["plain"]]},
}


@pytest.mark.parametrize("name", FRAMES)
def test_tables_come_back_and_loading_runs_no_code(name: str, tmp_path: Path) -> None:
    frame = FRAMES[name]
    assert format_for(frame).name == "container"
    data = memoryview(bytearray(b"".join(container.dump(frame))))
    assert pickler_of(data) == "safe"
    assert difference(frame, container.load(data)) == ""
    container.write(frame, tmp_path / "a")
    loaded = container.read(tmp_path / "a")
    for position in range(loaded.shape[1]) if len(loaded) and name not in ("arrow", "sparse") else ():
        loaded.iloc[0, position] = loaded.iloc[-1, position]
    assert difference(frame, container.read(tmp_path / "a")) == "", "what was loaded belongs to who loaded it"


@pytest.mark.parametrize("name", OTHERS)
def test_what_tables_are_made_of_is_safe_as_well(name: str) -> None:
    data = memoryview(bytearray(b"".join(container.dump(OTHERS[name]))))
    assert pickler_of(data) == "safe"
    loaded = container.load(data)
    assert type(loaded) is type(OTHERS[name])
    assert str(loaded) == str(OTHERS[name])


def test_columns_are_mapped(tmp_path: Path) -> None:
    frame = pd.DataFrame(_random.random((50_000, 4)), columns=list("abcd"))
    format_named("container").write(frame, tmp_path / "file")
    assert (tmp_path / "file").stat().st_size < frame.to_numpy().nbytes * 1.01
    loaded = format_named("container").read(tmp_path / "file")
    assert not loaded.to_numpy(copy=False).flags.owndata


@pytest.mark.parametrize(("other", "words"), [
    ({"a": [1.0, 2.0]}, '"a" would come back as float64 instead of int64'), ({"a": [1, 3]}, "another content"),
    ({"b": [1, 2]}, "another content"), ({"a": [1]}, "another content"),
])
def test_differences_are_told(other: Any, words: str) -> None:
    assert words in difference(pd.DataFrame({"a": [1, 2]}), pd.DataFrame(other))
