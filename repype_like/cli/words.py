"""How things are put into words for a terminal: durations, sizes, names, paths, problems."""

from __future__ import annotations

import os
import re
from pathlib import Path

from repype_like.errors import Location, Problem
from repype_like.typing import Any
from repype_like.width import cut

__all__ = ["clean", "clean_output", "count", "duration", "format_hms", "near", "output_lines", "path_words", "place",
           "problem_words", "shorten", "size", "task_words", "up_to_date_words"]

_PACKAGE = Path(__file__).parents[1]
_SEQUENCE = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"
# Controls, lone surrogates, and marks that reverse the direction of text: what a terminal would act upon.
_UNSAFE = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
_UNSAFE_IN_LINES = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"


def format_hms(seconds: float) -> str:
    """Return a duration as minutes and seconds, ``02:05``, or hours, minutes and seconds, ``1:02:05``."""
    whole = round(seconds)
    minutes = f"{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 3600}:{minutes}" if whole >= 3600 else minutes


def duration(seconds: float) -> str:
    """Return a duration as people say it: ``40 ms``, ``3.2 s``, ``02:05 min``, ``1:02:05 h``."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    return f"{format_hms(seconds)} {'h' if round(seconds) >= 3600 else 'min'}"


def size(count: float) -> str:
    """Return a number of bytes with a unit: ``12 B``, ``3.4 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 99.95 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def count(number: int, thing: str) -> str:
    """Return a number of things: ``1 task``, ``2 tasks``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def up_to_date_words(number: int) -> str:
    """Return that so many tasks are up to date."""
    if not number:
        return "no task is selected"
    return f"{count(number, 'task')} {'is' if number == 1 else 'are'} up to date"


def clean(text: object) -> str:
    """Return `text` on one line, with everything that a terminal would act upon escaped."""
    shown = str(text)
    return shown if shown.isprintable() else re.sub(_UNSAFE, _escaped, shown)


def clean_output(text: str) -> str:
    """Return text of several lines as it would look on paper: no colours, lines that overwrote others last."""
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in re.sub(_SEQUENCE, "", text).split("\n"))
    return re.sub(_UNSAFE_IN_LINES, _escaped, "\n".join(lines))


def output_lines(text: str) -> list[str]:
    """Return what a stage has printed as lines to be read.

    Where the interpreter crashed, it has printed where that was, the innermost call first. Our own calls are left out.
    """
    lines = clean_output(text).strip("\n").split("\n") if text.strip() else []
    if not any(line.startswith("Fatal Python error: ") for line in lines):
        return lines
    shown, ours = [], False
    for line in lines:
        ours = line.startswith("  ") and (ours or line.startswith(f'  File "{_PACKAGE}{os.sep}'))
        if not ours and not line.startswith("Extension modules: "):
            shown.append(near(line))
    while shown and not shown[-1].strip():
        shown.pop()
    return shown


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """Return `text`, cut to `width` columns."""
    return cut(text, width, ellipsis)


def path_words(path: Path) -> str:
    """Return a path as the user would type it here: relative, if it lies below the working directory."""
    return near(str(path)) or "."


def task_words(name: str, root: str) -> str:
    """Return the name of a task relative to the root of the run; it is a path if the task is not part of the run."""
    if not os.path.isabs(name):  # noqa: PTH117  nearly always, and asked for every task
        return name
    path = Path(name)
    return path.relative_to(root or os.sep).as_posix() if path.is_relative_to(root or os.sep) else path_words(path)


def near(text: str) -> str:
    """Return `text` with the paths in it that lie below the working directory made relative."""
    here = os.getcwd()  # noqa: PTH109  called for every line that is shown
    return "" if text == here else text.replace(os.path.join(here, ""), "") if here != os.sep else text  # noqa: PTH118


def place(where: Location | None) -> str:
    """Return where something stands, as ``file:line``, or an empty text."""
    return "" if where is None else path_words(where.file) + (f":{where.line}" if where.line else "")


def problem_words(problem: Problem) -> str:
    """Return a problem as ``file:line:column: message``, with the mend in a line of its own."""
    where = f"{near(str(problem.where))}: " if problem.where else ""
    kind = "" if problem.severity == "error" else f"{problem.severity}: "
    hint = f"\n    {near(problem.hint)}" if problem.hint else ""
    return clean_lines(f"{where}{kind}{near(problem.message)}{hint}")


def clean_lines(text: str) -> str:
    """Return `text` of several lines with everything that a terminal would act upon escaped."""
    return re.sub(_UNSAFE_IN_LINES, _escaped, text)


def content_words(content: Any) -> str:
    """Return what a stage reports, on one line."""
    if isinstance(content, dict):
        return clean(", ".join(f"{key}: {value}" for key, value in content.items()))
    return clean(content)
