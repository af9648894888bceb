"""Looks at a task: what planning and executing need to know of it, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from repype_like.config import Config
from repype_like.errors import RepypeError, UsageError
from repype_like.execute import Workplace
from repype_like.fingerprint import Fingerprinter
from repype_like.pipeline import Pipeline
from repype_like.plan import Catalogue, Files, Request, StageView, TaskPlan, TaskView, locate_output, plan_task
from repype_like.spec import load_tree
from repype_like.stage import Stage
from repype_like.store import Digest, FieldValue, Store
from repype_like.typing import TYPE_CHECKING, Any, InputID

if TYPE_CHECKING:
    from repype_like.task.task import Task

__all__ = ["delete_outputs", "make_stage", "neighbours", "plan_of", "stored_fields", "version_of", "views_of",
           "workplace_of"]


def make_stage(cls: Any, name: str) -> Stage:
    """Return the stage that a name in a pipeline stands for: an instance of the class, or the stage itself.

    Raises:
        UsageError: If it is neither.
    """
    stage = cls() if isinstance(cls, type) else cls
    if not isinstance(stage, Stage):
        raise UsageError(f'"{name}" is not a stage: its class has to be derived from repype_like.stage.Stage')
    return stage


def workplace_of(task: Task, pipeline: Pipeline, config: Config, name: str = ".", codebase: int = 0) -> Workplace:
    """Return the task as planning and executing see it.

    Arguments:
        task: The task.
        pipeline: Its pipeline.
        config: Its hyperparameters, before they are adapted to an input.
        name: What it is called in the plan.
        codebase: The number of its codebase.
    """
    tree = task.root.directory
    roots = tuple(dict.fromkeys((*task.codebase.search, tree)))
    view = _view(task, pipeline, config, name, codebase, tree)

    def run_whole(status: Any) -> Any:
        return task.run(config.copy(), pipeline=pipeline, status=status)

    return Workplace(view, pipeline, tree, roots, task.codebase.activate, run_whole)


def _view(task: Task, pipeline: Pipeline, config: Config, name: str, codebase: int, tree: Path) -> TaskView:
    spec = task.resolved_spec
    marginal = task.get_marginal_fields(pipeline)
    consumed = frozenset[str]().union(*(stage.consumes for stage in pipeline.stages))
    with task.codebase.activate():
        stages = tuple(_stage_view(stage, marginal | consumed, task) for stage in pipeline.stages)
        own_configure = type(pipeline).configure is not Pipeline.configure
        extra = _overriding(pipeline, task) if own_configure else ""
    opaque = task.overrides_how_it_runs(pipeline)
    return TaskView(
        path=task.directory, name=name, stages=stages, input_ids=tuple(task.input_ids), config=config.entries,
        configure=_configure(task, pipeline, config, own_configure), locate=_locate(pipeline, tree),
        store=task.results, spec=task.get_full_spec_with_config(config), packages=_packages(task), extra_key=extra,
        ancestors=tuple(parent.directory for parent in task.parents), origin=_origin(task), opaque=opaque,
        verdict=_verdict(task, pipeline, config), codebase=codebase,
        skip_hooks=frozenset(stage.id for stage in pipeline.stages if stage.event_callbacks.get("skip")))


def _stage_view(stage: Stage, dropped: frozenset[str], task: Task) -> StageView:
    fingerprint = Fingerprinter.of(task.codebase).stage(stage)
    outputs = frozenset(stage.outputs)
    return StageView(
        id=stage.id, inputs=frozenset(stage.inputs) - {"input_id"}, outputs=outputs, fingerprint=fingerprint.hash,
        parts=fingerprint.parts, files=getattr(fingerprint, "modules", {}), enabled_by_default=stage.enabled_by_default,
        default_config=dict(stage.default_config), ignore_config=frozenset(stage.ignore_config), kept=outputs - dropped)


def _configure(task: Task, pipeline: Pipeline, config: Config,
               own_configure: bool) -> Callable[[InputID, str | None], Mapping[str, Any]]:
    """Return what adapts the configuration to an input; where no stage has rules, that is nothing to do."""
    ruled = [stage for stage in pipeline.stages if type(stage).configure is not Stage.configure]
    if not ruled and not own_configure:
        return lambda input_id, stage_id: config.entries

    def configure(input_id: InputID, stage_id: str | None) -> Mapping[str, Any]:
        with task.codebase.activate():
            if own_configure:
                return pipeline.configure(config, input_id).entries
            adapted = config.copy()
            for stage in ruled:
                if stage_id in (None, stage.id):
                    pipeline.configure_stage(stage, adapted, input_id)
            return adapted.entries

    return configure


def _locate(pipeline: Pipeline, tree: Path) -> Callable[[str | None, InputID | None, str | None], Path | None]:
    def locate(scope: str | None, input_id: InputID | None, path: str | None) -> Path | None:
        if scope is not None:
            return pipeline.resolve(scope, input_id)
        return tree / path if path is not None else None

    return locate


def _origin(task: Task) -> Callable[[tuple[str | int, ...]], Any]:
    def origin(keys: tuple[str | int, ...]) -> Any:
        spec = task.resolved_spec
        place = spec.config.origin(keys[1:]) if keys[:1] == ("config",) and len(keys) > 1 else spec.origin(keys)
        return place if place is None or place.line else None

    return origin


def _overriding(pipeline: Pipeline, task: Task) -> str:
    return Fingerprinter.of(task.codebase).code(type(pipeline)).hash


def _packages(task: Task) -> dict[str, str]:
    return {name: version_of(name) or "not installed" for name in task.full_spec.get("packages") or ()}


@cache
def version_of(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _verdict(task: Task, pipeline: Pipeline, config: Config) -> str | None:
    from repype_like.task.task import Task as Base  # at call time: the module of the class imports this one

    if type(task).is_pending is Base.is_pending:
        return None
    with task.codebase.activate():
        return task.is_pending(pipeline, config)


def plan_of(task: Task, pipeline: Pipeline, config: Config, pick_up: bool = False) -> TaskPlan:
    """Return what has to be done for a task alone, in the eyes of its base class."""
    from dataclasses import replace

    view = replace(workplace_of(task, pipeline, config).view, verdict=None, opaque=False)
    return plan_task(view, Catalogue(lambda: views_of(neighbours(task)) if pick_up else ()), Files(),
                     Request(pick_up=pick_up))[0]


def neighbours(task: Task) -> list[Task]:
    """Return all runnable tasks of the tree that `task` is in, itself included."""
    tree = load_tree(task.root.path)
    tasks: dict[Path, Task] = {task.directory: task, **{parent.directory: parent for parent in task.parents}}
    for directory, spec in tree.items():
        if directory not in tasks and tree.is_sound(directory):
            parent = tasks.get(spec.parent.directory) if spec.parent is not None else None
            tasks[directory] = type(task)(directory, spec.own, parent)
    return [found for found in tasks.values() if found.runnable]


def views_of(tasks: Iterable[Task]) -> list[TaskView]:
    """Return the views of those tasks that have results and can be understood."""
    views = []
    for task in tasks:
        if task.results.exists():
            try:
                views.append(workplace_of(task, task.create_pipeline(), task.create_config(), str(task.path)).view)
            except RepypeError:  # what is wrong with another task is not the business of this one
                continue
    return views


def stored_fields(store: Store, digest: Digest) -> dict[InputID, dict[str, FieldValue]]:
    """Return the fields that a completed task keeps, by input."""
    fields: dict[InputID, dict[str, FieldValue]] = {input_id: {} for input_id in digest.inputs}
    for pairs in digest.records.values():
        for input_id, record_id in pairs:
            record = store.records.by_id(record_id)
            if record is not None:
                fields[input_id].update((name, value) for name, value in record.fields.items() if value is not None)
    return fields


def delete_outputs(task: Task) -> list[Path]:
    """Delete the files that the stages of a task wrote and that are still what was written; return their paths."""
    try:
        view = workplace_of(task, task.create_pipeline(), task.create_config()).view
    except RepypeError:
        return []
    deleted, files = [], Files()
    for record in task.results.records:
        for output in record.outputs:
            path = locate_output(view, output)
            if path is not None and files.content(path) == output.hash:
                path.unlink()
                deleted.append(path)
    return deleted


