"""What a worker needs of a task in order to run its stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repype_like.pipeline import Pipeline
from repype_like.plan import TaskView, locate_output
from repype_like.status import Status
from repype_like.typing import Any, InputID

__all__ = ["Workplace", "Workplaces"]


@dataclass(frozen=True, eq=False)
class Workplace:
    """One task, ready to run."""

    view: TaskView
    pipeline: Pipeline
    """With the hooks of the task as callbacks of its stages."""
    tree: Path
    """The directory of the topmost task, which paths are noted down relative to."""
    roots: tuple[Path, ...]
    """The folders below which opened files count."""
    activate: Callable[[], AbstractContextManager[Any]]
    """Makes the modules of the project importable."""
    run_whole: Callable[[Status | None], Any]
    """Runs the task by its own ``run``, for a task whose class overrides how tasks run."""

    @cached_property
    def earlier_outputs(self) -> dict[tuple[str, InputID], dict[Path, str]]:
        """The files that were written by this task when it was planned: by stage and input, their paths and hashes."""
        outputs: dict[tuple[str, InputID], dict[Path, str]] = {}
        for record in self.view.store.records.with_outputs():
            for output in record.outputs:
                path = locate_output(self.view, output)
                if path is not None:
                    outputs.setdefault((record.stage, record.input_id), {})[path] = output.hash
        return outputs


Workplaces = Mapping[str, Workplace]
"""The tasks by the name they have in the plan."""
