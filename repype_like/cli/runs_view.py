"""Runs as lists for people, and as JSON."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from repype_like.cli.terminal import out
from repype_like.cli.words import clean, count, duration
from repype_like.errors import UsageError
from repype_like.spec import discover
from repype_like.status.history import Run, RunDetails, details_of, runs_of
from repype_like.store import holders

__all__ = ["show_run", "show_runs"]


def show_runs(path: str, as_json: bool) -> int:
    """Print the runs of the tree that `path` is in, and return the exit code."""
    top = _top(path)
    runs = runs_of(top)
    if as_json:
        print(json.dumps({"schema": 1, "runs": [_plain(run, top) for run in runs]}, indent=1))
        return 0
    if not runs:
        raise UsageError(f"{path}: nothing was run here yet, or the logs were deleted")
    terminal = out()
    rows = [(run.name, _outcome(run, run is runs[0], top), *_numbers(run), _commit(run), _command(run)) for run in runs]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
        terminal.line("  ".join([*cells, row[-1]]))
    return 0


def show_run(path: str, name: str, as_json: bool) -> int:
    """Print one run, and return the exit code."""
    top = _top(path)
    runs = runs_of(top)
    found = runs[:1] if name == "latest" else [run for run in runs if run.name.startswith(name)]
    if len(found) != 1:
        few = ", ".join(run.name for run in (found or runs)[:3]) or "none"
        raise UsageError(f'{"no run is" if not found else "several runs are"} named "{name}"; there are {few}')
    run, details = found[0], details_of(found[0])
    if as_json:
        print(json.dumps({"schema": 1, **_plain(run, top), **_plain_details(details)}, indent=1))
        return 0
    terminal = out()
    for line in _lines(run, details, _outcome(run, run is runs[0], top)):
        terminal.line(line)
    return 0


def _top(path: str) -> Path:
    if not Path(path).is_dir():
        raise UsageError(f"{path}: there is no such directory")
    found = discover(path)
    if not found.directories:
        raise UsageError(f"{path}: there are no tasks in this directory or below")
    return found.root


def _outcome(run: Run, is_latest: bool, top: Path) -> str:
    if run.finished is not None:
        return run.finished.outcome
    return "running" if is_latest and holders(top) else "killed"


def _numbers(run: Run) -> tuple[str, str]:
    end = run.finished
    if end is None:
        return "", ""
    parts = [f"{end.computed} computed", *([f"{end.taken} picked up"] if end.taken else []),
             *([f"{count(end.failed, 'task')} failed"] if end.failed else [])]
    return ", ".join(parts), duration(end.seconds)


def _provenance(run: Run) -> dict[str, Any]:
    return dict(run.started.provenance or {}) if run.started is not None else {}


def _commit(run: Run) -> str:
    """Return the commit in short, with a mark if something had been changed since."""
    git = _provenance(run).get("git") or {}
    return f"{git.get('commit', '')[:7]}{'*' if git.get('dirty') else ''}"


def _command(run: Run) -> str:
    return clean(shlex.join(run.started.command)) if run.started is not None else ""


def _lines(run: Run, details: RunDetails, outcome: str) -> Iterator[str]:
    known, (numbers, seconds) = _provenance(run), _numbers(run)
    began = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(run.started.time)) if run.started is not None else "?"
    where = f"{known.get('user')} on {known.get('host')}" if known else ""
    versions = f"Python {known.get('python')}, repype_like {known.get('repype_like')}" if known else ""
    for heading, text in (("run", run.name), ("outcome", ", ".join(filter(None, (outcome, numbers, seconds)))),
                          ("began", began), ("command", _command(run)), ("by", where), ("with", versions),
                          ("commit", _commit(run)), ("log", str(run.path))):
        if text:
            yield f"{heading:8} {clean(text)}"
    if details.stages:
        yield ""
        yield from _stage_lines(details)
    if details.tasks:
        yield ""
        for task in details.tasks:
            seconds = duration(task.seconds)
            parts = [task.outcome, *([f"{task.computed} computed in {seconds}"] if task.computed else []),
                     *([f"{task.taken} picked up from {', '.join(task.sources)}"] if task.taken else [])]
            yield clean(f"{task.task}: {', '.join(parts)}")
    for failure in details.failures:
        yield clean(f"failed: {failure.stage} for {failure.input_id} ({', '.join(failure.tasks)}): "
                    f"{failure.error.partition(chr(10))[0]}")


def _stage_lines(details: RunDetails) -> Iterator[str]:
    rows = [("stage", "computed", "seconds", "mean", "longest", "picked up", "failed")]
    for stage, times in details.stages.items():
        mean = f"{times.seconds / times.count:.3g}" if times.count else ""
        rows.append((clean(stage) or "(task)", str(times.count), f"{times.seconds:.3g}", mean,
                     f"{times.longest:.3g}" if times.count else "", str(times.taken), str(times.failed)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.rjust(width) if index else cell.ljust(width)
                        for index, (cell, width) in enumerate(zip(row, widths, strict=True)))


def _plain(run: Run, top: Path) -> dict[str, Any]:
    start, end = run.started, run.finished
    return {"run": run.name, "log": str(run.path), "outcome": _outcome(run, run.path == runs_of(top)[0].path, top),
            "started": start.time if start is not None else None, "seconds": end.seconds if end is not None else None,
            "command": list(start.command) if start is not None else [], "provenance": _provenance(run),
            **{name: getattr(end, name, None) for name in ("completed", "failed", "up_to_date", "computed", "taken")}}


def _plain_details(details: RunDetails) -> dict[str, Any]:
    return {"stages": {stage: vars(times) for stage, times in details.stages.items()},
            "tasks": [{"task": task.task, "outcome": task.outcome, "computed": task.computed, "taken": task.taken,
                       "sources": list(task.sources), "seconds": task.seconds} for task in details.tasks],
            "failures": [{"task": failure.task, "tasks": list(failure.tasks), "stage": failure.stage,
                          "input": failure.input_id, "error": failure.error} for failure in details.failures],
            "warnings": details.warnings}
