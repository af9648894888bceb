"""What is said at the end of a run."""

from __future__ import annotations

import glob
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from repype_like.batch import Summary
from repype_like.cli.alike import alike
from repype_like.cli.selection import Selection
from repype_like.cli.terminal import Terminal
from repype_like.cli.words import (
    clean,
    clean_lines,
    count,
    duration,
    near,
    output_lines,
    shorten,
    task_words,
    up_to_date_words,
)
from repype_like.events import StageFailed
from repype_like.masking import masked, masked_text
from repype_like.spec import format_input_id, natural_order, sorted_ids
from repype_like.status import RunState

__all__ = ["print_summary", "repeat_command"]

_LINES_OF_OUTPUT = 15
_SHOWN_TASKS = 6
_MOST_CONFIG = 400


def print_summary(terminal: Terminal, summary: Summary, state: RunState, selection: Selection) -> None:
    """Say what ran, what was picked up and from where, what failed, and how much time that took and saved."""
    for failures in alike(summary.failures):
        _print_failures(terminal, failures, selection)
    if summary.failures:
        terminal.line()
    if not (summary.completed or summary.failed or summary.unfinished):
        terminal.line(f"Nothing to do: {up_to_date_words(summary.up_to_date)}.")
        return
    said = [(len(summary.completed), "completed"), (len(summary.failed), "failed"),
            (len(summary.unfinished), "not completed"), (summary.up_to_date, "up to date before")]
    parts = [f"{count(number, 'task')} {what}" if index == 0 else f"{number} {what}"
             for index, (number, what) in enumerate(item for item in said if item[0])]
    terminal.line(f"{', '.join(parts)} in {duration(summary.seconds)}.")
    results = []
    if summary.computed:
        spent = sum(task.seconds for task in state.tasks.values())
        results.append(f"{count(summary.computed, 'result')} computed (stages took {duration(spent)})")
    if summary.taken:
        results.append(f"{summary.taken} picked up{_from(state)}")
    if summary.saved >= 0.001:
        results.append(f"{duration(summary.saved)} saved")
    if results:
        terminal.line(", ".join(results) + ".")


def _from(state: RunState) -> str:
    sources = sorted({task_words(source, state.root) for task in state.tasks.values() for source in task.sources})
    if not sources:
        return ""
    more = f" and {len(sources) - _SHOWN_TASKS} more" if len(sources) > _SHOWN_TASKS else ""
    return f" from {clean(', '.join(sources[:_SHOWN_TASKS]))}{more}"


def _print_failures(terminal: Terminal, failures: Sequence[StageFailed], selection: Selection) -> None:
    """Print what failed in the same way, with the details of the first."""
    failure = failures[0]
    what = f'The stage "{failure.stage}"' if failure.stage else "The task"
    inputs = list(map(format_input_id, sorted_ids({item.input_id for item in failures} - {"", None})))
    of_input = f" for the input {inputs[0]}" if len(inputs) == 1 else f" for {len(inputs)} inputs" if inputs else ""
    if any(item.error != failure.error for item in failures):
        of_input += ", the first of them with"
    terminal.line()
    terminal.line(terminal.paint(clean(f"{what} failed{of_input}: {near(failure.error)}"), "red"))
    tasks = sorted({task for item in failures for task in item.tasks}, key=natural_order)
    for things, names in (("task", tasks), ("input", inputs if len(inputs) > 1 else [])):
        more = f" and {len(names) - _SHOWN_TASKS} more" if len(names) > _SHOWN_TASKS else ""
        if names:
            terminal.line(clean(f"  {things}{'s'[:len(names) - 1]}: {', '.join(names[:_SHOWN_TASKS])}{more}"))
    first = " for the first of them" if len(failures) > 1 else ""
    if failure.config:
        text = ", ".join(f"{key}: {value}" for key, value in masked(failure.config).items())
        terminal.line(clean(f"  config{first}: {shorten(text, _MOST_CONFIG, terminal.glyph('ellipsis'))}"))
    _print_block(terminal, near(failure.traceback))
    lines = output_lines(failure.output)
    if lines:
        cut = f" (the last {_LINES_OF_OUTPUT} lines)" if len(lines) > _LINES_OF_OUTPUT else ""
        terminal.line(f"  What it had printed{first}{cut}:")
        _print_block(terminal, "\n".join(lines[-_LINES_OF_OUTPUT:]))
    terminal.line(clean(f"  To repeat {first.removeprefix(' for ') or 'it'}: {repeat_command(failure, selection)}"))


def _print_block(terminal: Terminal, text: str) -> None:
    for line in masked_text(clean_lines(text)).rstrip("\n").split("\n") if text.strip() else ():
        terminal.line(f"    {line}")


def repeat_command(failure: StageFailed, selection: Selection) -> str:
    """Return the command that runs what failed, and nothing else."""
    path, only = _path_and_pattern(failure.task, selection.batch.root, selection.wanted.paths)
    words = ["repype", "run", *([f"./{path}" if path.startswith("-") else path] if path != "." else [])]
    words += ["--only", f"[-]{only[1:]}" if only.startswith("-") else only]  # which is no flag, and means the same
    if failure.input_id not in ("", None):
        text = format_input_id(failure.input_id)
        is_like_a_flag = text.startswith("-") and text == failure.input_id
        words += ["--input", json.dumps(text, ensure_ascii=False) if is_like_a_flag else text]
    if selection.wanted.task_class is not None:
        words += ["--task-class", selection.wanted.task_class]
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """Return a word as a shell understands it, without anything that a terminal would act upon."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_sign, word)) + "'"


def _sign(sign: str) -> str:
    number = ord(sign)
    if sign in "\\'":
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    if 0xDC80 <= number <= 0xDCFF:  # a byte that is no text
        return f"\\x{number - 0xDC00:02x}"
    return f"\\x{number:02x}" if number < 0x80 else f"\\U{number:08x}"


def _path_and_pattern(task: str, root: Path, paths: Sequence[str]) -> tuple[str, str]:
    directory = (root / task).resolve()
    for path in paths:
        start = Path(path).expanduser().resolve()
        start = start.parent if start.is_file() else start
        if directory.is_relative_to(start):
            return path, glob.escape(directory.relative_to(start).as_posix())
    return str(directory), "."
