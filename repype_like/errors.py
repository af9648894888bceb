"""What goes wrong, in words for the user: the thing, the place and the mend.

Everything that a user can cause ends in a :class:`RepypeError`, which the command line prints without a traceback.
Anything else is a bug of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from repype_like.typing import NamedTuple

__all__ = ["DamagedError", "Location", "LockedError", "NotStorableError", "Problem", "RepypeError", "SpecError",
           "UsageError", "closest_to", "did_you_mean", "text_of"]


class Location(NamedTuple):
    """A place in a file. Lines and columns count from 1; 0 means that the place within the file is not known."""

    file: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([str(self.file), *(str(number) for number in (self.line, self.column) if number)])


class Problem(NamedTuple):
    """One thing that is wrong with a task tree, and how to mend it."""

    message: str
    where: Location | None = None
    hint: str = ""
    severity: str = "error"
    """``"error"`` or ``"warning"``."""
    task: Path | None = None
    """The directory of the task that the problem makes unusable; None if it concerns the whole tree."""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{hint}"


class RepypeError(Exception):
    """Root of all errors that a user can cause; ``exit_code`` is what the command line returns for it."""

    exit_code = 1


class UsageError(RepypeError, AssertionError):
    """The command or the call asks for something that does not exist.

    An AssertionError as well, since that is what projects written for repype 1.0.4 catch.
    """

    exit_code = 2


class SpecError(RepypeError):
    """The task tree cannot be understood. Carries every problem that was found, not only the first."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class LockedError(RepypeError):
    """Another run holds the task tree."""

    exit_code = 4


class DamagedError(RepypeError):
    """Stored data is not what was written. A state of the data that leads to recomputation, not to a crash."""


class NotStorableError(RepypeError):
    """A value cannot be stored; the message names its type and why."""


def text_of(error: BaseException) -> str:
    """Return what an exception says. Its class may be the user's own, so that even asking for that may fail."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  whatever it raises, this is what Python writes in a traceback
        return "<exception str() failed>"


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``did you mean "x"?`` for the known word that is closest to `word`, or an empty string."""
    closest = closest_to(word, known)
    return f'did you mean "{closest}"?' if closest else ""


def closest_to(word: object, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known word that is closest to `word`, or an empty string. Case matters only between words alike.

    Arguments:
        word: What somebody wrote.
        known: What they may have meant.
        cutoff: How similar it has to be, from 0 (anything) to 1 (equal but for case).
    """
    import difflib  # only if something is wrong

    spellings: dict[str, list[str]] = {}
    for name in known:
        spellings.setdefault(name.casefold(), []).append(name)
    written = str(word)
    for match in difflib.get_close_matches(written.casefold(), spellings, n=1, cutoff=cutoff):
        return difflib.get_close_matches(written, spellings[match], n=1, cutoff=0)[0]
    return ""
