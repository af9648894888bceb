from __future__ import annotations

import datetime
import enum
import functools
import math
import operator
import re
import struct
import subprocess
import sys
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frozendict import frozendict
from hypothesis import given
from hypothesis import strategies as st

from repype_like.fingerprint.canonical import NoCanonicalForm, canonical_bytes, hash_value


class Color(enum.Enum):
    RED = 1
    GREEN = 2


@dataclass(frozen=True)
class Point:
    x: float
    tags: frozenset[str] = field(default_factory=frozenset)


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value


class Open:
    def __init__(self, **state: Any):
        self.__dict__.update(state)


# Of each group, all differ from each other; each is equal to a copy of itself.
DIFFERENT: list[list[Any]] = [
    [1, 1.0, "1", True, b"1", None, 1j, Decimal(1), Fraction(1), bytearray(b"1"), np.int64(1),
     np.int32(1), np.array(1)],
    [0, 0.0, -0.0, False, "", [], (), {}, set(), frozenset(), b""],
    [[1, 2], [2, 1], (1, 2), {1, 2}, frozenset({1, 2}), deque([1, 2]), range(1, 3), np.array([1, 2]), [[1], 2],
     [1, [2]]],
    [{"a": 1}, {"a": 1.0}, {"a": "1"}, {"b": 1}, {b"a": 1}, OrderedDict(a=1), Counter(a=1), frozendict(a=1),
     defaultdict(int, a=1), MappingProxyType({"a": 1}), SimpleNamespace(a=1), Open(a=1)],
    [{1: "x"}, {"1": "x"}, {1.5: "x"}, {(1,): "x"}, {None: "x"}],
    [10**5000, 10**5000 + 1, -(10**5000)],
    [math.nan, math.inf, -math.inf],
    ["a", "b", "ab", "\ud800", "é", "e\u0301"],
    [datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1),  # noqa: DTZ001  local times are values too
     datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
     datetime.time(1), datetime.timedelta(1), "2024-01-01"],
    [Color.RED, Color.GREEN, 1, "RED", Color],
    [Point(1.0), Point(1), Point(2.0), Point(1.0, frozenset("a"))],
    [Slotted(1), Slotted(2), Open(value=1)],
    [Path("a"), Path("b"), Path("/a"), "a"],
    [re.compile("a"), re.compile("a", re.IGNORECASE), re.compile(b"a"), "a"],
    [functools.partial(int, base=2), functools.partial(int, base=3), functools.partial(float), int, float],
    [operator.itemgetter(1), operator.itemgetter(2), len, "a".join, "b".join, "a".split, np.add,
     np.subtract, math.sin],
    [np.zeros(2), np.zeros(3), np.zeros((2, 1)), np.zeros(2, "f4"), np.zeros(2, ">f8"), -np.zeros(2),
     np.array([0, np.nan]), np.ma.array([0.0, 0.0]), np.ma.array([0.0, 0.0], mask=[False, True])],
    [np.array([1, "a"], object), np.array([1, "b"], object), np.array(["a"]), np.array([b"a"])],
    [np.dtype("f4"), np.dtype("f8"), np.dtype([("a", "f4")]), np.dtype([("b", "f4")]), "<f4"],
    [np.random.default_rng(1), np.random.default_rng(2)],
    [pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}), pd.DataFrame({"a": [1.0, 2.0]}),
     pd.DataFrame({"a": [1, 3]}), pd.DataFrame({"a": [1, 2]}, index=[1, 2]), pd.DataFrame({"a": ["1", "2"]}),
     pd.DataFrame({"a": [1, None]}, dtype="Int64"),
     pd.DataFrame({"a": pd.Categorical(["x", "y"])}), pd.DataFrame({"a": pd.Categorical(["x", "y"], ordered=True)}),
     pd.Series([1, 2], name="a"), pd.Series([1, 2]), pd.Index([1, 2]), pd.MultiIndex.from_product([[1], [2]])],
    [pd.Timestamp("2024"), pd.Timestamp("2024", tz="UTC"), pd.Timedelta(1), pd.NaT, pd.NA],
]


@pytest.mark.parametrize("group", DIFFERENT, ids=lambda group: type(group[0]).__name__)
def test_what_differs_has_another_form(group: list[Any]) -> None:
    assert len({canonical_bytes(value) for value in group}) == len(group)


@pytest.mark.parametrize("group", DIFFERENT, ids=lambda group: type(group[0]).__name__)
def test_the_form_does_not_depend_on_the_identity_of_objects(group: list[Any]) -> None:
    import copy

    for value in group:
        twin = value if isinstance(value, MappingProxyType) else copy.deepcopy(value)
        assert canonical_bytes([twin]) == canonical_bytes([value])


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20)


def typed(value: Any) -> Any:
    """Return what two plain values have in common if and only if they mean the same."""
    if isinstance(value, (list, tuple)):
        return type(value), [typed(item) for item in value]
    if isinstance(value, dict):
        return dict, sorted(((repr(key), typed(item)) for key, item in value.items()), key=lambda pair: pair[0])
    return type(value), repr(value)


@given(plain, plain)
def test_equal_forms_mean_equal_values(one: Any, other: Any) -> None:
    assert (canonical_bytes(one) == canonical_bytes(other)) == (typed(one) == typed(other))


@given(st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()), plain), st.randoms())
def test_the_order_of_dictionaries_does_not_matter(value: dict[Any, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical_bytes(dict(items)) == canonical_bytes(value)
    assert canonical_bytes(Open(d=dict(items))) == canonical_bytes(Open(d=value))


@given(plain)
def test_plain_data_has_the_same_form_beside_other_objects(value: Any) -> None:
    assert canonical_bytes(value) in canonical_bytes((Color.RED, value))


@pytest.mark.parametrize(("dtype", "parts"), [
    (np.longdouble, lambda array: [array]), (np.clongdouble, lambda array: [array.real, array.imag]),
    (np.dtype([("a", "i1"), ("b", "f8")], align=True), lambda array: [array["a"], array["b"]])])
def test_bytes_that_fill_up_mean_nothing(dtype: Any, parts: Any) -> None:
    """A new array has in them what was in the memory before, another thing each time."""
    one, other = (np.frombuffer(bytearray([fill]) * 96, dtype) for fill in (0, 1))
    for part in (*parts(one), *parts(other)):
        part[...] = np.ones(len(part))
    assert canonical_bytes(one) == canonical_bytes(other)
    assert canonical_bytes(one) != canonical_bytes(np.zeros_like(one))


def test_every_nan_is_the_same() -> None:
    odd = struct.unpack("<d", struct.pack("<Q", 0xFFF8000000000123))[0]
    assert canonical_bytes([odd]) == canonical_bytes([math.nan])
    assert canonical_bytes(np.array([odd, 1])) == canonical_bytes(np.array([math.nan, 1]))
    assert canonical_bytes(np.array([(odd,)], "f8,")) == canonical_bytes(np.array([(math.nan,)], "f8,"))


def test_memory_layout_does_not_matter() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert canonical_bytes(np.asfortranarray(array)) == canonical_bytes(array)
    assert canonical_bytes(np.arange(12.0)[::2].reshape(2, 3)) == canonical_bytes(2 * array)
    table = pd.DataFrame({"a": [1], "b": [2]})
    assert canonical_bytes(pd.DataFrame({"b": [2], "a": [1]})[["a", "b"]]) == canonical_bytes(table)


def test_values_within_themselves() -> None:
    one: list[Any] = [1]
    one.append(one)
    other: list[Any] = [2]
    other.append(other)
    assert canonical_bytes(one) != canonical_bytes(other)
    knot = Open()
    knot.me = {"knot": knot}  # type: ignore[attr-defined]
    assert canonical_bytes(knot) == canonical_bytes(knot)


def test_paths_below_the_root_are_relative(tmp_path: Path) -> None:
    def forms(root: Path) -> list[bytes]:
        return [canonical_bytes(value, root=root) for value in (root / "a", str(root / "a"), [root], {"x": f"{root}x"})]

    here, there = forms(tmp_path / "here"), forms(tmp_path / "there")
    assert here[:3] == there[:3]
    assert here[3] != there[3]  # only looks like a path below the root
    assert canonical_bytes(Path("a"), root=tmp_path) != canonical_bytes(tmp_path / "a", root=tmp_path)


def test_who_asks_may_describe_code() -> None:
    def describe(value: Any) -> str | None:
        return "something" if value is not Open else None

    assert canonical_bytes(Open(f=lambda: 1), describe=describe) == canonical_bytes(Open(f=len), describe=describe)


@pytest.mark.parametrize("value", [threading.Lock(), lambda: 1, (x for x in "a"), iter(lambda: 1, 1), object.__new__(
    type("Stubborn", (), {"__reduce_ex__": lambda self, protocol: 1 / 0}))], ids=lambda value: type(value).__name__)
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(NoCanonicalForm, match=r"cannot be (seen|found)"):
        canonical_bytes([value])


def test_data_nested_too_deeply_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(NoCanonicalForm, match="too deeply"):
        canonical_bytes(value)


def test_other_processes_and_hash_seeds_agree() -> None:
    program = """
import datetime, enum, pathlib, re
from repype_like.fingerprint.canonical import hash_value
print(hash_value([{"b", "a", "c"}, frozenset({(1, "x"), (2, "y")}), {"k": 1.5, 2: None}, re.compile("x"),
                  pathlib.Path("a/b"), datetime.date(2024, 1, 1), complex(1, 2), 10**30]))
"""
    hashes = {subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, check=True, text=True,
                             capture_output=True).stdout for seed in "123"}
    assert hashes == {GOLDEN + "\n"}


GOLDEN = "d16aa10b412d56e079b85c37334fa1f5"
"""Changes only with the canonical form, and then everything ever stored has to be computed again."""


def test_hash_value_is_short() -> None:
    assert re.fullmatch("[0-9a-f]{32}", hash_value({"a": np.zeros(10_000)}))
