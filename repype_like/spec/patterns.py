"""Paths as a specification writes them, and file name patterns with a place for the input id.

A pattern is filled as ``pattern % input_id``: it has at most one placeholder (``%s``, ``%d``, ``%03d``), and every
other ``%`` of it is doubled. Directories may have any name: their percent signs are doubled when a pattern is resolved.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from repype_like.errors import did_you_mean
from repype_like.typing import InputID, PathLike

__all__ = ["check_path_safe", "check_pattern", "expand_path", "expand_pattern", "fill_pattern", "resolve_path",
           "resolve_pattern", "unknown_placeholder"]

PLACEHOLDERS = ("{DIRNAME}", "{ROOTDIR}")

_PERCENT = re.compile(r"%(%|-?[0-9]{0,2}s|[-+ 0]*[0-9]{0,2}(?:\.[0-9]{1,2})?[di])?", re.ASCII)
_BRACES = re.compile(r"\{[A-Za-z_]+\}")
_INPUT = ("{input_id}", "{input}", "{id}")
_HARMLESS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}", re.ASCII)
_MAX_NAME = 255
_MAX_PATH = 4095
_STAND_IN = "\ue000%s\ue001"  # no component of a real path, and no placeholder for a directory's name to break


def resolve_path(text: PathLike, directory: Path, root: Path) -> Path:
    """Return the absolute path that `text` means in the task `directory` of the tree with the topmost task `root`.

    ``~`` and ``~user`` at the beginning, ``{DIRNAME}`` (the name of `directory`) and ``{ROOTDIR}`` (`root`, symbolic
    links resolved) are replaced; a relative path is relative to `directory`; symbolic links are resolved.

    Raises:
        ValueError: If `text` contains a NUL character.
    """
    return Path(os.path.realpath(expand_path(text, directory, root)))


def expand_path(text: PathLike, directory: Path, root: Path) -> str:
    """Return the same as it stands, with the symbolic links in it."""
    expanded = os.path.expanduser(text)  # noqa: PTH111  (a Path would drop a trailing dot and normalise)
    if "{" in expanded:
        expanded = expanded.replace("{DIRNAME}", directory.name).replace("{ROOTDIR}", str(root.resolve()))
    return os.path.join(directory, expanded)  # noqa: PTH118  (as above)


def resolve_pattern(text: str, directory: Path, root: Path) -> str:
    """Return `text` as an absolute pattern: as :func:`resolve_path`, but for a pattern instead of a path.

    Raises:
        ValueError: If `text` is no pattern.
    """
    return _as_pattern(text, lambda literal: str(resolve_path(literal, directory, root)))


def expand_pattern(text: str, directory: Path, root: Path) -> str:
    """Return the same as it stands, with the symbolic links in it."""
    return _as_pattern(text, lambda literal: expand_path(literal, directory, root))


def _as_pattern(text: str, absolute: Callable[[str], str]) -> str:
    if problem := check_pattern(text):
        raise ValueError(problem)
    found = _placeholder(text)
    literal = _PERCENT.sub(lambda match: "%" if match.group() == "%%" else _STAND_IN, text)
    resolved = absolute(literal).replace("%", "%%")
    return resolved.replace(_STAND_IN.replace("%", "%%"), found or "")


def check_pattern(text: str) -> str:
    """Return what is wrong with the pattern `text`, or an empty string."""
    matches = list(_PERCENT.finditer(text))
    if not text:
        return "the pattern is empty"
    if "\0" in text:
        return "the pattern contains a NUL character"
    if any(match.group(1) is None for match in matches):
        return "a % that begins no placeholder; write %s or %d for the input id, and %% for a percent sign"
    count = sum(match.group(1) != "%" for match in matches)
    return f"{count} placeholders for the one input id" if count > 1 else ""


def unknown_placeholder(text: str) -> str:
    """Return a message about something like ``{ROOT_DIR}`` in a path, which is taken as it stands, or ''."""
    for found in _BRACES.findall(text):
        if found in _INPUT:
            return f"{found} is no placeholder and is taken as it stands; the place of the input is %s"
        if found not in PLACEHOLDERS and (hint := did_you_mean(found, PLACEHOLDERS)):
            return f"{found} is no placeholder and is taken as it stands; {hint}"
    return ""


def fill_pattern(pattern: PathLike, input_id: InputID) -> str:
    """Return the path that `pattern` gives for an input.

    Raises:
        ValueError: If the input id does not fit the placeholder, or would lead out of the scope's directory.
    """
    text = os.fspath(pattern)
    if "%" not in text:
        return text
    found = _placeholder(text)
    if found is None:
        return text.replace("%%", "%")
    check_path_safe(text, input_id)
    return text % input_id


def check_path_safe(pattern: PathLike, input_id: InputID) -> None:
    """Check that the file that `pattern` gives for an input lies in the directory that the pattern itself names.

    That is the part of the pattern before the component with the placeholder. The pattern may lie anywhere: it is
    the specification that says so, whereas input ids come from lists and file names. ``a/b`` is fine for
    ``seg/%s.png``; ``../b``, ``/b`` and ``..`` are not. Nothing is looked up on disk.

    Raises:
        ValueError: With the reason, if it is not safe.
    """
    text = os.fspath(pattern)
    found = _placeholder(text)
    if found is None:
        return
    if found[-1] != "s" and isinstance(input_id, str):
        raise ValueError(f"{found} takes an integer, but the input id is the text {input_id!r}; write %s")
    if not isinstance(input_id, str) or (_HARMLESS.fullmatch(input_id) and len(text) < 150):
        return  # what nearly all ids are, in a path that cannot be too long
    reason = _unsafe(text, found, input_id)
    if reason:
        raise ValueError(f"the input id {_shorten(input_id)} is no file name: {reason}")


def _unsafe(pattern: str, placeholder: str, input_id: str) -> str:
    if not input_id:
        return "it is empty"
    if "\0" in input_id:
        return "it contains a NUL character"
    before, _, _ = pattern.partition(placeholder)
    directory, slash, _ = before.rpartition("/")
    if input_id.startswith("/") and before == directory + slash:
        return "it is an absolute path"
    filled = pattern % input_id
    home = os.path.normpath((directory + slash).replace("%%", "%") or ".")
    result = os.path.normpath(filled)
    inside = result if home == "." else result.removeprefix(home.rstrip("/") + "/")
    if inside in {"", ".", ".."} or inside.startswith(("../", "/")) or (home != "." and inside == result):
        return "it leads out of the directory of the scope"
    if any(len(os.fsencode(part)) > _MAX_NAME for part in inside.split("/")):
        return f"a file name has at most {_MAX_NAME} bytes"
    return f"a path has at most {_MAX_PATH} bytes" if len(os.fsencode(result)) > _MAX_PATH else ""


def _placeholder(text: str) -> str | None:
    """Return the placeholder of a pattern for the input id, such as ``%03d``."""
    return next((match.group() for match in _PERCENT.finditer(text) if match.group(1) not in {None, "%"}), None)


def _shorten(text: str) -> str:
    return repr(text) if len(text) <= 60 else repr(text[:60]) + "..."
