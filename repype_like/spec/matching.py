"""Patterns for the paths of tasks."""

from __future__ import annotations

from fnmatch import fnmatchcase

__all__ = ["matches"]


def matches(path: str, pattern: str) -> bool:
    """Tell whether the path of a task matches a pattern.

    ``*``, ``?`` and ``[...]`` stand for characters within one name, ``**`` for any number of names. A path matches
    itself, whatever characters are in it; ``.`` is the directory that paths are relative to.
    """
    pattern = pattern.removeprefix("./").rstrip("/") or "."
    return path == pattern or _match(path.split("/"), pattern.split("/"))


def _match(names: list[str], patterns: list[str]) -> bool:
    if not patterns or not names:
        return not names and all(pattern == "**" for pattern in patterns)
    if patterns[0] == "**":
        return _match(names, patterns[1:]) or _match(names[1:], patterns)
    return fnmatchcase(names[0], patterns[0]) and _match(names[1:], patterns[1:])
