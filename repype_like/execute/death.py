"""What is said of a process that ended while it ran stages."""

from __future__ import annotations

import signal

from repype_like.events import StageFailed
from repype_like.plan import Unit

__all__ = ["cause_of_death", "report_of_death"]


def cause_of_death(exit_code: int | None) -> str:
    """Return in words how a process has ended."""
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = " (maybe out of memory)" if -exit_code == signal.SIGKILL else ""
        return f"crashed: killed by {name}{hint}"
    return f"crashed: the process ended with exit code {exit_code}"


def report_of_death(unit: Unit, node: int, cause: str, output: str) -> StageFailed:
    """Return what is said of a worker that died while it ran a unit, in its `node` if it had begun one."""
    if unit.nodes:
        found = unit.nodes[max(node, 0)]
        return StageFailed(task=found.tasks[0], stage=found.stage, input_id=found.input_id, tasks=found.tasks,
                           error=cause, traceback="", output=output)
    task = unit.opaque or unit.skips[0].task
    return StageFailed(task=task, stage="", input_id="", tasks=(task,), error=cause, traceback="", output=output)
