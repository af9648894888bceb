from __future__ import annotations

import datetime
import enum
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from frozendict import frozendict
from hypothesis import given
from hypothesis import strategies as st

from repype_like.store import to_plain

plain = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                     lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


class Mode(enum.Enum):
    FAST = 1


class Other:
    pass


@given(plain)
def test_plain_data_stays_as_it_is(value: Any) -> None:
    assert to_plain(value) == value
    assert json.loads(json.dumps(to_plain(value))) == value


@pytest.mark.parametrize(("value", "expected"), [
    ((1, (2,)), [1, [2]]), ({2: "a", None: 2}, {"2": "a", "None": 2}), ({3, 1, 2}, [1, 2, 3]), (Path("a/b"), "a/b"),
    (datetime.date(2024, 1, 2), "2024-01-02"), (Mode.FAST, "Mode.FAST"), (np.float64(0.5), 0.5),
    (np.arange(2).tolist(), [0, 1]),
    (frozendict(a=(1,)), {"a": [1]}), (np.array([1, 2]), {"type": "numpy.ndarray", "values": [1, 2]}), (1j, "1j"),
    (np.str_("x"), "x"),
])
def test_everything_else_is_said_in_plain_data(value: Any, expected: Any) -> None:
    found = to_plain({"key": value})["key"]
    assert found == expected
    json.dumps(found)


def test_integers_with_more_digits_than_python_reads() -> None:
    assert to_plain(10**5000) == hex(10**5000)


def test_equal_values_give_equal_plain_data() -> None:
    assert to_plain(Other()) == to_plain(Other())
    assert to_plain({"b", "a"}) == to_plain({"a", "b"})
