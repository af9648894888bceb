from __future__ import annotations

import datetime
from typing import Any

import pytest

from repype_like.spec.scalars import ScalarError, quote, resolve_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("FALSE", False), ("y", "y"), ("nO", "nO"),
        ("0", 0), ("-7", -7), ("+7", 7), ("0x1F", 31), ("0b11", 3), ("0xdead_beef", 0xDEADBEEF), ("0b12", "0b12"),
        ("1_000", 1000), ("-12_345_678", -12345678), ("1_000.5", 1000.5), ("_1", "_1"), ("a_1", "a_1"),
        ("1e-3", 0.001), ("1E5", 1e5), ("1.5e3", 1500.0), ("-.5", -0.5), ("1.", 1.0), (".", "."), ("1.2.3", "1.2.3"),
        ("1-3", "1-3"), ("1,2", "1,2"), ("1e5x", "1e5x"), ("09:30", "09:30"), ("1:75", "1:75"), ("-", "-"),
        ("0123abc", "0123abc"), ("=", "="), ("=1", "=1"),
        ("2024-01-02", datetime.date(2024, 1, 2)), ("2024-1-2", "2024-1-2"),
        ("2001-12-14T21:59:43.10Z", datetime.datetime(2001, 12, 14, 21, 59, 43, 100000, datetime.timezone.utc)),
        ("2001-12-14 21:59:43", datetime.datetime(2001, 12, 14, 21, 59, 43)),  # noqa: DTZ001
        ("2001-12-14 21:59:43 -5", datetime.datetime(2001, 12, 14, 21, 59, 43,
                                                      tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))),
    ],
)  # fmt: skip
def test_read(text: str, value: Any) -> None:
    found = resolve_plain(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        *((word, [meaning, f'"{word}"']) for word, meaning in
          [("yes", "true"), ("Yes", "true"), ("YES", "true"), ("no", "false"), ("No", "false"), ("NO", "false"),
           ("on", "true"), ("On", "true"), ("ON", "true"), ("off", "false"), ("Off", "false"), ("OFF", "false")]),
        ("010", ["8 (octal)", "10", '"010"']), ("-010", ["-8", "-10"]), ("007", ["7", '"007"']), ("08", ["8", '"08"']),
        ("0o10", ["8 (octal)", '"0o10"']), ("0_7", ["7", '"0_7"']),
        ("12:30:45", ["45045", '"12:30:45"']), ("-1:30", ["-90"]), ("190:20:30.15", ["685230.15"]),
        ("1_0", ["10", '"1_0"']), ("20240101_2", ["202401012", '"20240101_2"']), ("1_0.5", ["10.5"]), ("0x_f", ["15"]),
        ("1e999", [".inf", '"1e999"']),
    ],
)  # fmt: skip
def test_refused_naming_both_readings(text: str, readings: list[str]) -> None:
    with pytest.raises(ScalarError) as caught:
        resolve_plain(text)
    said = f"{caught.value} ({caught.value.hint})"
    assert all(reading in said for reading in readings), said


@pytest.mark.parametrize("text", ["2024-13-45", "2023-02-29", "2024-01-01 25:00:00", "2024-01-01 00:00:00 +99:00"])
def test_bad_dates(text: str) -> None:
    with pytest.raises(ScalarError, match="looks like a date"):
        resolve_plain(text)


@pytest.mark.parametrize("text", ["9" * 5000, "-" + "9" * 5000, "0x" + "f" * 9000, "0" * 5000, "0o" + "7" * 9000,
                                  "9" * 5000 + ":30", "1_0" * 3000, "9" * 5000 + ".5"])  # fmt: skip
def test_huge_numbers(text: str) -> None:
    with pytest.raises(ScalarError) as caught:
        resolve_plain(text)
    assert len(f"{caught.value}{caught.value.hint}") < 300


def test_quote_keeps_messages_on_one_line() -> None:
    assert quote("a\n\x1b[31m") == '"a\\n\\u001b[31m"'
    assert quote("é x") == '"é x"'
    assert len(quote("x" * 1000)) < 70
