"""What is new, in lines of words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from repype_like import events
from repype_like.cli.rows import plan_words
from repype_like.cli.terminal import Color, Glyph, Terminal
from repype_like.cli.words import clean, clean_lines, content_words, count, duration, near, output_lines, path_words
from repype_like.masking import masked_text
from repype_like.spec import format_input_id
from repype_like.watch import Changed, CycleEnded, LastFailure, News, Notice, Ran, RunBegan, TaskSeen, TreeSeen

__all__ = ["announce", "failure_words", "state_words"]

_SHOWN = 3
_LINES_OF_OUTPUT = 15


def announce(news: News, terminal: Terminal, *, brief: bool = False) -> Iterator[str]:
    """Yield the lines that tell what is new; if `brief`, nothing of tasks that were completed."""
    if isinstance(news, Notice):
        text = clean_lines(near(news.text))
        yield from (_painted(terminal, "error", "red", text) if news.is_error else text).split("\n")
    elif isinstance(news, Changed):
        shown = [path_words(Path(path)) for path in news.paths[:_SHOWN]]
        more = f" and {len(news.paths) - _SHOWN} more" if len(news.paths) > _SHOWN else ""
        yield clean(f"changed: {', '.join(shown)}{more}")
    elif isinstance(news, TreeSeen):
        yield from _seen(news, terminal)
    elif isinstance(news, RunBegan):
        yield from _began(news)
    elif isinstance(news, LastFailure):
        yield from _failure_lines(news.failure, terminal)
    elif isinstance(news, CycleEnded):
        yield _ended(news, terminal)
    elif not (brief and isinstance(news.event, events.TaskFinished)):
        yield from _ran(news, terminal)


def state_words(task: TaskSeen) -> str:
    """Return how a task stands that nothing is done for, on one line."""
    if task.error:
        return clean(task.error.partition("\n")[0])
    if not task.runnable:
        return "template"
    return plan_words(task.plan) if task.plan is not None else "not looked at"


def failure_words(failure: events.StageFailed) -> str:
    """Return what failed, on one line."""
    of_input = f" {format_input_id(failure.input_id)}" if failure.input_id not in ("", None) else ""
    what = f"{failure.stage}{of_input}: " if failure.stage else ""
    return clean(masked_text(f"{what}{near(failure.error)}"))


def _seen(news: TreeSeen, terminal: Terminal) -> Iterator[str]:
    """Tell what is wrong now and was not, and what is mended; and at the beginning, how all stands."""
    errors, known = news.report.errors, news.before.errors if news.before is not None else {}
    warned = news.before.warnings if news.before is not None else ()
    for warning in news.report.warnings:
        if warning not in warned:
            yield from _painted(terminal, "warning", "yellow", warning).split("\n")
    told: set[str] = set()
    for name, error in errors.items():
        if known.get(name) != error and error not in told:
            told.add(error)
            yield from _painted(terminal, "error", "red", error).split("\n")
    for name in known:
        if name not in errors:
            yield _painted(terminal, "done", "green", clean(f"{name or 'the tree'}: mended"))
    if news.before is None:
        tasks = [task for task in news.report.tasks if task.runnable or task.error]
        good = sum(task.is_good for task in tasks)
        yield f"{count(len(tasks), 'task')}, {good} up to date"


def _began(news: RunBegan) -> Iterator[str]:
    shown = ", ".join(news.tasks[:_SHOWN]) + (f" and {len(news.tasks) - _SHOWN} more" if len(news.tasks) > _SHOWN
                                             else "")
    if news.again:
        yield clean(f"running again, since it changed: {shown}")
    else:
        yield clean(f"running {shown}")


def _ran(news: Ran, terminal: Terminal) -> Iterator[str]:
    event = news.event
    if isinstance(event, events.StageFailed):
        others = f" (and {count(len(event.tasks) - 1, 'other task')})" if len(event.tasks) > 1 else ""
        yield _painted(terminal, "error", "red", f"{clean(event.task)}{others} {failure_words(event)}")
    elif isinstance(event, events.TaskFinished) and event.outcome != "failed":
        what = "stopped" if event.outcome == "interrupted" else event.outcome
        done = [f"{event.computed} computed in {duration(event.seconds)}"] if event.computed else []
        done += [f"{event.taken} picked up"] if event.taken else []
        text = clean(f"{event.task}: {what}") + (f" ({', '.join(done)})" if done else "")
        yield _painted(terminal, "done", "green", text) if event.outcome == "completed" else (
            _painted(terminal, "todo", "yellow", text))
    elif isinstance(event, events.Warned):
        subject = f"{clean(event.task)}: " if event.task else ""
        yield _painted(terminal, "warning", "yellow", f"{subject}{clean(near(event.message))}")
    elif isinstance(event, events.Message) and not event.intermediate and isinstance(event.content, str):
        yield clean(f"{event.task} {event.stage} {format_input_id(event.input_id)}: ") + content_words(event.content)


def _ended(news: CycleEnded, terminal: Terminal) -> str:
    done = f", {count(news.computed, 'result')} computed in {duration(news.seconds)}" if news.computed else ""
    if news.good:
        return _painted(terminal, "done", "green", f"all up to date{done}")
    failed = f", {count(news.failed, 'failure')}" if news.failed else ""
    return _painted(terminal, "error", "red", f"not all up to date{failed}{done}")


def _failure_lines(failure: events.StageFailed | None, terminal: Terminal) -> Iterator[str]:
    if failure is None:
        yield "Nothing has failed."
        return
    yield _painted(terminal, "error", "red", f"{clean(failure.task)}: {failure_words(failure)}")
    if failure.traceback.strip():
        yield from (f"    {line}" for line in masked_text(clean_lines(near(failure.traceback))).rstrip().split("\n"))
    lines = masked_text("\n".join(output_lines(failure.output))).split("\n") if failure.output.strip() else []
    if lines:
        cut = f" (the last {_LINES_OF_OUTPUT} lines)" if len(lines) > _LINES_OF_OUTPUT else ""
        yield f"  What it had printed{cut}:"
        yield from (f"    {line}" for line in lines[-_LINES_OF_OUTPUT:])


def _painted(terminal: Terminal, glyph: Glyph, color: Color, text: str) -> str:
    return f"{terminal.paint(terminal.glyph(glyph), color)} {text}"
