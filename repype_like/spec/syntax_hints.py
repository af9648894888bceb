"""What is meant, probably, where a text is no YAML: the parser says where it gave up, not where the slip is."""

from __future__ import annotations

import re

from yaml.error import Mark

__all__ = ["syntax_hint"]

_TIGHT_COLON = re.compile(r"\s*(?:- +)?[\w-]+:(?![\s/])\S")
_TIGHT_DASH = re.compile(r"\s*-(?!-)[^\s]")
_HAS_VALUE = re.compile(r"\s*(?:- +)?[\w.-]+: +[^\s#|>&]")
_OPENED_AND_MORE = re.compile(
    r"\s*(?:- +)?(?:[\w.-]+: +)?(?:(\{)[^{}]*\}|(\[)[^\[\]]*\]|(\")[^\"]*\"|(')[^']*')\s*[^\s#,\]}]")


def syntax_hint(message: str, text: str, mark: Mark | None, opened: Mark | None) -> str:
    """Return how to mend what the parser complains of, or an empty text.

    Arguments:
        message: What it says.
        text: The whole text.
        mark: Where it gave up.
        opened: Where that began which it was about to read.
    """
    if "'\\t'" in message:
        return "indent and separate with spaces, not with tabs"
    if "cannot start any token" in message:
        return "put the text in quotes"
    if "while scanning an alias" in message:
        return 'text that begins with "*" must be in quotes'
    if opened is not None and ("flow" in message or "end of stream" in message):
        return f"what begins at {opened.line + 1}:{opened.column + 1} is not closed, or a comma is missing in it"
    return _by_lines(text.splitlines(), mark.line, "mapping values" in message) if mark is not None else ""


def _by_lines(lines: list[str], number: int, is_colon: bool) -> str:
    """Return what is wrong with the line of this number (from 0), or with the one above it."""
    here = lines[number] if number < len(lines) else ""
    above = next((index for index in range(min(number, len(lines)) - 1, -1, -1) if lines[index].strip()), None)
    for index in (number, above):
        line = lines[index] if index is not None and index < len(lines) else ""
        where = f"in line {index + 1}, " if index is not None and index != number else ""
        if _TIGHT_COLON.match(line):
            return f"{where}write a space after the colon"
        if _TIGHT_DASH.match(line):
            return f'{where}write a space after the "-"'
        found = _OPENED_AND_MORE.match(line)
        if found:
            return f"{where}put all of the text that begins with {next(filter(None, found.groups()))} in quotes"
    if above is not None and here.strip():
        deeper = _indent(here) - _indent(lines[above])
        if deeper > 0 and _HAS_VALUE.match(lines[above]):
            return f"do not indent it deeper than line {above + 1}, which has a value already"
        if deeper and not is_colon:
            return "indent it like the lines that it belongs to"
    return 'text that contains ": " must be in quotes' if is_colon else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
