"""Prints what the stages of a task printed, and why they failed. No module of the project is imported for it."""

from __future__ import annotations

import json as _json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from repype_like.cli.terminal import Terminal, err, out
from repype_like.cli.words import clean, clean_lines, clean_output, near, path_words
from repype_like.errors import RepypeError, UsageError, did_you_mean
from repype_like.masking import masked, masked_text
from repype_like.spec import SPEC_NAME, format_input_id, no_directory
from repype_like.store import StageLog, Store
from repype_like.typing import Any

__all__ = ["print_log"]

NOTHING = 1


def print_log(task: str, *, stage: str | None, input_id: str | None, every: bool, json: bool) -> int:
    """Print what is noted down, and return the exit code.

    Arguments:
        task: The directory of the task.
        stage: Only this stage, if it is given.
        input_id: Only this input, if it is given, as it is written in a ``task.yml``.
        every: Whether to print what is noted of earlier times, too, rather than of the last one only.
        json: Whether to print JSON.

    Raises:
        UsageError: If there is no such task, or nothing is noted of this stage.
    """
    directory = Path(task).expanduser().resolve()
    directory = directory.parent if directory.name == SPEC_NAME else directory
    if not directory.is_dir():
        raise no_directory(task)
    if not (directory / SPEC_NAME).is_file() and not (directory / ".repype").is_dir():
        raise UsageError(f"{task}: there is no {SPEC_NAME} in this directory")
    noted = [_followed(entry, directory) for entry in StageLog(directory).entries()]
    known = sorted({str(entry["stage"]) for entry in noted})
    if stage is not None and noted and stage not in known:
        raise UsageError(f'nothing is noted down of a stage "{stage}"; '
                         + (did_you_mean(stage, known) or f"the stages are {', '.join(known)}"))
    chosen = asked = [entry for entry in noted if stage in (None, entry["stage"])
              and input_id in (None, format_input_id(entry["input"]), str(entry["input"]))]
    if not every:
        latest = {(entry["stage"], type(entry["input"]), entry["input"]): entry for entry in chosen}
        chosen = sorted(_still_so(latest.values(), directory), key=lambda entry: entry["time"])
    if json:
        print(_json.dumps({"schema": 1, "entries": [masked(entry) for entry in chosen]}))
    elif chosen:
        for entry in chosen:
            _print_entry(out(), entry)
    else:
        err().line(f"Nothing is noted down for {path_words(directory)}"
                   + (": no stage printed anything, and none failed." if not noted else
                      " and what was asked for." if not asked else
                      ": what failed was done later; --all shows it."))
    return 0 if chosen else NOTHING


def _still_so(entries: Iterable[dict[str, Any]], directory: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries, but for failures after which there was a result: a stage that prints nothing has no entry."""
    entries = list(entries)
    done: dict[Any, float] = {}
    try:
        store = Store(directory)
        if any("error" in entry for entry in entries):
            for record in store.records:
                subject = record.stage, type(record.input_id), record.input_id
                done[subject] = max(done.get(subject, 0.0), record.started)
        digest = store.digest
        if digest is not None:
            for stage, pairs in digest.records.items():
                for input_id, _ in pairs:
                    subject = stage, type(input_id), input_id
                    done[subject] = max(done.get(subject, 0.0), digest.completed)
    except RepypeError:  # what is stored is damaged, and what is noted down is shown all the same
        pass
    for entry in entries:
        when = done.get((entry["stage"], type(entry["input"]), entry["input"]), 0.0)
        if not entry.get("error") or when < float(entry["time"]):
            yield entry


def _followed(entry: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Return an entry with what another task has noted that computed for this one."""
    other = entry.get("computed_by")
    if not isinstance(other, str):
        return entry
    there = [found for found in StageLog(directory / other).entries() if found["stage"] == entry["stage"]
             and found["input"] == entry["input"] and found["time"] == entry["time"]]
    return {**(there[-1] if there else {}), **entry}


def _print_entry(terminal: Terminal, entry: dict[str, Any]) -> None:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(entry["time"])))
    error = entry.get("error")
    what = f": {near(str(error))}" if error else ""
    of_input = f", input {format_input_id(entry['input'])}" if entry["input"] is not None else ""
    title = clean(f"{when}  {entry['stage']}{of_input}{what}")
    terminal.line(terminal.paint(title, "red" if error else "bold"))
    if entry.get("computed_by"):
        terminal.line(clean(f"  computed by the task {entry['computed_by']}"))
    if entry.get("config"):
        terminal.line(clean(f"  config: {_json.dumps(masked(entry['config']), default=str)}"))
    for text in (near(str(entry.get("traceback") or "")), clean_output(str(entry.get("output") or ""))):
        for line in masked_text(clean_lines(text)).strip("\n").split("\n") if text.strip() else ():
            terminal.line(f"    {line}")
    terminal.line()
