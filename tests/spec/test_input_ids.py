from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repype_like.spec.input_ids import (
    check_input_ids,
    decode_input_ids,
    format_input_id,
    parse_input_id,
    sorted_ids,
)
from repype_like.typing import InputID


@pytest.mark.parametrize(("value", "ids"), [
    ([3, 1, 2, 1], [1, 2, 3]), (["b", 2, "a", 10], [2, 10, "a", "b"]), ([], []), ("", []),
    ("5", [5]), (5, [5]), (-5, [-5]),
    ([-5], [-5]), ("1,2, 5 - 7 ,img", [1, 2, 5, 6, 7, "img"]), ("1-3,2-4", [1, 2, 3, 4]), ("007", [7]),
    (["007", 7, "1-3"], [7, "007", "1-3"]), ("a-b,a1-2", ["a-b", "a1-2"]), ("1.5", ["1.5"]), (",,1,", [1]),
    ("b,10,9,a", [9, 10, "a", "b"]), ((2, 1), [1, 2]), (range(3), [0, 1, 2]),
])  # fmt: skip
def test_grammar(value: Any, ids: list[InputID]) -> None:
    found = decode_input_ids(value)
    assert [(type(item), item) for item in found] == [(type(item), item) for item in ids]


@pytest.mark.parametrize(("value", "reason"), [
    ("1 2 3", "write 1, 2, 3 if"), ("a, b c", '"b c" has a space in it'),
    ("3-1", "upwards"), ("5-5", "upwards"), ("-5", "no range"), ("5-", "no range"), ("-", "no range"),
    ("1-1000000000", "at most"), ("9" * 5000, "digits"), (True, "boolean true"),
    ([1, False], '"false"'), (1.0, "fraction"),
    (None, "null"), ([None], "null"), ([1, [2]], "a list"), (datetime.date(2024, 1, 2), "a date"), ([""], "empty"),
    ({}, "empty mapping"), ({"globb": "*"}, 'did you mean "glob"'), ({"glob": "*", "x": 1}, '"x"'),
    ({"glob": 5}, "one \\*"),
    ({"glob": "a"}, "one \\*"), ({"glob": "**/a"}, "one \\*"), ({"glob": "no/such/*"}, "does not exist"),
])  # fmt: skip
def test_refused(value: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_input_ids(value, tmp_path)


def test_glob(tmp_path: Path) -> None:
    for name in ("10.tif", "9.tif", "b c.tif", ".hidden.tif", ".tif", "x.png", "cell_1.tif", "007.tif"):
        (tmp_path / "raw" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "raw" / name).touch()
    for name in ("s1", "s2", "s3"):
        (tmp_path / "stacks" / name).mkdir(parents=True)
    (tmp_path / "stacks/s1/image.tif").touch()
    (tmp_path / "stacks/s3/image.tif").touch()
    assert decode_input_ids({"glob": "raw/*.tif"}, tmp_path) == ["007", "10", "9", "b c", "cell_1"]
    assert decode_input_ids({"glob": "raw/cell_*.tif"}, tmp_path) == ["1"]
    assert decode_input_ids({"glob": f"{tmp_path}/raw/*.png"}) == ["x"]
    assert decode_input_ids({"glob": "stacks/*/image.tif"}, tmp_path) == ["s1", "s3"]
    with pytest.raises(ValueError, match="matches nothing"):
        decode_input_ids({"glob": "raw/*.jpg"}, tmp_path)
    (tmp_path / "raw").joinpath("\udce9.tif").touch()
    with pytest.raises(ValueError, match="not UTF-8"):
        decode_input_ids({"glob": "raw/*.tif"}, tmp_path)


@pytest.mark.parametrize(("ids", "words"), [
    ([1, "1"], "same file name"), (["é", "e\u0301"], "look the same"), (["A", "a"], "upper and lower"),
    (["STRASSE", "straße"], "upper and lower"), ([-1, "-1"], "same file name"),
])  # fmt: skip
def test_ambiguous(ids: list[InputID], words: str) -> None:
    (problem,) = check_input_ids([*ids, "other", 5])
    assert "ambiguous" in problem.message
    assert words in problem.message


def test_not_ambiguous() -> None:
    assert check_input_ids([1, 10, "01", "a", "b", "a ", "é", "e"]) == []


IDS = st.integers() | st.text(st.characters(codec="utf-8"), min_size=1)


@given(IDS)
def test_text_of_an_id_round_trips(input_id: InputID) -> None:
    text = format_input_id(input_id)
    back = parse_input_id(text)
    assert (type(back), back) == (type(input_id), input_id)
    assert "\n" not in text


@given(st.lists(st.integers(min_value=0) | st.from_regex(r"[a-z_.][a-z0-9_.-]*", fullmatch=True)), st.randoms())
def test_grammar_round_trips(ids: list[InputID], random: Any) -> None:
    assert decode_input_ids(",".join(map(str, ids))) == decode_input_ids(ids) == sorted_ids(set(ids))
    random.shuffle(ids)
    assert decode_input_ids(ids) == sorted_ids(set(ids))
