"""The state of tasks as a table or as JSON: what ``status`` and a dry run print.

Importing this costs little, and so does most of what it does: there may be ten thousand rows.
"""

from __future__ import annotations

import json as _json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from repype_like.cli.terminal import Color, Glyph, Terminal, err, out
from repype_like.cli.words import clean, near, path_words, place, shorten, size
from repype_like.typing import TYPE_CHECKING, Any, NamedTuple
from repype_like.width import pad, width_of

if TYPE_CHECKING:
    from repype_like.plan import Reason, TaskPlan
    from repype_like.store import Sizes

__all__ = ["Row", "UpToDate", "name_top", "plan_words", "print_rows", "reason_words", "with_sizes"]

_WIDEST_PATH = 40
_NARROWEST_STATE = 24


class UpToDate(NamedTuple):
    """What a plan says of a task that nothing is to be done for."""

    total: int
    """The number of inputs."""

    pending: str = ""
    reasons: tuple[Reason, ...] = ()
    first_stage: str | None = None
    pickup_path: Path | None = None
    takes: int = 0

    @property
    def done(self) -> int:
        """The number of inputs for which all that counts is stored."""
        return self.total


class Row(NamedTuple):
    """One task."""

    task: str
    runnable: bool
    plan: TaskPlan | UpToDate | None
    error: str
    """What is wrong with the task, or an empty text."""
    root: Path
    sizes: Sizes | None = None
    """How much is stored, if that was asked for."""
    shown_error: str = ""
    """The same as `error`, but for what a row above has told."""

    @property
    def is_up_to_date(self) -> bool:
        """Whether nothing has to be done for the task."""
        return not self.error and not (self.plan is not None and self.plan.pending)

    def as_plain(self) -> dict[str, Any]:
        """Return what ``status --json`` says of the task."""
        plan = self.plan
        pickup = None
        if plan is not None and plan.pending and plan.pickup_path is not None:
            pickup = Path(os.path.relpath(plan.pickup_path, self.root)).as_posix()
        plain: dict[str, Any] = {
            "task": self.task, "runnable": self.runnable, "pending": plan.pending if plan is not None else "",
            "reasons": [reason_words(reason) for reason in plan.reasons] if plan is not None and plan.pending else [],
            "error": self.error or None,
            "inputs": {"total": plan.total, "done": plan.done} if plan is not None else {"total": 0, "done": 0},
            "first_stage": plan.first_stage if plan is not None and plan.pending else None, "pickup": pickup}
        if self.sizes is not None:
            plain["sizes"] = self.sizes._asdict()
        return plain


def with_sizes(rows: Iterable[Row]) -> list[Row]:
    """Return rows with how much is stored for each task."""
    from repype_like.store import Store  # only if somebody asks

    return [row._replace(sizes=Store(row.root / row.task).sizes()) for row in rows]


def print_rows(rows: Iterable[Row], *, verbose: bool = False, json: bool = False) -> None:
    """Print rows to stdout."""
    if json:
        print(_json.dumps({"schema": 1, "tasks": [row.as_plain() for row in rows]}, indent=1))
        return
    terminal = out()
    terminal.lines(_lines(list(rows), terminal, verbose=verbose))


def _lines(rows: Sequence[Row], terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    width = min(max((width_of(clean(row.task)) for row in rows), default=0), _WIDEST_PATH)
    counts = [f"{row.plan.done}/{row.plan.total}" if row.plan is not None and row.plan.total else "" for row in rows]
    sizes = [f"  {size(row.sizes.total):>8}" if row.sizes is not None else "" for row in rows]
    numbers = max(map(len, counts), default=0)
    for row, inputs, stored in zip(rows, counts, sizes, strict=True):
        glyph, letter, color = _sign(row)
        path = clean(row.task)
        head = f"{terminal.glyph(glyph)} {letter}  {pad(path, width)}  {inputs:>{numbers}}{stored}  "
        state = _state(row)
        if not verbose and terminal.interactive:
            room = max(terminal.width - width_of(head), _NARROWEST_STATE)
            state = shorten(state, room, terminal.glyph("ellipsis"))
        yield f"{terminal.paint(head[:4], color)}{head[4:]}{state}".rstrip()
        for line in _details(row) if verbose else _mend(row):
            yield f"       {line}"


def _sign(row: Row) -> tuple[Glyph, str, Color]:
    if row.error:
        return "error", "E", "red"
    if not row.runnable:
        return "template", "T", "dim"
    return ("todo", "R", "yellow") if row.plan is not None and row.plan.pending else ("done", "U", "green")


def _state(row: Row) -> str:
    """Return the state of a task on one line."""
    if row.error:
        return clean((row.shown_error or row.error).partition("\n")[0])
    if row.plan is None:
        return "template" if not row.runnable else "not looked at"
    return plan_words(row.plan)


def plan_words(plan: TaskPlan | UpToDate) -> str:
    """Return what would be done for a task, and why, on one line."""
    if not plan.pending:
        return "up to date"
    reason = reason_words(plan.reasons[0]) if plan.reasons else plan.pending
    stage = plan.first_stage
    for known in (f' (stage "{stage}")', f', read by "{stage}"', f', made by "{stage}"'):  # which is named before
        reason = reason.replace(known, "", 1)
    start = f"from {stage}" if stage is not None else "pick up" if plan.takes else "complete"
    return clean(f"{start}: {reason}")


def _mend(row: Row) -> Iterable[str]:
    """Return the lines that tell how to mend the error that the line of a task names."""
    _, *more = (row.shown_error or row.error).split("\n")
    return [clean(line) for line in takewhile(lambda line: line.startswith(" "), more)]


def _details(row: Row) -> Iterable[str]:
    """Return the lines below a task that ``--verbose`` adds."""
    if row.error:
        yield from (clean(line) for line in (row.shown_error or row.error).split("\n")[1:])
        return
    if row.plan is not None and row.plan.pending:
        for reason in row.plan.reasons[1:]:
            yield clean(reason_words(reason))
        pickup = row.as_plain()["pickup"]
        if pickup is not None and pickup != row.task:
            yield clean(f"picks up {row.plan.takes} results, most of them from {pickup}")
    from repype_like.cli.completion_words import accepted_words, completion_of  # reads what is stored

    if row.plan is not None and (digest := completion_of(row.root / row.task)) is not None:
        yield from accepted_words(digest)


def reason_words(reason: Reason) -> str:
    """Return why a task runs, and the place that says so."""
    where = place(reason.where)
    return near(reason.text) + (f", {where}" if where else "")


def name_top(top: Path, terminal: Terminal | None = None) -> None:
    """Say that the tree begins above the path that was named."""
    (terminal or err()).line(f"The tree begins above, at {clean(_upwards(top))}")


def _upwards(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if relative.count("..") <= 3 else path_words(path)
