"""The bars that show how far a run is: lines of text, made from the state of the run and from nothing else.

::

     45% |█████████           | 18/40  ETA 00:12, 1 failed
      v1 |██████    | 6/10  segment 3, 12 s
        segment 3: tiles |███       | 30/100
      v2 |████      | 4/10  denoise 1
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from repype_like.cli.bottom import fitted, width_of
from repype_like.cli.words import clean, content_words, duration, format_hms
from repype_like.spec import format_input_id
from repype_like.status import RunningStage, RunState
from repype_like.typing import Any

__all__ = ["bar_lines"]

_LONG = 5.0
"""Seconds after which it is said how long a stage has been running."""

_MOST_NAME = 24


def bar_lines(state: RunState, columns: int, rows: int, *, ascii_only: bool, details: bool = True,
              now: float | None = None) -> list[str]:
    """Return the lines that show the state of a run.

    Arguments:
        state: The state.
        columns: How wide a line may be.
        rows: How many lines there may be.
        ascii_only: Whether the terminal can show nothing else.
        details: Whether to show what stages say of their own progress.
        now: The present time, in seconds since the epoch.
    """
    now = time.time() if now is None else now
    ellipsis = "..." if ascii_only else "…"
    lines = [_whole(state, now, ascii_only), *_tasks(state, now, ascii_only, details)]
    if len(lines) > rows:
        lines = [*lines[:max(rows - 1, 1)], *([f"  {ellipsis} {len(lines) - rows + 1} more"] if rows > 1 else [])]
    return [fitted(line, columns - 1, ellipsis) for line in lines]


def _whole(state: RunState, now: float, ascii_only: bool) -> str:
    left = state.remaining_seconds
    said = [f"ETA {format_hms(left)}"] if left is not None else []
    if state.failures:
        said.append(f"{len(state.failures)} failed")
    if len(state.tasks) == 1:
        said.extend(_running(stage, now) for stage in state.running.values())
    percent = 100 * state.done // max(state.total, 1)
    return f"{percent:3}% {_bar(state.done, state.total, 20, ascii_only)} {state.done}/{state.total}  {', '.join(said)}"


def _tasks(state: RunState, now: float, ascii_only: bool, details: bool) -> Iterator[str]:
    """Yield a line for each task that a stage computes for, and one below it for each stage that says how far it is."""
    by_task: dict[str, list[RunningStage]] = {}
    for stage in state.running.values():
        by_task.setdefault(stage.task, []).append(stage)
    names = {task: fitted(clean(task), _MOST_NAME) for task in by_task}
    width = max(map(width_of, names.values()), default=0)
    for task, stages in sorted(by_task.items()):
        known = state.tasks.get(task)
        if len(state.tasks) > 1:
            done, total = (known.computed + known.failed, known.stages) if known is not None else (0, 0)
            bar = f" {_bar(done, total, 10, ascii_only)} {done}/{total}" if total else ""
            running = ", ".join(_running(stage, now) for stage in stages)
            yield f"  {names[task]}{' ' * (width - width_of(names[task]))}{bar}  {running}"
        if details:
            yield from _progress(stages, ascii_only)


def _running(stage: RunningStage, now: float) -> str:
    seconds = now - stage.since
    return _name(stage) + (f", {duration(seconds)}" if seconds >= _LONG else "")


def _progress(stages: Sequence[RunningStage], ascii_only: bool) -> Iterator[str]:
    for stage in stages:
        what: Any = stage.details if stage.message is None else stage.message
        label = f"    {_name(stage)}" + (f": {content_words(what)}" if what is not None else "")
        if stage.step is not None and stage.total:
            yield f"{label} {_bar(stage.step, stage.total, 10, ascii_only)} {stage.step}/{stage.total}"
        elif stage.step is not None or what is not None:
            yield label + (f" {stage.step}" if stage.step is not None else "")


def _name(stage: RunningStage) -> str:
    return clean(f"{stage.stage} {format_input_id(stage.input_id)}".rstrip())


def _bar(done: int, total: int, width: int, ascii_only: bool) -> str:
    from tqdm import tqdm

    total = max(total, 1)
    bar: str = tqdm.format_meter(min(done, total), total, 0, ascii=ascii_only, bar_format=f"|{{bar:{width}}}|")
    return bar
