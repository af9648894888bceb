"""Columns of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repype_like.width import cut, pad, width_of, wrap


@pytest.mark.parametrize(("text", "width"), [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("画像", 4), ("😀", 2)])
def test_width(text: str, width: int) -> None:
    assert width_of(text) == width


def test_pad_and_cut_count_columns() -> None:
    assert pad("画", 4) == "画  "
    assert pad("画", 4, right=True) == "  画"
    assert cut("画像処理", 5) == "画像…"
    assert cut("abc", 3) == "abc"


@given(st.text(), st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
