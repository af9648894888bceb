"""What a worker needs of a task in order to run its stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.cached import cached_property
from repype_like.pipeline import Pipeline
from repype_like.plan import Limits, TaskView, locate_output
from repype_like.store import Record
from repype_like.typing import TYPE_CHECKING, Any, InputID

if TYPE_CHECKING:
    from repype_like.status import Status

__all__ = ["Workplace", "Workplaces"]


_NONE = Limits()


@dataclass(frozen=True, eq=False)
class Workplace:
    """One task, ready to run."""

    view: TaskView
    make_pipeline: Callable[[], Pipeline]
    """Gives its pipeline, with the hooks of the task as callbacks of its stages."""
    tree: Path
    """The directory of the topmost task, which paths are noted down relative to."""
    roots: tuple[Path, ...]
    """The folders below which opened files count."""
    activate: Callable[[], AbstractContextManager[Any]]
    """Makes the modules of the project importable."""
    run_whole: Callable[[Status | None], Any]
    """Runs the task by its own ``run``, for a task whose class overrides how tasks run."""
    has_hooks: bool | None = None
    """Whether anybody wants to know what happens to the stages; None if the pipeline has to be asked."""
    defaults: Limits = _NONE
    """What holds for stages that do not limit themselves."""

    stated: Mapping[str, Any] = field(default_factory=dict)
    """What the task itself says of the limits of stages, by stage."""

    def limits(self, stage_id: str) -> Limits:
        """Return what a stage may cost and what it needs: by itself, by its task, and by what holds for all."""
        limits = (self.stated and self._refined.get(stage_id)) or self.view.stage[stage_id].limits
        return limits if self.defaults is _NONE else limits.filled(self.defaults)

    @cached_property
    def _refined(self) -> dict[str, Limits]:
        return {stage_id: self.view.stage[stage_id].limits.refined(stated)
                for stage_id, stated in self.stated.items() if stated and stage_id in self.view.stage}

    @cached_property
    def pipeline(self) -> Pipeline:
        """Its pipeline; made at the first need, in the process that needs it: most tasks have nothing to do."""
        return self.make_pipeline()

    @cached_property
    def hooked(self) -> bool:
        """Whether anybody wants to know what happens to the stages."""
        if self.has_hooks is not None:
            return self.has_hooks
        return any(stage.event_callbacks for stage in self.pipeline.stages)

    @cached_property
    def has_work(self) -> bool:
        """Whether an execution that failed or was killed may have left something for the next attempt."""
        return self.view.store.has_work()

    @cached_property
    def earlier_outputs(self) -> dict[tuple[str, InputID], list[Path]]:
        """The files that this task has written so far, by stage and input; :meth:`note` keeps it up to date."""
        found: dict[tuple[str, InputID], list[Path]] = {}
        for record in self.view.store.records.with_outputs():
            self._note(record, found)
        return found

    def note(self, record: Record) -> None:
        """Take down the files of a record that the task has now."""
        if record.outputs:
            self._note(record, self.earlier_outputs)

    def _note(self, record: Record, found: dict[tuple[str, InputID], list[Path]]) -> None:
        known = found.setdefault((record.stage, record.input_id), [])
        for output in record.outputs:
            path = locate_output(self.view, output)
            if path is not None and path not in known:
                known.append(path)

    def forget(self) -> None:
        """Have :attr:`earlier_outputs` and :attr:`has_work` found out anew, since others may have written."""
        self.__dict__.pop("earlier_outputs", None)
        self.__dict__.pop("has_work", None)


Workplaces = Mapping[str, Workplace]
"""The tasks by the name they have in the plan."""
