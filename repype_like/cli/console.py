"""What a person sees while tasks run: bars on a terminal, lines elsewhere. Shows a RunState, and nothing else."""

from __future__ import annotations

import contextlib
import os
import time

from repype_like import events
from repype_like.cli.bars import bar_lines
from repype_like.cli.bottom import LiveBlock
from repype_like.cli.terminal import Color, Terminal
from repype_like.cli.words import clean, content_words, count, duration, near, task_words
from repype_like.spec import format_input_id
from repype_like.status import RunState, TaskState
from repype_like.typing import Any, Plain

__all__ = ["Console"]

_INTERVAL = 0.1
"""Seconds between two looks of the bars."""

_MOST_ROWS = 12
"""How many lines the bars may take; never more than half of the terminal."""

_OWN_REPORTS = frozenset({"start", "storing", "completed", "start-stage", "process", "progress"})
"""What a task that runs by its own ``run`` reports about itself; the bars say it, too."""


class Console:
    """Shows a run on `terminal`; a context manager.

    What it cannot write is not written: a terminal that goes away does not end the run.
    """

    def __init__(self, terminal: Terminal):
        self.state = RunState()
        self._terminal = terminal
        self._bars = _Bars(terminal, self.state) if terminal.interactive else None
        self._mute = False
        self._begun: set[str] = set()
        self._warned = 0

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        self._guarded(lambda: self._bars.close() if self._bars is not None else None)

    def feed(self, event: events.Event) -> None:
        """Take in what happened, and show it."""
        self.state.feed(event)
        if self._bars is None and self._is_silent_about(event):
            return
        self._guarded(lambda: self._show(event))

    def _is_silent_about(self, event: events.Event) -> bool:
        """Tell whether there is nothing to be said, where there are no bars, of an event that is told very often."""
        return isinstance(event, events.StageFinished) or (
            isinstance(event, events.StageStarted) and self._begun.issuperset(event.tasks))

    def interject(self, text: str) -> None:
        """Write a line from a signal handler: in the midst of whatever is being written."""
        if self._bars is not None:
            with contextlib.suppress(OSError, ValueError):  # nobody is there, or the stream is closed
                self._bars.interject(text)
        else:
            self._terminal.line_at_once(text)

    def say(self, text: str) -> None:
        """Write a line, above the bars if there are any."""
        self._guarded(lambda: self._line(text))

    def _guarded(self, show: Any) -> None:
        if not self._mute:
            try:
                show()
            except (OSError, ValueError):  # nobody is there, or the stream is closed
                self._mute = True

    def _show(self, event: events.Event) -> None:
        if isinstance(event, events.StageFailed):
            self._line(self._painted("error", "red", _failed(event)))
        elif isinstance(event, events.StageRetried):
            again = f"; to be tried again ({event.attempt} of {event.attempts})"
            self._line(self._painted("warning", "yellow", f"{_subject(event)}: {clean(near(event.error))}{again}"))
        elif isinstance(event, events.Warned) and len(self.state.warnings) > self._warned:
            self._warned = len(self.state.warnings)
            subject = f"{clean(event.task)}: " if event.task is not None else ""
            self._line(self._painted("warning", "yellow", f"{subject}{clean(near(event.message))}"))
        elif isinstance(event, events.Message) and not event.intermediate and not _is_own_report(event.content):
            self._line(f"{_subject(event)}: {content_words(event.content)}")
        elif isinstance(event, events.TaskFinished):
            self._line(self._finished(event))
        elif self._bars is None and isinstance(event, (events.StageStarted, events.StageTaken)):
            for task in event.tasks if isinstance(event, events.StageStarted) else (event.task,):
                self._begin(task)
        if self._bars is not None:
            self._bars.show()

    def _begin(self, task: str) -> None:
        """Say that work on a task begins; only where there are no bars, which say so otherwise."""
        state = self.state.tasks.get(task)
        if state is not None and task not in self._begun:
            self._begun.add(task)
            start = f"from {state.first_stage}" if state.first_stage else "picking up"
            source = task_words(state.pickup or task, self.state.root)
            pickup = f", going on from {source}" if source != task else ""
            self._line(clean(f"  {task}: {start}{_inputs(state)}{pickup}"))

    def _finished(self, event: events.TaskFinished) -> str:
        said = [f"{event.computed} computed in {duration(event.seconds)}"] if event.computed else []
        if event.taken:
            others = [task_words(source, self.state.root) for source in event.sources]
            said.append(f"{event.taken} picked up" + (f" from {', '.join(others[:3])}" if others else "")
                        + (", ..." if len(others) > 3 else ""))
        what = {"failed": "failed", "interrupted": "not completed"}.get(event.outcome, event.outcome)
        text = clean(f"{event.task}: {what}" + (f" ({', '.join(said)})" if said else ""))
        if event.outcome == "completed":
            return self._painted("done", "green", text)
        return self._painted("error" if event.outcome == "failed" else "todo", "red", text)

    def _painted(self, glyph: Any, color: Color, text: str) -> str:
        return f"{self._terminal.paint(self._terminal.glyph(glyph), color)} {text}"

    def _line(self, text: str) -> None:
        if self._bars is not None:
            self._bars.write(self._terminal.encodable(text))
        else:
            self._terminal.line(text)


def _inputs(state: TaskState) -> str:
    """Return for how many inputs there is something to do; that may be none, if there are aggregates."""
    if state.done >= state.inputs:
        return ""
    share = f"{state.inputs - state.done} of " if state.done else ""
    return f", {share}{count(state.inputs, 'input')}"


def _failed(event: events.StageFailed) -> str:
    shared = f" (and {count(len(event.tasks) - 1, 'other task')})" if len(event.tasks) > 1 else ""
    return f"{_subject(event)}{shared}: {clean(near(event.error))}"


def _subject(event: events.StageFailed | events.StageRetried | events.Message) -> str:
    """Return which stage of which task for which input; a task that runs by its own ``run`` does not say all."""
    stage = f" {event.stage}" if event.stage else ""
    input_id = f" for {format_input_id(event.input_id)}" if event.input_id not in ("", None) else ""
    return clean(f"{event.task}{stage}{input_id}")


def _is_own_report(content: Plain) -> bool:
    return content is None or (isinstance(content, dict) and content.get("info") in _OWN_REPORTS)


class _Bars:
    """The bars at the bottom of a terminal, drawn anew every now and then."""

    def __init__(self, terminal: Terminal, state: RunState):
        self._terminal = terminal
        self._state = state
        self._block = LiveBlock(terminal)
        self._drawn = 0.0
        self._details = os.environ.get("REPYPE_CLI_INTERMEDIATE") != "0"

    def show(self) -> None:
        """Show the state, if the last look was long enough ago."""
        now = time.monotonic()
        if self._state.finished is not None:
            self.close()
        elif self._state.total and now - self._drawn >= _INTERVAL:
            self._drawn = now
            self._block.show(bar_lines(
                self._state, self._terminal.width, min(_MOST_ROWS, max(self._terminal.height // 2, 1)),
                ascii_only=self._terminal.glyph("ellipsis") == "...", details=self._details))

    def write(self, text: str) -> None:
        """Write a line above the bars."""
        self._block.write_above(text)

    def interject(self, text: str) -> None:
        """Do the same from a signal handler."""
        self._block.interject(text)

    def close(self) -> None:
        """Take the bars away."""
        self._block.clear()
