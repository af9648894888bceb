"""What a person sees while tasks run: bars on a terminal, lines elsewhere. Shows a RunState, and nothing else."""

from __future__ import annotations

import os
import threading
import time

from repype_like import events
from repype_like.cli.terminal import Color, Terminal
from repype_like.cli.words import clean, content_words, count, duration, format_hms, near, shorten, task_words
from repype_like.spec import format_input_id
from repype_like.status import RunningStage, RunState
from repype_like.typing import Any, Plain

__all__ = ["Console"]

_INTERVAL = 0.1
"""Seconds between two looks of the bars."""

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
        self._guarded(lambda: self._show(event))

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
        elif isinstance(event, events.Warned) and len(self.state.warnings) > self._warned:
            self._warned = len(self.state.warnings)
            subject = f"{clean(event.task)}: " if event.task is not None else ""
            self._line(self._painted("warning", "yellow", f"{subject}{clean(near(event.message))}"))
        elif isinstance(event, events.Message) and not event.intermediate and not _is_own_report(event.content):
            self._line(f"{_subject(event)}: {content_words(event.content)}")
        elif isinstance(event, events.TaskFinished):
            self._line(self._finished(event))
        elif self._bars is None and isinstance(event, events.StageStarted | events.StageTaken):
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
            self._line(clean(f"  {task}: {start}, {count(state.inputs, 'input')}{pickup}"))

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


def _failed(event: events.StageFailed) -> str:
    shared = f" (and {count(len(event.tasks) - 1, 'other task')})" if len(event.tasks) > 1 else ""
    return f"{_subject(event)}{shared}: {clean(near(event.error))}"


def _subject(event: events.StageFailed | events.Message) -> str:
    """Return which stage of which task for which input; a task that runs by its own ``run`` does not say all."""
    stage = f" {event.stage}" if event.stage else ""
    input_id = f" for {format_input_id(event.input_id)}" if event.input_id != "" else ""
    return clean(f"{event.task}{stage}{input_id}")


def _is_own_report(content: Plain) -> bool:
    return content is None or (isinstance(content, dict) and content.get("info") in _OWN_REPORTS)


class _Bars:
    """One bar for the whole run, and one below it for what a stage says of itself."""

    def __init__(self, terminal: Terminal, state: RunState):
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # it would start a thread, and workers are forked
        tqdm.set_lock(threading.RLock())  # the default is shared between processes; no other one writes here
        self._tqdm: Any = tqdm
        self._terminal = terminal
        self._state = state
        self._main: Any = None
        self._sub: Any = None
        self._shown = 0.0
        self._muted = os.environ.get("REPYPE_CLI_INTERMEDIATE") == "0"

    def show(self) -> None:
        """Show the state, if the last look was long enough ago."""
        state, now = self._state, time.monotonic()
        if state.finished is not None:
            self.close()
        elif state.total and now - self._shown >= _INTERVAL:
            self._shown = now
            if self._main is None:
                self._main = self._make(0, state.total, "{percentage:3.0f}% |{bar:20}| {n_fmt}/{total_fmt}  {desc}")
            self._main.total = state.total
            self._main.n = state.done
            self._main.set_description_str(self._around(), refresh=False)
            self._main.refresh()
            self._show_progress(next((stage for stage in state.running.values() if stage.step is not None
                                      or stage.message is not None), None))

    def write(self, text: str) -> None:
        """Write a line above the bars."""
        self._tqdm.write(text, file=self._terminal.stream)

    def close(self) -> None:
        """Take the bars away."""
        for bar in (self._sub, self._main):
            if bar is not None:
                bar.close()
        self._sub = self._main = None

    def _around(self) -> str:
        """Return what stands beside the bar: the time that is left, and what runs."""
        left = self._state.remaining_seconds
        stages = [f"{stage.stage} {format_input_id(stage.input_id)}" for stage in self._state.running.values()]
        said = [f"ETA {format_hms(left)}"] if left is not None else []
        return shorten(clean(", ".join([*said, *stages])), max(self._terminal.width - 45, 10),
                       self._terminal.glyph("ellipsis"))

    def _show_progress(self, stage: RunningStage | None) -> None:
        if stage is None or self._muted:
            if self._sub is not None:
                self._sub.close()
                self._sub = None
            return
        if self._sub is None:
            self._sub = self._make(1, stage.total, "")
        what = stage.details if stage.message is None else stage.message
        label = clean(f"  {stage.stage} {format_input_id(stage.input_id)}") + (
            f": {content_words(what)}" if what is not None else "")
        self._sub.bar_format = "{desc}" if stage.step is None else (
            "{desc} |{bar:20}| {n_fmt}/{total_fmt}" if stage.total else "{desc} {n_fmt}")
        self._sub.total = stage.total
        self._sub.n = stage.step or 0
        self._sub.set_description_str(shorten(label, max(self._terminal.width - 45, 10),
                                              self._terminal.glyph("ellipsis")), refresh=False)
        self._sub.refresh()

    def _make(self, position: int, total: int | None, bar_format: str) -> Any:
        return self._tqdm(total=total, position=position, leave=False, file=self._terminal.stream, dynamic_ncols=True,
                          bar_format=bar_format, ascii=self._terminal.glyph("ellipsis") == "...")
