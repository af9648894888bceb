"""A task, with the pipeline and the hyperparameters that it is run with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from repype_like.cached import cached_property
from repype_like.config import Config
from repype_like.execute.workplace import Workplace
from repype_like.pipeline import Pipeline
from repype_like.task import PendingReason, Task, TaskData, inspection
from repype_like.task.blueprint import Blueprint
from repype_like.task.errors import blaming
from repype_like.typing import Any

__all__ = ["RunContext"]


class RunContext:
    """The pipeline and the hyperparameters used to run a task.

    Arguments:
        task: The task.

    Raises:
        NotRunnableError: If the task is a template.
        RepypeError: If there is something wrong with its pipeline or configuration.
        UserCodeError: If a method of the user's own fails that makes them.
    """

    task: Task
    """The task to run."""

    def __init__(self, task: Task):
        task.require_runnable()
        self.task = task
        self.blueprint: Blueprint | None = None
        with blaming("create_pipeline"):
            self.pipeline = task.create_pipeline()
        with blaming("create_config"):
            self.config = task.create_config()
        task.setup_callbacks(self.pipeline)

    @classmethod
    def deferred(cls, task: Task, blueprint: Blueprint) -> RunContext:
        """Return one whose pipeline and hyperparameters are made when they are asked for.

        Arguments:
            task: A task that nothing is wrong with.
            blueprint: That of the task.
        """
        context = cls.__new__(cls)
        context.task, context.blueprint = task, blueprint
        return context

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline to run it with, with the hooks of the task."""
        with blaming("create_pipeline"):
            pipeline = (self.task.create_pipeline() if self.blueprint is None
                        else self.blueprint.make_pipeline(self.task.resolved_scopes))
        self.task.setup_callbacks(pipeline)
        return pipeline

    @cached_property
    def config(self) -> Config:
        """The hyperparameters to run it with."""
        with blaming("create_config"):
            return self.task.create_config()

    @property
    def stage_ids(self) -> Sequence[str]:
        """The identifiers of the stages."""
        return self.blueprint.stage_ids if self.blueprint is not None else [stage.id for stage in self.pipeline.stages]

    def workplace(self, name: str = ".", codebase: int = 0) -> Workplace:
        """Return the task as planning and executing see it.

        Arguments:
            name: What it is called in the plan.
            codebase: The number of its codebase.

        Raises:
            UserCodeError: If a method of the user's own fails that is needed for it.
        """
        untouched = vars(self).keys().isdisjoint(("pipeline", "config"))
        if self.blueprint is not None and untouched:
            return inspection.workplace_by(self.blueprint, self.task, lambda: self.pipeline, name, codebase)
        return inspection.workplace_of(self.task, self.pipeline, self.config, name, codebase)

    @cached_property
    def pending(self) -> PendingReason:
        """Why the task is pending; empty if it is not."""
        return self.task.is_pending(self.pipeline, self.config)

    def run(self, *args: Any, **kwargs: Any) -> TaskData:
        """Run the task in this process; see :meth:`repype_like.task.Task.run`."""
        run: Callable[..., TaskData] = self.task.run  # by keyword, as an overriding method may want it
        return run(self.config, *args, pipeline=self.pipeline, **kwargs)

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, type(self)) and self.task == other.task and self.pipeline == other.pipeline
                and self.config == other.config)

    def __hash__(self) -> int:
        return hash(self.task)

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.task.path}">'

    def _repr_html_(self) -> str:
        return self.task._repr_html_()
