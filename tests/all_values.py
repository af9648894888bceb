"""Values of all kinds, and what it means that one comes back as it was."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import re
import tempfile
import uuid
import zoneinfo
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["VALUES", "same"]


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Mode(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass(frozen=True)
class Frozen:
    size: tuple[int, int]


@dataclasses.dataclass
class Region:
    label: int
    mask: np.ndarray[Any, Any]
    note: dict[str, Any] = dataclasses.field(default_factory=dict)


class Image(np.ndarray[Any, Any]):
    """An array of a class of its own."""


class Point(collections.namedtuple("Point", "x y")):
    __slots__ = ()


def _objects() -> np.ndarray[Any, Any]:
    return np.array([1, "a", None, [2]], dtype=object)


def _frame() -> pd.DataFrame:
    return pd.DataFrame({"area": np.arange(5.0), "label": range(5), "name": list("abcde"),
                         "kind": pd.Categorical(list("xyxyx")), "when": pd.date_range("2024", periods=5)},
                        index=pd.Index(list("vwxyz"), name="id"))


def _memmap() -> np.memmap[Any, Any]:
    with tempfile.TemporaryFile() as file:
        file.write(bytes(range(64)) * 8)
        file.flush()
        return np.memmap(file, np.uint16, "r+", shape=(256,))


def _readable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.flags.writeable = False
    return array


_random = np.random.default_rng(0)
_recursive: list[Any] = [1]
_recursive.append(_recursive)

VALUES: dict[str, Any] = {
    "none": None, "true": True, "int": -3, "big int": 10**5000, "float": 0.1, "nan": math.nan, "inf": -math.inf,
    "negative zero": -0.0, "text": "grüß\N{GRINNING FACE}", "surrogate": "\ud800", "empty text": "",
    "long text": "x" * 10**5,
    "bytes": b"\0\xff", "bytearray": bytearray(b"ab"), "complex": 1 + 2j, "tuple": (1, (2.0, "x")), "set": {1, 2},
    "frozenset": frozenset("ab"), "range": range(3, 9, 2), "slice": slice(1, None, 2), "ellipsis": ...,
    "list": [1, [2.5, None], {"a": True}], "dict": {"b": 1, "a": [2]}, "int keys": {1: "a", (2, 3): "b", None: 0},
    "empty": [[], {}, (), ""], "long list": list(range(10**5)), "type in it": {"type": "ndarray", "value": 3},
    "int enum in it": [Level.LOW], "bool in dict": {"a": np.True_},
    "ordered": collections.OrderedDict(a=1), "counter": collections.Counter("aab"),
    "deque": collections.deque([1, 2], maxlen=3), "defaultdict": collections.defaultdict(list, a=[1]),
    "date": datetime.date(2024, 2, 29), "datetime": datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.timezone.utc),
    "timedelta": datetime.timedelta(1, 2, 3), "decimal": decimal.Decimal("1.10"), "fraction": fractions.Fraction(1, 3),
    "uuid": uuid.UUID(int=5), "path": Path("a/b"), "pure path": PurePosixPath("a"),
    "pattern": re.compile("a+", re.IGNORECASE),
    "enum": Color.RED, "int enum": Level.LOW, "namedtuple": Point(1, 2.0), "type": Region, "function": math.sin,
    "numpy float": np.float32(0.1), "numpy int": np.int64(7), "numpy bool": np.False_, "numpy text": np.str_("ab"),
    "numpy date": np.datetime64("2024-01-01T01:02", "s"), "void": np.void(b"abc"),
    "array": np.arange(12.0).reshape(3, 4), "large": _random.random((200, 300)), "0-d": np.array(3),
    "empty array": np.empty((0, 3)),
    "fortran": np.asfortranarray(_random.random((200, 300))),
    "transposed": np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1),
    "strided": np.arange(100)[::3], "reversed": np.arange(5)[::-1], "broadcast": np.broadcast_to(np.arange(3), (4, 3)),
    "read-only": _readable(np.arange(4)), "big endian": np.arange(4, dtype=">i4"), "half": np.ones(3, np.float16),
    "long double": np.ones(2, np.longdouble), "complex array": np.ones(2, complex), "bools": np.zeros((100, 100), bool),
    "mask": np.zeros((600, 600), bool), "labels": np.repeat(np.arange(64, dtype=np.int32), 4096).reshape(512, 512),
    "fortran labels": np.asfortranarray(np.repeat(np.arange(64, dtype=np.int32), 4096).reshape(512, 512)),
    "texts": np.array(["a", "bcd"]), "byte texts": np.array([b"a", b"bcd"]), "voids": np.zeros(2, "V3"),
    "dates": np.array(["2024-01-01", "NaT"], "M8[D]"), "durations": np.array([1, 2], "m8[us]"),
    "records": np.array([(1, 2.0, "x")], [("a", "i4"), ("b", "f8"), ("ü", "U3")]),
    "aligned records": np.zeros(3, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    "nested records": np.zeros(2, [("a", [("b", "i2")]), ("c", "f4", (2, 2))]),
    "metadata": np.zeros(2, np.dtype("i4", metadata={"unit": "px"})),
    "objects": _objects(), "object records": np.array([(1, None)], [("a", "i4"), ("b", "O")]),
    "matrix": np.arange(4).reshape(2, 2).view(np.recarray), "recarray": np.zeros(2, [("a", "i4")]).view(np.recarray),
    "masked": np.ma.masked_array(_random.random(1000), _random.random(1000) > 0.5, fill_value=-1),
    "masked without mask": np.ma.masked_array([1, 2, 3]),
    "hard mask": np.ma.masked_array([1, 2], [False, True], hard_mask=True),
    "masked records": np.ma.masked_array([(1, 2.0)], [(False, True)], dtype=[("a", "i4"), ("b", "f8")]),
    "masked itself": np.ma.masked, "record": np.zeros(2, [("a", "i4"), ("b", "f8")])[1],
    "memmap": _memmap(), "part of a memmap": _memmap()[3:], "subclass": np.arange(3.0).view(Image),
    "bits": np.packbits(np.eye(9, dtype=bool)), "time zone": zoneinfo.ZoneInfo("Europe/Berlin"),
    "array of shape": np.zeros((0,), "U5"), "arrays in dict": {"a": np.arange(2000), "b": [np.zeros(3000, bool)]},
    "table": _frame(), "large table": pd.DataFrame(_random.random((2000, 10))), "empty table": pd.DataFrame(),
    "series": pd.Series([1.5, None], name="s"), "index": pd.MultiIndex.from_product([[1, 2], ["a"]]),
    "arrow table": pa.table({"a": [1, None], "b": [["x"], []], "c": pa.array(["u", "u"]).dictionary_encode()}),
    "record batch": pa.record_batch({"a": [1.5, None]}), "large arrow table": pa.table({"a": np.arange(50_000)}),
    "nullable": pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": pd.array(["x", None], "string")}),
    "zones": pd.Series(pd.date_range("2024", periods=2, tz="Europe/Berlin", freq="D")),
    "level names": pd.DataFrame({("a", 1): [1]}, index=pd.MultiIndex.from_tuples([(1, "x")], names=["n", None])),
    "flags": Mode.READ | Mode.WRITE, "frozen": Frozen((1, 2)),
    **{f"dtype {code}": np.zeros(3, code) for code in np.typecodes["All"]},
    "dataclass": Region(1, _random.random((50, 50)), {"a": 1}), "recursive": _recursive,
}


def same(one: Any, other: Any) -> bool:
    """Tell whether two values have the same type and content, all the way down."""
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, np.ma.MaskedArray):
        return bool(one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one.data, other.data)
                    and np.array_equal(one.mask, other.mask) and same(one.fill_value, other.fill_value)
                    and one.hardmask == other.hardmask)
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        if dict(one.dtype.metadata or {}) != dict(other.dtype.metadata or {}):
            return False
        if one.dtype.char in "gG":  # in the bytes of a long double are some that mean nothing
            return np.array_equal(one, other, equal_nan=True)
        return same(one.tolist(), other.tolist()) if one.dtype.hasobject else one.tobytes() == other.tobytes()
    if isinstance(one, (pd.DataFrame, pd.Series, pd.Index)):
        return bool(one.equals(other)) and (not isinstance(one, pd.DataFrame) or one.dtypes.equals(other.dtypes))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(a is one or same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, Region):
        return same(vars(one), vars(other))
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other) and (isinstance(one, (int, set, frozenset)) or repr(one) == repr(other))
