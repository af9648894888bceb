"""The ids of a task's inputs: how a specification lists them, and how they are written.

==============================  ================================================================================
in ``task.yml``                 ids
==============================  ================================================================================
``[1, 2, img]``                 these, each once, integers first: 1, 2, "img"
``1,2, 5 - 7, img``             spaces at commas and hyphens are ignored; digits are integers (``007`` is 7); ``5-7``
                                is 5, 6, 7; everything else is text
``["007", "1-3"]``              quoted text in a list stays as it is: "007" and "1-3"
``5``                           5
``{glob: "raw/*.tif"}``         the text that ``*`` matches in the names of existing files, always as text
==============================  ================================================================================
"""

from __future__ import annotations

import json
import operator
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from repype_like.errors import Location, Problem, did_you_mean
from repype_like.spec.scalars import MAX_DIGITS, quote
from repype_like.typing import InputID

__all__ = ["MAX_INPUTS", "check_input_ids", "decode_input_ids", "format_input_id", "parse_input_id", "sorted_ids"]

MAX_INPUTS = 10_000_000
"""More inputs than this are taken for a slip (``1-1000000000``)."""

_INTEGER = re.compile(r"[0-9]+", re.ASCII)
_RANGE = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)
_WORDS = re.compile(r"[^ -] +[^ -]")
_INTEGER_LIKE = re.compile(r"[-+]?[0-9]+", re.ASCII)
_NOT_BARE = re.compile(r'[\s",]')


def decode_input_ids(value: Any, directory: Path | None = None) -> list[InputID]:
    """Return the ids that `value`, as it stands in a specification, lists: each once, integers first, sorted.

    Args:
        value: See the table above. A single id may also be any other integer.
        directory: What the pattern of ``{glob: ...}`` is relative to: the directory of the task.yml that states it.

    Raises:
        ValueError: With the reason, if `value` is no list of ids, or a pattern matches nothing.
    """
    if isinstance(value, str):
        return sorted_ids(set(_decode_text(value)))
    if isinstance(value, Mapping):
        return _decode_glob(value, directory)
    if isinstance(value, list | tuple | set | frozenset | range):
        if len(value) > MAX_INPUTS:
            raise ValueError(f"{len(value)} inputs; at most {MAX_INPUTS} are possible")
        return sorted_ids({_check_id(item) for item in value})
    return [_check_id(value)]


def sorted_ids(ids: Iterable[InputID]) -> list[InputID]:
    """Return `ids` sorted, integers before text."""
    return sorted(ids, key=lambda item: (isinstance(item, str), item))


def format_input_id(input_id: InputID) -> str:
    """Return the text that stands for `input_id` and for no other: ``7``, ``cell_3``, ``"7"``, ``"two words"``.

    That of None, the task as a whole, is empty.
    """
    if input_id is None:
        return ""
    if not isinstance(input_id, str):
        return str(input_id)
    if not input_id or not input_id.isprintable() or _INTEGER_LIKE.fullmatch(input_id) or _NOT_BARE.search(input_id):
        return json.dumps(input_id, ensure_ascii=not input_id.isprintable())
    return input_id


def parse_input_id(text: str) -> InputID:
    """Return the id that `text` stands for; the reverse of :func:`format_input_id`.

    Raises:
        ValueError: If `text` begins with a quotation mark but is no quoted text.
    """
    if text.startswith('"'):
        try:
            value = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{text} is no quoted text: {error}") from error
        return str(value)
    return _integer(text) if _INTEGER_LIKE.fullmatch(text) else text


def check_input_ids(ids: Sequence[InputID], where: Location | None = None) -> list[Problem]:
    """Return the problems of ids that cannot be told apart: in file names, in JSON, or on some file systems.

    These are integers beside the same text (1 and "1"), and texts that differ in case or Unicode composition only.
    """
    if all(type(input_id) is int for input_id in ids):
        return []
    known: dict[str, InputID] = {}
    problems = []
    task = where.file.parent if where else None
    for input_id in ids:
        other = known.setdefault(_folded(str(input_id)), input_id)
        if type(other) is not type(input_id) or other != input_id:
            message = f"the input ids {_shown(other)} and {_shown(input_id)} are ambiguous: {_why(other, input_id)}"
            problems.append(Problem(message, where, "rename one of them", task=task))
    return problems


def _folded(text: str) -> str:
    """Return what texts have in common that a file system without case or composition takes for one name."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _shown(input_id: InputID) -> str:
    return quote(input_id) if isinstance(input_id, str) else str(input_id)


def _why(first: InputID, second: InputID) -> str:
    if type(first) is not type(second):
        return "an integer and text give the same file name"
    if unicodedata.normalize("NFC", str(first)) == unicodedata.normalize("NFC", str(second)):
        return "they look the same (they differ in Unicode composition only)"
    return "they differ in upper and lower case only"


def _decode_text(text: str) -> Iterable[InputID]:
    total = 0
    for item in text.split(","):
        token = item.replace(" ", "")
        if _WORDS.search(item):
            raise ValueError(f"{quote(item.strip())} has a space in it: write {', '.join(item.split())} if these are "
                             "several ids; a single one has to be an item of a list")
        if not token:
            continue
        if _INTEGER.fullmatch(token):
            yield _integer(token)
        elif match := _RANGE.fullmatch(token):
            first, last = (_integer(digits) if digits else None for digits in match.groups())
            if first is None or last is None:
                raise ValueError(f"{token} is no range; write it as 1-3 (negative integers go into a list: [-5])")
            if first >= last:
                raise ValueError(f"the range {token} does not go upwards")
            total += last - first + 1
            if total > MAX_INPUTS:
                raise ValueError(f"{token} makes {total} inputs; at most {MAX_INPUTS} are possible")
            yield from range(first, last + 1)
        elif "*" in token:
            raise ValueError(f'{quote(token)} would be an input id as it stands; for the files that match write '
                             f'{{glob: "{token}"}}, for that very id put it into a list')
        else:
            yield token


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"an integer of {len(digits)} digits; at most {MAX_DIGITS} are read")
    return int(digits)


def _check_id(value: Any) -> InputID:
    """Return `value` if it can name an input.

    Raises:
        ValueError: With the reason, if it cannot.
    """
    if isinstance(value, str):
        if not value:
            raise ValueError("an input id is empty")
        return value
    if isinstance(value, bool):
        word = str(value).lower()
        raise ValueError(f'an input id is the boolean {word}; quote it if it is text: "{word}"')
    if value is None:
        raise ValueError("an input id is null; write [] if there are no inputs")
    try:
        return operator.index(value)
    except TypeError:
        kind = {"float": "a number with a fraction", "date": "a date", "datetime": "a date", "list": "a list",
                "dict": "a mapping"}.get(type(value).__name__, f"of type {type(value).__name__}")
        raise ValueError(f"the input id {quote(value)} is {kind}; ids are integers or text, so quote it") from None


def _decode_glob(value: Mapping[Any, Any], directory: Path | None) -> list[InputID]:
    """Return the texts that the ``*`` of the pattern matches."""
    unknown = [key for key in value if key != "glob"]
    if unknown or not value:
        hint = did_you_mean(unknown[0], ["glob"]) if unknown else ""
        what = f"input_ids has no key {quote(unknown[0])}" if unknown else "input_ids is an empty mapping"
        raise ValueError(f'{what}; write glob: "raw/*.tif"' + (f" ({hint})" if hint else ""))
    pattern = value["glob"]
    if not isinstance(pattern, str) or pattern.count("*") != 1:
        raise ValueError(f"the pattern {quote(pattern)} must be text with exactly one *, such as raw/*.tif")
    if "\0" in pattern:
        raise ValueError("the pattern contains a NUL character")
    before, after = os.path.expanduser(pattern).split("*")  # noqa: PTH111  (a Path would normalise the pattern)
    folder, slash, prefix = before.rpartition("/")
    suffix, inner_slash, rest = after.partition("/")
    base = os.path.join(directory or Path.cwd(), folder + slash)  # noqa: PTH118  (keeps it text: names may be many)
    found: list[InputID] = []
    for name in _names(base, pattern):
        text = name[len(prefix) : len(name) - len(suffix)]
        matches = name.startswith(prefix) and name.endswith(suffix) and len(name) > len(prefix) + len(suffix)
        hidden = not prefix and name.startswith(".")
        if not matches or hidden or (inner_slash and not os.path.lexists(f"{base}/{name}/{rest}")):
            continue
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError(f"the name of the file {quote(name)} is not UTF-8")
        found.append(text)
    if not found:
        raise ValueError(f"the pattern {quote(pattern)} matches nothing in {base}")
    return sorted_ids(found)


def _names(folder: str, pattern: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  (names only, there may be a million)
    except FileNotFoundError:
        raise ValueError(f"the pattern {quote(pattern)} matches nothing: {folder} does not exist") from None
    except OSError as error:
        raise ValueError(f"the pattern {quote(pattern)} matches nothing: {folder}: {error.strerror}") from error
