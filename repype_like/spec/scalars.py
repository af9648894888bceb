"""What a plain (unquoted) scalar means.

As PyYAML reads it, with three differences. Numbers with an exponent are numbers (``1e-3``, ``1.5e3``). What YAML 1.1
and 1.2, or a program and its user, would read differently is refused, naming both readings: ``yes``, ``010``,
``12:30:45``, ``20240101_2``. And what is no value of its type (``2024-13-45``, an integer of 5,000 digits) is
refused with a reason.

Underscores are accepted where they separate groups of three digits (``1_000``), as PyYAML, Python and TOML read them.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from typing import Any

__all__ = ["MAX_DIGITS", "ScalarError", "quote", "resolve_plain"]

MAX_DIGITS = 4300
"""Python reads and writes no longer integers by default."""

_CONSTANTS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
    ".inf": math.inf, ".Inf": math.inf, ".INF": math.inf,
    "+.inf": math.inf, "+.Inf": math.inf, "+.INF": math.inf,
    "-.inf": -math.inf, "-.Inf": -math.inf, "-.INF": -math.inf,
    ".nan": math.nan, ".NaN": math.nan, ".NAN": math.nan,
}  # fmt: skip
_OLD_BOOLEANS = {
    spelling: meaning
    for word, meaning in (("yes", "true"), ("on", "true"), ("no", "false"), ("off", "false"))
    for spelling in (word, word.capitalize(), word.upper())
}
_NUMBER_START = frozenset("+-.0123456789")

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", re.ASCII)
# What is rare is compiled when it is met.
_BASED = r"(?a)([-+]?)0([bxo])([0-9a-fA-F_]+)"
_LEADING_ZERO = r"(?a)[-+]?0[0-9_]+"
_SEXAGESIMAL = r"(?a)[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
_UNDERSCORES = r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+][0-9]+)?)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
_THOUSANDS = r"(?a)[-+]?[1-9][0-9]{0,2}(?:_[0-9]{3})+(?:\.[0-9]*(?:[eE][-+]?[0-9]+)?)?"
_DATE = r"(?a)([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIMESTAMP = (
    r"(?a)([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?"
    r"(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?"
)


class ScalarError(ValueError):
    """A scalar is refused; ``hint`` says what to write instead."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.hint = hint


def quote(value: object, limit: int = 60) -> str:
    """Return `value` as it may stand in a message: on one line, with escapes, cut at `limit` characters."""
    text = value if isinstance(value, str) else str(value)
    shown = json.dumps(text[:limit], ensure_ascii=not text.isprintable())
    return shown[:-1] + '..."' if len(text) > limit else shown


def resolve_plain(text: str) -> Any:
    """Return the value that the plain scalar `text` stands for.

    Raises:
        ScalarError: If it has more than one reading, or is no value of the type that it looks like.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in _NUMBER_START:
        return _resolve_number(text)
    if text in _OLD_BOOLEANS:
        meaning = _OLD_BOOLEANS[text]
        raise ScalarError(f'{text} may mean {meaning} or the text "{text}"', f'write {meaning} or "{text}"')
    return text


def _resolve_number(text: str) -> Any:
    """Return what a plain scalar that begins with a digit, a sign or a dot stands for."""
    if _INTEGER.fullmatch(text):
        if len(text) > MAX_DIGITS:
            count = len(text.lstrip("+-"))
            raise ScalarError(f"an integer of {count} digits; at most {MAX_DIGITS} are read", "quote it")
        return int(text)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    if match := re.fullmatch(_DATE, text) or re.fullmatch(_TIMESTAMP, text):
        return _date(text, match)
    if re.fullmatch(_LEADING_ZERO, text):
        raise _leading_zero(text)
    if match := re.fullmatch(_BASED, text):
        return _based(text, *match.groups())
    if ":" in text and re.fullmatch(_SEXAGESIMAL, text):
        if text.lstrip("+-").startswith("0") and "." not in text:
            return text  # 09:30 is text in every version of YAML
        raise _two_readings(text, _sexagesimal(text), " (base 60)")
    if "_" in text:
        return _with_underscores(text)
    return text


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ScalarError(f"{quote(text)} is beyond the largest float", f"write .inf or {quote(text)}, with the quotes")
    return value


def _two_readings(text: str, number: object, how: str = "") -> ScalarError:
    """Return the error for a scalar that is a number to some readers of YAML and text to others."""
    try:
        reading = str(number)
    except ValueError:  # it has more digits than Python writes
        reading = ""
    if not reading or len(reading) > 40:
        return ScalarError(f"{quote(text)} may mean a number{how} or text", "quote it if it is text")
    return ScalarError(f"{text[:60]} may mean the number {reading}{how} or text",
                       f"write {reading} or {quote(text)}, with the quotes")


def _leading_zero(text: str) -> ScalarError:
    digits = text.replace("_", "")
    decimal = ("-" if digits.startswith("-") else "") + (digits.lstrip("+-0") or "0")
    try:
        octal = str(int(digits, 8))
    except ValueError:
        octal = decimal
    if octal == decimal or len(text) > 40:
        return _two_readings(text, decimal)
    return ScalarError(f"{text} may mean {octal} (octal) or {decimal}",
                       f"write {octal}, {decimal} or {quote(text)}, with the quotes")


def _based(text: str, sign: str, letter: str, digits: str) -> Any:
    """Return a hexadecimal or binary integer; refuse an octal one that only YAML 1.2 knows."""
    base = {"b": 2, "o": 8, "x": 16}[letter]
    try:
        value = int(sign + digits.replace("_", ""), base)
    except ValueError:
        return text  # such as 0b12 or 0o9: text for every reader
    if letter == "o":
        raise _two_readings(text, value, " (octal)")
    if digits.startswith("_") or digits.endswith("_") or "__" in digits:
        raise _two_readings(text, value)
    if abs(value) >= 10**MAX_DIGITS:
        raise ScalarError(f"an integer of more than {MAX_DIGITS} digits", "quote it")
    return value


def _sexagesimal(text: str) -> int | float:
    *leading, last = text.lstrip("+-").replace("_", "").split(":")
    value = 0
    for part in leading:
        value = 60 * value + int(part[:MAX_DIGITS])  # what is longer is not shown anyway
    total = 60 * value + (float(last) if "." in last else int(last))
    return -total if text.startswith("-") else total


def _with_underscores(text: str) -> Any:
    if not re.fullmatch(_UNDERSCORES, text):
        return text
    number = text.replace("_", "")
    if re.fullmatch(_THOUSANDS, text) and len(number) <= MAX_DIGITS:
        return _finite(number) if "." in number else int(number)
    raise _two_readings(text, number)


def _date(text: str, match: re.Match[str]) -> datetime.date:
    """Return the date, or the date and time of the day, as PyYAML does."""
    try:
        if match.re.pattern == _DATE:
            return datetime.date(*map(int, match.groups()))
        *fields, fraction, zone, sign, hours, minutes = match.groups()
        year, month, day, hour, minute, second = map(int, fields)
        microsecond = int(((fraction or "") + "000000")[:6])
        moment = datetime.datetime(year, month, day, hour, minute, second, microsecond)  # noqa: DTZ001  (as written)
        if sign:
            offset = datetime.timedelta(hours=int(hours), minutes=int(minutes or 0))
            return moment.replace(tzinfo=datetime.timezone(-offset if sign == "-" else offset))
        return moment.replace(tzinfo=datetime.timezone.utc) if zone else moment
    except ValueError as error:
        raise ScalarError(f"{quote(text)} looks like a date, but {error}", "correct it, or quote it") from error
