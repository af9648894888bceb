"""What can be wrong with a task beyond its ``task.yml``: the pipeline, and how the configuration fits to it."""

from __future__ import annotations

from collections.abc import Iterator

from repype_like.batch.context import RunContext
from repype_like.errors import Location, Problem, RepypeError, SpecError, did_you_mean
from repype_like.fingerprint import ImportProblem
from repype_like.pipeline import Pipeline
from repype_like.task import Task
from repype_like.typing import Any

__all__ = ["prepare"]


def prepare(task: Task) -> tuple[RunContext | None, list[Problem]]:
    """Return a task ready to run, or None, and everything that is wrong with it."""
    try:
        context = RunContext(task)
        with task.codebase.activate():
            marginal = list(task.marginal_stages)
    except SpecError as error:
        return None, list(error.problems)
    except RepypeError as error:
        return None, [_problem(task, error)]
    problems = [*_marginal_problems(task, context.pipeline, marginal), *_config_problems(task, context),
                *_disabled_problems(task, context)]
    return (None if any(problem.severity == "error" for problem in problems) else context), problems


def _problem(task: Task, error: RepypeError) -> Problem:
    """Return what kept the pipeline from being made, at the place in the specification that asks for it."""
    pipeline = task.full_spec.get("pipeline")
    keys: tuple[str | int, ...] = ("pipeline",)
    names = pipeline if isinstance(pipeline, list) else []
    concerned = [index for index, name in enumerate(names) if isinstance(name, str) and f'"{name}"' in str(error)]
    if len(concerned) == 1:
        keys = ("pipeline", concerned[0])
    hint = error.hint if isinstance(error, ImportProblem) else ""
    return Problem(str(error), _place(task, keys), hint, task=task.path.resolve())


def _place(task: Task, keys: tuple[str | int, ...]) -> Location | None:
    return task.resolved_spec.origin(keys)


def _marginal_problems(task: Task, pipeline: Pipeline, marginal: list[str]) -> Iterator[Problem]:
    known = [stage.id for stage in pipeline.stages]
    for index, name in enumerate(marginal):
        if name not in known:
            yield Problem(f'marginal_stages: the pipeline has no stage "{name}"',
                          _place(task, ("marginal_stages", index)) or _place(task, ("marginal_stages",)),
                          did_you_mean(name, known) or f"its stages are {', '.join(known)}", task=task.path.resolve())


def _config_problems(task: Task, context: RunContext) -> Iterator[Problem]:
    known = [stage.id for stage in context.pipeline.stages]
    for name in context.config.entries:
        if name not in known:
            yield Problem(f'config: the pipeline has no stage "{name}", so this section has no effect',
                          task.resolved_spec.config.origin((name,)), did_you_mean(name, known), "warning",
                          task.path.resolve())


def _disabled_problems(task: Task, context: RunContext) -> Iterator[Problem]:
    """A field that a disabled stage would produce must not be read by one that takes part."""
    sections: dict[str, Any] = {stage.id: context.config.entries.get(stage.id) or {} for stage in context.pipeline.stages}
    disabled = {field: stage.id for stage in context.pipeline.stages for field in stage.outputs
                if not sections[stage.id].get("enabled", stage.enabled_by_default)}
    for stage in context.pipeline.stages:
        if not sections[stage.id].get("enabled", stage.enabled_by_default):
            continue
        for field in sorted(frozenset(stage.inputs) & disabled.keys()):
            place = task.resolved_spec.config.origin((disabled[field], "enabled"))
            yield Problem(f'the stage "{stage.id}" reads the field "{field}" of the stage "{disabled[field]}", which is '
                          "disabled", place or _place(task, ("pipeline",)),
                          f'disable "{stage.id}" as well, or enable "{disabled[field]}"', task=task.path.resolve())
