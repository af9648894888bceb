"""Looks at a task: what planning and executing need to know of it, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from repype_like.config import Config
from repype_like.errors import RepypeError, UsageError
from repype_like.execute.workplace import Workplace
from repype_like.fingerprint import Fingerprinter, hash_value
from repype_like.fingerprint.versions import version_of
from repype_like.pipeline import Pipeline
from repype_like.plan import Catalogue, Files, Request, Source, StageView, TaskPlan, TaskView, plan_task
from repype_like.spec import load_tree
from repype_like.stage import Stage
from repype_like.store import Digest
from repype_like.task.blueprint import Blueprint, Blueprints
from repype_like.task.errors import blaming
from repype_like.task.sources import look_for_sources
from repype_like.task.viewing import stage_views
from repype_like.typing import TYPE_CHECKING, Any, InputID

if TYPE_CHECKING:
    from repype_like.task.task import Task

__all__ = ["diverging_stage", "keeping", "neighbours", "plan_of", "views_of", "workplace_by", "workplace_of"]

_NONE: frozenset[str] = frozenset()


def workplace_of(task: Task, pipeline: Pipeline, config: Config, name: str = ".", codebase: int = 0,
                 readers: frozenset[Path] = frozenset()) -> Workplace:
    """Return the task as planning and executing see it.

    Arguments:
        task: The task.
        pipeline: Its pipeline.
        config: Its hyperparameters, before they are adapted to an input.
        name: What it is called in the plan.
        codebase: The number of its codebase.
        readers: The tasks that it is looked at for, because their aggregates read it.

    Raises:
        UserCodeError: If a method of the user's own fails that is needed for it.
    """
    view = _view(task, pipeline, config, name, codebase, readers)
    if task.overrides("is_pending"):
        with task.codebase.activate(), blaming(f"{type(task).__name__}.is_pending, {task.path}"):
            view = replace(view, verdict=task.is_pending(pipeline, config))
    tree = task.root.directory
    roots = tuple(dict.fromkeys((*task.codebase.search, tree)))

    def run_whole(status: Any) -> Any:
        return task.run(config.copy(), pipeline=pipeline, status=status)

    return Workplace(view, lambda: pipeline, tree, roots, task.codebase.activate, run_whole,
                     stated=task.resolved_spec.full.get("limits") or {})


def workplace_by(blueprint: Blueprint, task: Task, make_pipeline: Callable[[], Pipeline], name: str = ".",
                 codebase: int = 0) -> Workplace:
    """Return a task as planning and executing see it, without making its pipeline before it is needed.

    Arguments:
        blueprint: What the task has in common with others.
        task: The task.
        make_pipeline: Gives its pipeline, the same each time.
        name: What it is called in the plan.
        codebase: The number of its codebase.
    """
    spec, tree = task.resolved_spec, task.root.directory
    config = spec.config.value
    stages = blueprint.views(frozenset(task.marginal_stages) if "marginal_stages" in spec.full else _NONE)
    stored = _stored_fields(task.completion)
    if stored is not None:
        stages = tuple(keeping(view, stored, task, blueprint.pipeline) for view in stages)

    def configure(input_id: InputID, stage_id: str | None) -> Mapping[str, Any]:
        if not blueprint.adapts_config:
            return config
        return _configure(task, make_pipeline(), Config(config))(input_id, stage_id)

    def locate(scope: str | None, input_id: InputID | None, path: str | None) -> Path | None:
        if scope is not None and scope not in (spec.full.get("scopes") or ()):
            return None
        return _locate(Pipeline((), task.resolved_scopes), tree)(scope, input_id, path)

    view = TaskView(
        path=task.directory, name=name, stages=stages, input_ids=tuple(spec.input_ids), config=config,
        configure=configure, locate=locate, store=task.results, spec={**spec.full, "config": config},
        packages=_packages(spec.full), ancestors=tuple([parent.directory for parent in spec.parents]),
        origin=_origin(task), codebase=codebase)
    return Workplace(view, make_pipeline, tree, blueprint.roots(tree), task.codebase.activate,
                     lambda status: task.run(task.create_config(), status=status), has_hooks=blueprint.has_hooks,
                     stated=spec.full.get("limits") or {})


def _view(task: Task, pipeline: Pipeline, config: Config, name: str = ".", codebase: int = 0,
          readers: frozenset[Path] = frozenset()) -> TaskView:
    """Return the view of a task, but for what an overriding ``is_pending`` says, which may ask for it."""
    with task.codebase.activate():
        with blaming(f"{type(task).__name__}, {task.path}"):
            input_ids = tuple(task.input_ids)
            marginal = task.get_marginal_fields(pipeline)
        stages = tuple(_stage_views(task, pipeline, marginal))
    if stages and all(stage.over for stage in stages):
        input_ids = ()  # nothing is done for them
    return TaskView(
        path=task.directory, name=name, stages=stages, input_ids=input_ids, config=config.final(),
        configure=_configure(task, pipeline, config), locate=_locate(pipeline, task.root.directory),
        store=task.results, spec=task.get_full_spec_with_config(config), packages=_packages(task.merged_spec),
        ancestors=tuple(parent.directory for parent in task.parents), origin=_origin(task),
        opaque=task.overrides_how_it_runs(pipeline), codebase=codebase,
        skip_hooks=frozenset(stage.id for stage in pipeline.stages if stage.event_callbacks.get("skip")),
        sources=_sources(task, pipeline, config, readers | {task.directory}))


def _sources(task: Task, pipeline: Pipeline, config: Config,
             readers: frozenset[Path]) -> Callable[[str], tuple[Source, ...]]:
    """Return what finds the tasks that aggregates read. A batch, which knows them, puts its own in place of it."""
    def view_of(source: Task) -> TaskView:
        if source.directory in readers:
            raise UsageError(f"{task.path}: the tasks read each other in a cycle, by way of {source.path}")
        with blaming("create_pipeline"):
            own, settings = source.create_pipeline(), source.create_config()
        return workplace_of(source, own, settings, str(source.path), readers=readers).view

    @cache
    def sources(stage_id: str) -> tuple[Source, ...]:
        stage = pipeline.stage(stage_id)
        if stage is None or stage.over != "tasks":
            return ()
        return look_for_sources(task, stage, config.entries.get(stage_id) or {}, view_of)

    return sources


def _stage_views(task: Task, pipeline: Pipeline, marginal: frozenset[str]) -> Iterator[StageView]:
    """Yield the stages of a pipeline.

    Where the class of the pipeline, or the way in which the class of the task runs, is the user's own, its code counts
    for every stage: stages use what their pipeline offers, and an edit of it has to be seen. Where such a class has
    chosen what to store, that is what is kept.
    """
    classes = task.classes_that_count(pipeline)
    code = Fingerprinter.of(task.codebase).code(*classes) if classes else None
    stored = _stored_fields(task.completion)
    for found in stage_views(task.codebase, pipeline, marginal):
        view = found if code is None else replace(
            found, fingerprint=hash_value((found.fingerprint, code.hash)), parts={**code.parts, **found.parts})
        yield view if stored is None else keeping(view, stored, task, pipeline)


def _stored_fields(completion: Digest | None) -> frozenset[str] | None:
    """Return the fields that a class of the user's own has had stored; None if that was not for it to choose."""
    fields = completion.provenance.get("fields") if completion is not None else None
    return None if fields is None else frozenset(map(str, fields))


def keeping(stage: StageView, stored: frozenset[str], task: Task, pipeline: Pipeline) -> StageView:
    """Return a stage that keeps what is among the `stored` fields, fields that no stage knows of included."""
    chosen = stage.kept & stored if task.overrides("strip_marginals") else stage.kept
    return replace(stage, kept=chosen | (stored - pipeline.fields))


def _configure(task: Task, pipeline: Pipeline,
               config: Config) -> Callable[[InputID, str | None], Mapping[str, Any]]:
    """Return what adapts the configuration to an input; where no stage has rules, that is nothing to do."""
    own_configure = type(pipeline).configure is not Pipeline.configure
    ruled = [stage for stage in pipeline.stages if type(stage).configure is not Stage.configure and not stage.over]
    once = [stage for stage in pipeline.stages if type(stage).configure is not Stage.configure and stage.over]
    entries = config.final()
    if not ruled and not once and not own_configure:
        return lambda input_id, stage_id: entries

    def configure(input_id: InputID, stage_id: str | None) -> Mapping[str, Any]:
        with task.codebase.activate(), blaming(f"{task.path}, input {input_id!r}: configure"):
            if own_configure and input_id is not None:
                return pipeline.configure(config, input_id).final()
            adapted = Config(entries).copy()
            for stage in ruled if input_id is not None else once:
                if stage_id in (None, stage.id):
                    pipeline.configure_stage(stage, adapted, input_id)
            return adapted.final()

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


def _packages(spec: Mapping[str, Any]) -> dict[str, str]:
    return {name: version_of(name) or "not installed" for name in spec.get("packages") or ()}


def plan_of(task: Task, pipeline: Pipeline, config: Config, pick_up: bool = False) -> TaskPlan:
    """Return what has to be done for a task alone, in the eyes of its base class.

    Arguments:
        task: The task.
        pipeline: Its pipeline.
        config: Its hyperparameters.
        pick_up: Whether to look at what the other tasks of the tree have.
    """
    view = replace(_view(task, pipeline, config), opaque=False)
    return plan_task(view, Catalogue(lambda: views_of(neighbours(task)) if pick_up else ()), Files(),
                     Request(pick_up=pick_up))[0]


def diverging_stage(pipeline: Pipeline, plan: TaskPlan) -> Stage | None:
    """Return the first stage that computes something according to `plan`.

    A task without inputs and aggregates computes nothing: the first stage diverges if the task is pending.
    """
    if plan.first_stage is not None:
        return pipeline.stage(plan.first_stage)
    computes_nothing = not plan.total and not any(stage.over for stage in pipeline.stages)
    return pipeline.stages[0] if plan.pending and computes_nothing and pipeline.stages else None


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
    views, blueprints = [], Blueprints()
    for task in tasks:
        if task.results.exists():
            blueprint, name = blueprints.of(task), str(task.directory)
            try:
                with task.codebase.activate(), blaming("create_pipeline"):
                    place = (workplace_of(task, task.create_pipeline(), task.create_config(), name)
                             if blueprint is None else
                             workplace_by(blueprint, task, cache(task.create_pipeline), name))
                views.append(place.view)
            except RepypeError:  # what is wrong with another task is not the business of this one
                continue
    return views
