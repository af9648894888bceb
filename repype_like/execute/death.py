"""What is said of a worker that died while it ran a unit."""

from __future__ import annotations

import signal

from repype_like.events import Event, StageFailed, Warned
from repype_like.plan import Unit

__all__ = ["cause_of_death", "report_of_death", "timed_out"]


def cause_of_death(exit_code: int | None) -> str:
    """Return why a process has ended, which it was not to."""
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = " (maybe out of memory)" if -exit_code == signal.SIGKILL else ""
        return f"crashed: killed by {name}{hint}"
    return f"crashed: the process ended with exit code {exit_code}"


def timed_out(seconds: float) -> str:
    """Return what is said of a stage that took longer than it may."""
    return f"timed out after {seconds:g} s"


def report_of_death(unit: Unit, node: int, cause: str, output: str, *, hook: bool = False) -> Event:
    """Return what is said of a worker that died.

    Arguments:
        unit: The unit that it ran.
        node: The position of the node that it was at; -1 for none yet.
        cause: Why it died.
        output: What the stage had printed.
        hook: Whether the node was done, and a hook was being called.
    """
    if not unit.nodes:
        task = unit.opaque or unit.skips[0].task
        return StageFailed(task=task, stage="", input_id="", tasks=(task,), error=cause, traceback="", output=output,
                           kind="crash")
    found = unit.nodes[max(node, 0)]
    if hook:  # what the stage has made is stored
        return Warned(task=found.tasks[0], message=f'the stage "{found.stage}" has computed input {found.input_id!r}, '
                      f"and the result stands, but then a hook, or what was left running, {_of_a_hook(cause)}")
    return StageFailed(task=found.tasks[0], stage=found.stage, input_id=found.input_id, tasks=found.tasks, error=cause,
                       traceback="", output=output, kind="timeout" if cause.startswith("timed out") else "crash")


def _of_a_hook(cause: str) -> str:
    return cause.removeprefix("crashed: ").removeprefix("the process ").replace("killed by", "was killed by")
