"""What new splits are made of."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repype_like.library.expression import evaluate, parse_expression
from repype_like.library.splits import DatasetError

DATASET = {"train": list(range(10)), "dev": list(range(10, 15)), "a b": [99]}


@pytest.mark.parametrize(("text", "items"), [
    ("train", list(range(10))),
    ("train + dev", list(range(15))),
    ("train[0:5] + train[7:]", [0, 1, 2, 3, 4, 7, 8, 9]),
    ("train[:-8]+dev[-1:]", [0, 1, 14]),
    (" dev [ : 20% ] ", [10]),
    ("dev[0.5:]", [12, 13, 14]),
    ("train[25%:75%]", [2, 3, 4, 5, 6]),
    ("train[-20%:]", [8, 9]),
    ("train[::3] + dev[::-2]", [0, 3, 6, 9, 14, 12, 10]),
    ("train[1:0.5:2]", [1, 3]),
    ("train[20:30]", []),
    ("a b[:1.0] + dev[:.2]", [99, 10]),
])
def test_expressions(text: str, items: list[int]) -> None:
    assert evaluate(text, DATASET) == items


@pytest.mark.parametrize(("text", "said"), [
    ("train +", '"train +" has nothing before or after a +'), ("", "nothing before or after"),
    ("train[1:2", "is no split"), ("train[3]", "is no slice"), ("train[:x]", '"x" in "train[:x]" is neither a number'),
    ("train[:120%]", "more than all items"), ("train[:1.5]", "more than all items"), ("train[::0]", "no step"),
    ("train[1:2][0:1]", "is no split"), ("train[:1e1]", "neither a number"),
])
def test_what_is_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".*") as raised:
        parse_expression(text)
    assert said in str(raised.value)


def test_a_split_that_is_not_there() -> None:
    with pytest.raises(DatasetError, match='no split "trian"; did you mean "train"'):
        evaluate("trian[:1]", DATASET)


bounds = st.none() | st.integers(-12, 12)


@given(bounds, bounds, st.none() | st.integers(-3, 3).filter(bool))
def test_whole_numbers_mean_what_they_mean_in_python(start: int | None, stop: int | None, step: int | None) -> None:
    written = ":".join("" if bound is None else str(bound) for bound in (start, stop))
    text = f"train[{written}]" if step is None else f"train[{written}:{step}]"
    assert evaluate(text, DATASET) == DATASET["train"][start:stop:step]


@given(st.integers(0, 200), st.decimals(0, 1, places=4), st.booleans())
def test_shares_take_a_split_apart(size: int, share: Decimal, percent: bool) -> None:
    bound = f"{share * 100:f}%" if percent else f"{share:f}"
    items = list(range(size))
    first, second = (evaluate(text, {"all": items}) for text in (f"all[:{bound}]", f"all[{bound}:]"))
    assert first + second == items
    assert len(first) == Fraction(str(share)) * size // 1
    first, second = (evaluate(text, {"all": items}) for text in (f"all[:-{bound}]", f"all[-{bound}:]"))
    assert first + second == items or not Fraction(str(share))
