"""The status block: how things stand, in so many lines of so many characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from repype_like.cli.live.wording import failure_words, state_words
from repype_like.cli.terminal import Color, Glyph, Terminal
from repype_like.cli.words import clean, content_words, count, format_hms, shorten
from repype_like.spec import format_input_id
from repype_like.status import RunningStage
from repype_like.watch import LiveRun, TaskLook, WatchState

__all__ = ["Line", "block_of", "columns_of", "displayed"]

_WIDEST_PATH = 40
_BAR = 20
_URGENT = "CEFR"
"""Which tasks are shown if there is no room for all, the most interesting first."""

_GLYPHS: dict[str, Glyph] = {"U": "done", "R": "todo", "C": "arrow", "F": "error", "E": "error", "T": "template"}
_COLORS: dict[str, Color] = {"U": "green", "R": "yellow", "C": "bold", "F": "red", "E": "red", "T": "dim"}
_WORDS = {"E": "with errors", "F": "failed", "C": "computing", "R": "to run", "U": "up to date"}

_KEYS = {"Enter": "run now", "a": "all", "f": "failed only", "c": "cancel", "p": "pause", "l": "log", "q": "quit",
         "?": "help"}
_KEYS_OF_STATUS = ("l", "q", "?")
_IMPORTANT = ("?", "q", "Enter", "l", "p", "c", "f", "a")
"""Which keys are named on a terminal that is too narrow for all."""

_GAP = 2

_HELP = {
    "Enter": "run now what waits, also during a pause",
    "a": "run all that is not up to date, what has failed included",
    "f": "run what has failed, and nothing else",
    "c": "cancel what runs; it waits for a change or for Enter",
    "p": "pause: look, but run nothing; or go on",
    "l": "show the log of the last failure",
    "q": "quit",
    "?": "close this help",
}
_LEGEND = "U up to date   R to run   C computing   F failed   E error   T template"


@dataclass(frozen=True)
class Line:
    """One line, and what of its beginning is coloured."""

    text: str
    colored: int = 0
    color: Color = ""


def block_of(state: WatchState, terminal: Terminal, width: int, height: int, *, final: bool = False) -> list[Line]:
    """Return the lines of the block, none of them wider than `width`, at most `height`.

    Arguments:
        state: What is to be shown.
        terminal: What it is shown on.
        width: Characters in a line.
        height: The largest number of lines.
        final: Whether this is what stays when it is over.
    """
    tasks = state.tasks()
    head = [_title(state, tasks, terminal)]
    foot = [] if final else [*_progress(state.runs, terminal), *_failure(state), *_help(state, width)]
    room = max(height - len(head) - len(foot), 1)
    lines = [*head, *_tasks(tasks, terminal, width, room), *foot][:height]
    ellipsis = terminal.glyph("ellipsis")
    return [Line(_fitting(terminal.encodable(line.text), width, ellipsis), line.colored, line.color) for line in lines]


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _fitting(text: str, width: int, ellipsis: str) -> str:
    """Return a text cut to a number of columns."""
    if columns_of(text) <= width:
        return text
    end = min(len(text), width)
    while end and columns_of(text[:end]) > width - len(ellipsis):
        end -= 1
    return (text[:end] + ellipsis)[:width]


def displayed(line: Line, terminal: Terminal) -> str:
    """Return a line with its colours."""
    return terminal.paint(line.text[:line.colored], line.color) + line.text[line.colored:]


def _title(state: WatchState, tasks: Sequence[TaskLook], terminal: Terminal) -> Line:
    name = clean(state.options.path)
    if state.gone:
        return Line(f"{name}: is gone; waiting for it to come back", len(name), "red")
    if state.report is None:
        words = state.refused.partition("\n")[0] if state.refused else f"looking{terminal.glyph('ellipsis')}"
        return Line(clean(f"{name}: {words}"), len(name), "bold")
    counts = Counter(task.sign for task in tasks)
    said = [f"{counts[sign]} {words}" for sign, words in _WORDS.items() if counts[sign]] or ["no tasks"]
    flags = [words for flag, words in (
        (state.refused, state.refused.partition("\n")[0]), (state.blocked, state.blocked),
        (state.paused, "paused"), (state.postponed, "waiting for a change"), (state.polling, "polling")) if flag]
    more = f"  ({'; '.join(flags)})" if flags else ""
    return Line(clean(f"{name}: {', '.join(said)}{more}"), len(name), "bold")


def _tasks(tasks: Sequence[TaskLook], terminal: Terminal, width: int, room: int) -> list[Line]:
    """Return a line for each task, or for those that are of interest if there are too many."""
    shown = list(tasks)
    if len(shown) > room:
        matter = [index for index, task in enumerate(shown) if task.sign in _URGENT]
        first = sorted(matter, key=lambda index: (_URGENT.index(shown[index].sign), index))[:max(room - 1, 0)]
        shown = [shown[index] for index in sorted(first)]
    names = min(max((len(clean(task.seen.name)) for task in shown), default=0), _WIDEST_PATH, max(width // 3, 8))
    lines = [_task(task, terminal, names) for task in shown]
    if len(shown) < len(tasks):
        left = Counter(task.sign for task in tasks)
        left.subtract(task.sign for task in shown)
        said = [f"{left[sign]} {words}" for sign, words in _WORDS.items() if left[sign]]
        lines.append(Line(f"{terminal.glyph('ellipsis')} and {count(len(tasks) - len(shown), 'other')}"
                          + (f": {', '.join(said)}" if said else "")))
    return lines


def _task(task: TaskLook, terminal: Terminal, names: int) -> Line:
    sign, plan = task.sign, task.seen.plan
    glyph = terminal.glyph(_GLYPHS[sign])
    path = shorten(clean(task.seen.name), names, terminal.glyph("ellipsis"))
    inputs = f"{plan.done}/{plan.total}" if plan is not None and plan.total else ""
    if task.live is not None and sign in ("C", "R"):
        inputs = _share(task) or inputs
    elif task.live is not None and sign == "U":
        inputs = f"{task.live.inputs}/{task.live.inputs}" if task.live.inputs else ""
    head = f"{glyph} {sign}  {path:{names}}  {inputs:>5}  "
    return Line(head + _state(task, sign), len(glyph) + 2, _COLORS[sign])


def _share(task: TaskLook) -> str:
    plan, live = task.seen.plan, task.live
    whole = plan.computes + plan.takes if plan is not None else 0
    return f"{min(100 * (live.computed + live.taken) // whole, 99)}%" if whole and live is not None else ""


def _state(task: TaskLook, sign: str) -> str:
    live = task.live
    if sign == "E":
        return state_words(task.seen)
    if sign == "C":
        return _stage_words(task.stage) if task.stage is not None else "computing"
    if sign == "F":
        return failure_words(task.failure) if task.failure is not None else "failed"
    if sign == "U" and live is not None and live.outcome == "completed":
        return "up to date"
    words = state_words(task.seen)
    return f"cancelled; {words}" if task.is_cancelled else words


def _stage_words(stage: RunningStage) -> str:
    said = [f"{stage.stage} {format_input_id(stage.input_id)}".rstrip()]
    if stage.step is not None:
        said.append(f"{stage.step}/{stage.total}" if stage.total else str(stage.step))
    what = stage.details if stage.message is None else stage.message
    return clean(" ".join(said)) + (f": {content_words(what)}" if what is not None else "")


def _progress(runs: Sequence[LiveRun], terminal: Terminal) -> list[Line]:
    total, done = sum(run.state.total for run in runs), sum(run.state.done for run in runs)
    if not total:
        return []
    full, empty = ("#", "-") if terminal.glyph("ellipsis") == "..." else ("█", "░")
    filled = _BAR * done // total
    left = [seconds for run in runs if (seconds := run.state.remaining_seconds) is not None]
    eta = f"  ETA {format_hms(max(left))}" if left else ""
    return [Line(f"{100 * done // total:3}% {full * filled}{empty * (_BAR - filled)} {done}/{total}{eta}")]


def _failure(state: WatchState) -> list[Line]:
    failure = state.last_failure
    if failure is None or (state.report is not None and state.report.is_good and not state.runs):
        return []
    label = "last failure: "
    return [Line(f"{label}{clean(failure.task)} {failure_words(failure)}", len(label), "red")]


def _help(state: WatchState, width: int) -> list[Line]:
    known = [key for key in _KEYS if state.options.runs or key in _KEYS_OF_STATUS]
    if state.helps:
        return [*(Line(f"{key:5}  {_HELP[key]}") for key in known), Line(_LEGEND)]
    while len(known) > 1 and sum(len(f"{key} {_KEYS[key]}") + _GAP for key in known) > width + _GAP:
        known.remove(max(known, key=_IMPORTANT.index))
    return [Line((" " * _GAP).join(f"{key} {_KEYS[key]}" for key in known), 1 << 10, "dim")]
