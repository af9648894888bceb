from __future__ import annotations

import enum
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import format_for
from repype_like.formats.json import JsonFormat, is_small_plain

format_ = JsonFormat()
plain = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
                     lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


class Level(enum.IntEnum):
    LOW = 1


@given(plain)
def test_plain_data_comes_back_as_it_was(value: Any) -> None:
    assert format_.can_store(value)
    loaded = format_.load(memoryview(b"".join(format_.dump(value))))
    assert repr(loaded) == repr(value)


@pytest.mark.parametrize("value", [(1,), {1: 2}, {1}, b"a", Level.LOW, [Level.LOW], {"a": [1, (2,)]}, 1j, [10**5000]])
def test_what_json_would_change_is_not_taken(value: Any) -> None:
    assert not format_.can_store(value)
    with pytest.raises(NotStorableError, match="json"):
        format_for(value, "json")


def test_what_occurs_twice_is_not_taken() -> None:
    inner: list[int] = []
    assert not format_.can_store([inner, inner])


def test_large_data_is_left_to_the_container_unless_json_is_asked_for() -> None:
    value = {"rows": [[float(i), str(i)] for i in range(5000)]}
    assert not is_small_plain(value)
    assert json.loads(b"".join(format_for(value, "json").dump(value))) == value  # type: ignore[attr-defined]


def test_what_is_not_json_is_damage() -> None:
    with pytest.raises(DamagedError):
        format_.load(memoryview(b"[1, 2"))
