"""Checks what is stored for tasks, and prints what is wrong with it."""

from __future__ import annotations

import json as _json
from collections.abc import Sequence

from repype_like.cli.stored import StoredTask
from repype_like.cli.terminal import err, out
from repype_like.cli.words import clean, count, near, size
from repype_like.errors import RepypeError
from repype_like.store import Fault
from repype_like.typing import Any

__all__ = ["verify_tasks"]

FOUND = 1


def verify_tasks(tasks: Sequence[StoredTask], *, json: bool) -> int:
    """Read what is stored for `tasks`, print what is not what was written, and return the exit code."""
    terminal, described = out(), []
    faults = records = total = 0
    for task in tasks:
        found = _faults(task)
        amount = task.store.sizes().total if not found else 0
        faults, records, total = faults + len(found), records + len(task.store.records), total + amount
        described.append(_described(task, found))
        if not json:
            for fault in found:
                terminal.line(clean(f"{task.name}: {near(str(fault))}"))
    if json:
        print(_json.dumps({"schema": 1, "tasks": described}, indent=1))
    if faults:
        err().line(f"Damaged: {count(faults, 'fault')} found. The next run computes again what is wanted and damaged.")
        return FOUND
    err().line(f"Sound: {count(records, 'record')} of {count(len(tasks), 'task')}, {size(total)}.")
    return 0


def _faults(task: StoredTask) -> list[Fault]:
    try:
        return task.store.verify(task.locate)
    except RepypeError as error:  # what cannot be read of one task does not keep the others from being looked at
        return [Fault(str(error))]


def _described(task: StoredTask, faults: Sequence[Fault]) -> dict[str, Any]:
    return {"task": task.name, "faults": [
        {"stage": fault.stage or None, "input": fault.input_id, "field": fault.field or None, "problem": fault.problem}
        for fault in faults]}
