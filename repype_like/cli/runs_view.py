"""Runs as lists for people, and as JSON."""

from __future__ import annotations

import json
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from repype_like import events
from repype_like.cli.alike import alike
from repype_like.cli.terminal import out
from repype_like.cli.words import clean, count, duration, near, path_words, size
from repype_like.errors import UsageError
from repype_like.masking import masked, masked_text
from repype_like.spec import discover, format_input_id, natural_order, sorted_ids
from repype_like.status.history import Run, RunDetails, details_of, runs_of
from repype_like.store import holders
from repype_like.width import cut, pad, width_of, wrap

__all__ = ["show_run", "show_runs"]

_MOST_SHOWN = 40
"""Tasks, and failures; JSON has all."""

_WIDEST = 70


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
    rows = [(run.name, _outcome(run, top), *_numbers(run), _commit(run), _command(run)) for run in runs]
    widths = [max(width_of(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [pad(cell, width) for cell, width in zip(row, widths, strict=False) if width]
        line = "  ".join([*cells, row[-1]]).rstrip()
        terminal.line(cut(line, terminal.width, terminal.glyph("ellipsis")) if terminal.interactive else line)
    return 0


def show_run(path: str, name: str, as_json: bool) -> int:
    """Print one run, and return the exit code."""
    top = _top(path)
    runs = runs_of(top)
    if not runs:
        raise UsageError(f"{path}: nothing was run here yet, or the logs were deleted")
    found = runs[:1] if name == "latest" else [run for run in runs if run.name.startswith(name)]
    if len(found) != 1:
        few = ", ".join(run.name for run in (found or runs)[:3])
        raise UsageError(f'{"no run is" if not found else "several runs are"} named "{name}"; there are {few}')
    run, details = found[0], details_of(found[0])
    if as_json:
        print(json.dumps({"schema": 1, **_plain(run, top), **_plain_details(details)}, indent=1))
        return 0
    terminal = out()
    for line in _lines(run, details, _outcome(run, top)):
        terminal.line(line)
    return 0


def _top(path: str) -> Path:
    found = discover(path)
    if not found.directories:
        raise UsageError(f"{path}: there are no tasks in this directory or below")
    return found.root


def _outcome(run: Run, top: Path) -> str:
    if run.finished is not None:
        return run.finished.outcome
    known = _provenance(run)
    if any((holder.pid, holder.host) == (known.get("pid"), known.get("host")) for holder in holders(top)):
        return "running"
    return "killed" if run.started is not None else "unknown"


def _numbers(run: Run) -> tuple[str, str]:
    """Return what was done and how long it took; until its end, if the run has not come to one."""
    end = run.finished
    if end is None:
        details = details_of(run)
        taken = sum(times.taken for times in details.stages.values())
        return _parts(details.computed, taken, 0), duration(details.seconds)
    return _parts(end.computed, end.taken, end.failed), duration(end.seconds)


def _parts(computed: int, taken: int, failed: int) -> str:
    return ", ".join([f"{computed} computed", *([f"{taken} picked up"] if taken else []),
                      *([f"{count(failed, 'task')} failed"] if failed else [])])


def _provenance(run: Run) -> dict[str, Any]:
    known = run.started.provenance if run.started is not None else None
    return dict(known) if isinstance(known, Mapping) else {}


def _commit(run: Run) -> str:
    """Return the commit in short, with a mark if something had been changed since."""
    git = _provenance(run).get("git") or {}
    return f"{git.get('commit', '')[:7]}{'*' if git.get('dirty') else ''}"


def _command(run: Run) -> str:
    return clean(masked_text(shlex.join(run.started.command))) if run.started is not None else ""


def _lines(run: Run, details: RunDetails, outcome: str) -> Iterator[str]:
    yield from _heading(run, details, outcome)
    if details.stages:
        yield ""
        yield from _stage_lines(details)
    if details.tasks:
        yield ""
        yield from _task_lines(details.tasks)
    if details.failures or details.warnings:
        yield ""
    groups = alike(details.failures)
    for first, *others in groups[:_MOST_SHOWN]:
        inputs = sorted_ids({failure.input_id for failure in (first, *others)} - {"", None})
        where = f"{first.stage} " + (f"for {_few([format_input_id(item) for item in inputs])} " if inputs else "")
        tasks = sorted({task for failure in (first, *others) for task in failure.tasks}, key=natural_order)
        yield clean(f"failed: {where if first.stage else ''}({_few(tasks)}): {near(first.error.partition(chr(10))[0])}")
    if len(groups) > _MOST_SHOWN:
        yield f"and {len(groups) - _MOST_SHOWN} failures more; --json lists all"
    for warning in list(dict.fromkeys(details.warnings))[:_MOST_SHOWN]:
        yield clean(f"warning: {near(warning)}")


def _heading(run: Run, details: RunDetails, outcome: str) -> Iterator[str]:
    known, (numbers, seconds) = _provenance(run), _numbers(run)
    began = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(run.started.time)) if run.started is not None else ""
    dirty = ", with changes that were not committed" if (known.get("git") or {}).get("dirty") else ""
    commit = _commit(run).rstrip("*")
    versions = {"Python": known.get("python"), "repype_like": known.get("repype_like"),
                **(known.get("distributions") or {})}
    for name, text in (
            ("run", run.name), ("outcome", ", ".join(filter(None, (outcome, numbers, seconds)))), ("began", began),
            ("command", _command(run)),
            ("by", " on ".join(str(known[key]) for key in ("user", "host") if known.get(key))),
            ("with", ", ".join(f"{name} {version}" for name, version in versions.items() if version)),
            ("commit", f"{commit}{dirty}" if commit else ""), ("memory", _memory(run, details)),
            ("log", path_words(run.path))):
        if text:
            lines = wrap(clean(text), _WIDEST)
            yield f"{name:8} {lines[0]}"
            yield from (f"{'':8} {line}" for line in lines[1:])


def _memory(run: Run, details: RunDetails) -> str:
    """Return how much memory was taken at the peak: by a worker, and by the process that has led them."""
    stages = max((times.memory for times in details.stages.values()), default=0)
    leading = run.finished.memory if run.finished is not None else 0
    return ", ".join([*([f"at most {size(stages)} while a stage ran"] if stages else []),
                      *([f"{size(leading)} in the process that led the run"] if leading else [])])


def _stage_lines(details: RunDetails) -> Iterator[str]:
    rows = [("stage", "computed", "seconds", "mean", "longest", "memory", "picked up", "failed")]
    for stage, times in details.stages.items():
        mean = f"{times.seconds / times.count:.3g}" if times.count else ""
        rows.append((clean(stage) or "(task)", str(times.count), f"{times.seconds:.3g}", mean,
                     f"{times.longest:.3g}" if times.count else "", size(times.memory) if times.memory else "",
                     str(times.taken), str(times.failed)))
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(pad(cell, width, right=bool(index))
                        for index, (cell, width) in enumerate(zip(row, widths, strict=True)))


def _task_lines(tasks: Sequence[events.TaskFinished]) -> Iterator[str]:
    """Yield a line for each task, those that were not completed first."""
    ordered = sorted(tasks, key=lambda task: task.outcome == "completed")
    for task in ordered[:_MOST_SHOWN]:
        parts = [task.outcome, *([f"{task.computed} computed in {duration(task.seconds)}"] if task.computed else []),
                 *([f"{task.taken} picked up from {_few(task.sources)}"] if task.taken else [])]
        yield clean(f"{task.task}: {', '.join(parts)}")
    if len(ordered) > _MOST_SHOWN:
        rest = Counter(task.outcome for task in ordered[_MOST_SHOWN:])
        yield f"and {', '.join(f'{number} {outcome}' for outcome, number in rest.items())} more; --json lists all"


def _few(names: Sequence[str]) -> str:
    return ", ".join([*names[:3], *([f"{len(names) - 3} more"] if len(names) > 3 else [])])


def _plain(run: Run, top: Path) -> dict[str, Any]:
    start, end = run.started, run.finished
    return {"run": run.name, "log": str(run.path), "outcome": _outcome(run, top),
            "started": start.time if start is not None else None, "seconds": end.seconds if end is not None else None,
            "command": [masked_text(word) for word in start.command] if start is not None else [],
            "provenance": masked(_provenance(run)), "memory": end.memory if end is not None else None,
            **{name: getattr(end, name, None) for name in ("completed", "failed", "up_to_date", "computed", "taken")}}


def _plain_details(details: RunDetails) -> dict[str, Any]:
    return {"stages": {stage: vars(times) for stage, times in details.stages.items()},
            "tasks": [{"task": task.task, "outcome": task.outcome, "computed": task.computed, "taken": task.taken,
                       "sources": list(task.sources), "seconds": task.seconds} for task in details.tasks],
            "failures": [{"task": failure.task, "tasks": list(failure.tasks), "stage": failure.stage,
                          "input": failure.input_id, "error": failure.error} for failure in details.failures],
            "warnings": details.warnings}
