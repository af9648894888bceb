"""What can be wrong with a task beyond its ``task.yml``: the pipeline, and how the configuration fits to it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from repype_like.batch.context import RunContext
from repype_like.config import Config
from repype_like.errors import Location, Problem, RepypeError, SpecError, UsageError, did_you_mean
from repype_like.fingerprint import ImportProblem
from repype_like.fingerprint.versions import providers_of, version_of
from repype_like.formats import format_named, name_of
from repype_like.pipeline import Pipeline
from repype_like.plan import limits_of
from repype_like.spec import SPEC_NAME, check_input_ids, check_path_safe
from repype_like.stage import CONFIGS, FunctionStage, Stage, hint_words, read_here
from repype_like.stage.conversion import is_instance
from repype_like.task import Task
from repype_like.task.blueprint import Blueprint, Blueprints
from repype_like.task.errors import blaming
from repype_like.task.naming import load, make_stage
from repype_like.typing import InputID

__all__ = ["prepare", "problem_of"]


def prepare(task: Task, blueprints: Blueprints) -> tuple[RunContext | None, list[Problem]]:
    """Return a task ready to run, or None, and everything that is wrong with it.

    Arguments:
        task: The task.
        blueprints: What it has in common with tasks that were prepared before.
    """
    blueprint = blueprints.of(task)
    if blueprint is not None and _is_plainly_sound(task, blueprint):
        return RunContext.deferred(task, blueprint), []
    known = blueprints.known_problems(task)
    if known:
        return None, known
    problems = list(_package_problems(task))
    if problems:
        return None, problems
    try:
        with task.codebase.activate():
            context = RunContext(task)
            with blaming("marginal_stages"):
                marginal = list(task.marginal_stages)
            with blaming("input_ids"):
                input_ids = list(task.input_ids)
    except SpecError as error:
        return None, list(error.problems)
    except RepypeError as error:
        named = list(_name_problems(task))
        blueprints.note_problems(task, named)
        return None, named or [_problem(task, error, ("pipeline",))]
    problems = [*_marginal_problems(task, context.pipeline, marginal),
                *_draw_problems(task, context.pipeline, marginal), *_config_problems(task, context),
                *_section_problems(task, context), *_disabled_problems(task, context),
                *_format_problems(task, context.pipeline), *_limit_problems(task, context.pipeline),
                *_input_problems(task, context.pipeline, input_ids), *_level_problems(task, context.pipeline)]
    return (None if any(problem.severity == "error" for problem in problems) else context), problems


def _is_plainly_sound(task: Task, blueprint: Blueprint) -> bool:
    """Tell whether everything that a task names is there, and all its stages take part. If not, it is looked into."""
    spec, known = task.resolved_spec, blueprint.stage_ids
    try:
        config = spec.config.value
        _ = spec.input_ids
    except (RepypeError, ValueError):
        return False
    full = spec.full
    if "packages" in full or "input_ids" not in full or not all(
            name in known for names in (full.get("marginal_stages"), full.get("limits")) for name in names or ()):
        return False
    return all(name in known and type(section) is dict and section.get("enabled", True) is True
               for name, section in config.items()) and blueprint.is_plain


def problem_of(error: RepypeError, where: Location | None, task: Path) -> Problem:
    """Return an error as a problem of the task in a directory, at the place in the specification that leads to it."""
    if isinstance(error, ImportProblem):
        told = f"{error.where}: {error.message}" if error.where is not None else error.message
        return Problem(told, where, error.hint, task=task)
    return Problem(str(error), where, task=task)


def _problem(task: Task, error: RepypeError, keys: tuple[str | int, ...]) -> Problem:
    return problem_of(error, _place(task, keys), _stating(task, keys))


def _name_problems(task: Task) -> Iterator[Problem]:
    """Every name in the pipeline has to stand for a stage, and so has every dotted one of a marginal stage."""
    for key, method in (("pipeline", "create_pipeline"), ("marginal_stages", "marginal_stages")):
        named = task.merged_spec.get(key)
        if isinstance(named, list) and not task.overrides(method):
            yield from _problems_of_names(task, key, named)


def _problems_of_names(task: Task, key: str, named: list[str]) -> Iterator[Problem]:
    found: dict[object, list[tuple[int, RepypeError]]] = {}
    for index, name in enumerate(named):
        if key == "marginal_stages" and "." not in name:
            continue  # an identifier
        try:
            make_stage(load(task.codebase, name), name)
        except ImportProblem as error:  # a module that cannot be imported is so for all that is named in it
            found.setdefault((error.where, error.message.replace(name, "", 1), error.hint), []).append((index, error))
        except RepypeError as error:
            found[index] = [(index, error)]
    for (index, first), *others in found.values():
        problem = _problem(task, first, (key, index))
        name = f'"{named[index]}"'
        message = problem.message.replace(name, f"{name} and {len(others)} more", 1) if others else problem.message
        elsewhere = _elsewhere(task, named[index]) if isinstance(first, ImportProblem) and first.is_missing else ""
        yield problem._replace(message=message, hint=elsewhere or problem.hint)


def _elsewhere(task: Task, name: str) -> str:
    """Return how to have a module found that is not looked for, but lies beside the task that names it, or above."""
    module, stating = name.partition(".")[0], _stating(task, ("pipeline",))
    for directory in (stating, *stating.parents):
        for file in (f"{module}.py", f"{module}/__init__.py"):
            if (directory / file).is_file():
                return "" if directory in task.codebase.search else (
                    f"{directory / file} is not looked for: start repype in its directory, or write "
                    f"`pythonpath: {Path(os.path.relpath(directory, stating)).as_posix()}` into {stating / SPEC_NAME}")
    return ""


def _package_problems(task: Task) -> Iterator[Problem]:
    for index, name in enumerate(task.merged_spec.get("packages") or ()):
        if version_of(name) is None:
            providers = " or ".join(f'"{provider}"' for provider in providers_of(name))
            yield Problem(f'packages: the distribution "{name}" is not installed', _place(task, ("packages", index)),
                          f'the module "{name}" is part of {providers}: name that' if providers else
                          "install it, or take it out of the list", task=_stating(task, ("packages", index)))


def _input_problems(task: Task, pipeline: Pipeline, input_ids: list[InputID]) -> Iterator[Problem]:
    """Inputs that the class of the task names have to be as sound as those of a specification, which are checked."""
    if not task.overrides("input_ids"):
        if task.is_ordinary and "input_ids" not in task.merged_spec and not all(
                stage.over for stage in pipeline.stages):
            yield Problem("the task is runnable, but has no input_ids", _place(task, ("runnable",)),
                          "add it here or in a task.yml above", "warning", task.directory)
        return
    yield from (problem._replace(task=task.directory) for problem in check_input_ids(input_ids))
    for scope, pattern in (task.merged_spec.get("scopes") or {}).items():
        for input_id in input_ids:
            try:
                check_path_safe(pattern, input_id)
            except ValueError as error:
                yield Problem(f"{error}, in the scope {scope}", _place(task, ("scopes", scope)), task=task.directory)


def _place(task: Task, keys: tuple[str | int, ...]) -> Location | None:
    return task.resolved_spec.origin(keys)


def _stating(task: Task, keys: tuple[str | int, ...]) -> Path:
    """Return the task that states a value, so that what all its descendants inherit is one problem and not many."""
    spec = task.resolved_spec.stating(keys)
    return spec.directory if spec is not None else task.directory


def _marginal_problems(task: Task, pipeline: Pipeline, marginal: list[str]) -> Iterator[Problem]:
    known = [stage.id for stage in pipeline.stages]
    for index, name in enumerate(marginal):
        if name not in known and not _is_for_another_pipeline(task, "marginal_stages"):
            yield Problem(f'marginal_stages: the pipeline has no stage "{name}"',
                          _place(task, ("marginal_stages", index)) or _place(task, ("marginal_stages",)),
                          did_you_mean(name, known) or f"its stages are {', '.join(known)}",
                          task=_stating(task, ("marginal_stages",)))


def _is_for_another_pipeline(task: Task, *keys: str) -> bool:
    """Tell whether what the specification says was said higher up than what the pipeline is."""
    spec = task.resolved_spec
    above = [found.directory for found in (spec, *spec.parents)]
    stated, pipeline = spec.stating(keys), spec.stating(("pipeline",))
    return stated is not None and pipeline is not None and (
        above.index(stated.directory) > above.index(pipeline.directory))


def _draw_problems(task: Task, pipeline: Pipeline, marginal: list[str]) -> Iterator[Problem]:
    """What is different each time has to be kept, or two results that depend on it would not fit together."""
    for stage in pipeline.stages:
        if stage.deterministic is False and (stage.id in marginal or stage.cache is False):
            keys = ("marginal_stages",) if stage.id in marginal else ("pipeline",)
            yield Problem(f'the stage "{stage.id}" is not deterministic, so what it produces has to be kept',
                          _place(task, keys), f'take "{stage.id}" out of marginal_stages' if stage.id in marginal else
                          "take `cache = False` out of the stage", task=_stating(task, keys))


def _config_problems(task: Task, context: RunContext) -> Iterator[Problem]:
    known = [stage.id for stage in context.pipeline.stages]
    for name in context.config.entries:
        if name not in known and not _is_for_another_pipeline(task, "config", name):
            yield Problem(f'config: the pipeline has no stage "{name}", so this section has no effect',
                          task.resolved_spec.config.origin((name,)), did_you_mean(name, known), "warning",
                          task.directory)


def _section_problems(task: Task, context: RunContext) -> Iterator[Problem]:
    """Stages may declare which hyperparameters they have, and of which types."""
    for stage in context.pipeline.stages:
        section = context.config.entries.get(stage.id) or {}
        if isinstance(section, Mapping) and stage.is_enabled(Config(dict(section))):
            with blaming(f'the configuration of the stage "{stage.id}"'):
                found = stage.check_config(section)
            for problem in found:
                place = task.resolved_spec.config.origin((stage.id, *problem.keys)) or _place(task, ("pipeline",))
                told = f'config: the stage "{stage.id}": {problem.message}'
                yield Problem(told, place, problem.hint, task=_stating(task, ("config", stage.id, *problem.keys)))


def _level_problems(task: Task, pipeline: Pipeline) -> Iterator[Problem]:
    """What goes from inputs to an aggregate, or back, has to be kept: else one new input would cost the work of all."""
    if task.overrides_how_it_runs(pipeline) and any(stage.over for stage in pipeline.stages):
        yield Problem("the class of the task, or of its pipeline, has a say in how it runs, so there can be no "
                      "aggregates in the pipeline", _place(task, ("pipeline",)), task=_stating(task, ("pipeline",)))
        return
    producers = {field: stage for stage in pipeline.stages for field in stage.outputs}
    yield from _hint_problems(task, pipeline, producers)
    dropped = task.get_marginal_fields(pipeline)
    consumed = frozenset[str]().union(*(stage.consumes for stage in pipeline.stages))
    for stage in pipeline.stages:
        for field in read_here(stage):
            producer = producers.get(field)
            if producer is None or bool(producer.over) == bool(stage.over):
                continue
            told = f'the stage "{stage.id}" reads "{field}" ' + (
                "once for the task" if stage.over else "for every input, which there is once for the task")
            if field in dropped:
                yield Problem(f'{told}, so what "{producer.id}" makes has to be kept',
                              _place(task, ("marginal_stages",)) or _place(task, ("pipeline",)),
                              f'take "{producer.id}" out of marginal_stages, or have another stage keep the gist of it',
                              task=_stating(task, ("pipeline",)))
            elif field in consumed:
                yield Problem(f"{told}, so no stage can consume it", _place(task, ("pipeline",)),
                              "put it into inputs instead of consumes", task=_stating(task, ("pipeline",)))


def _hint_problems(task: Task, pipeline: Pipeline, producers: Mapping[str, Stage]) -> Iterator[Problem]:
    """A parameter of an aggregate that gets a mapping must not be declared to be something else."""
    from repype_like.execute.gathered import Gathered  # with much that is needed only where something is computed

    for stage in pipeline.stages:
        for field, hint in stage.hints.items() if stage.over and isinstance(stage, FunctionStage) else ():
            is_of_inputs = field in producers and not producers[field].over
            if field not in stage.lazy and (stage.over == "tasks" or is_of_inputs) and not is_instance(
                    Gathered[str]({}), hint) and field != CONFIGS:
                what = "tasks" if stage.over == "tasks" else "inputs"
                told = f'the aggregate "{stage.id}" declares "{field}" as {hint_words(hint)}, but gets a mapping from '
                yield Problem(f"{told}{what} to values", _place(task, ("pipeline",)),
                              f"declare it as Mapping[..., {hint_words(hint)}]", task=_stating(task, ("pipeline",)))


def _limit_problems(task: Task, pipeline: Pipeline) -> Iterator[Problem]:
    known = [stage.id for stage in pipeline.stages]
    for name in task.resolved_spec.full.get("limits") or ():
        if name not in known:
            found = task.resolved_spec.source(("limits", name))
            yield Problem(f'limits: the pipeline has no stage "{name}", so this has no effect',
                          found[0].key_location(found[1]) if found is not None else None, did_you_mean(name, known),
                          "warning", _stating(task, ("limits", name)))
    for stage in pipeline.stages:
        try:
            limits_of(stage)
        except RepypeError as error:
            yield _problem(task, error, ("pipeline",))


def _disabled_problems(task: Task, context: RunContext) -> Iterator[Problem]:
    """A field that a disabled stage would produce must not be read by one that takes part."""
    sections = Config(context.config.final())
    off = [stage for stage in context.pipeline.stages if not stage.is_enabled(sections.section(stage.id))]
    producers = {field: stage.id for stage in off for field in stage.outputs}
    for stage in context.pipeline.stages:
        needed = frozenset(read_here(stage)).difference(stage.optional_inputs)
        for field in sorted(needed & producers.keys()) if stage not in off else ():
            producer = producers[field]
            place = task.resolved_spec.config.origin((producer, "enabled")) or _place(task, ("pipeline",))
            told = f'the stage "{stage.id}" reads the field "{field}" of the stage "{producer}", which is disabled'
            hint = f'disable "{stage.id}" as well, or enable "{producer}"'
            yield Problem(told, place, hint, task=task.directory)


def _format_problems(task: Task, pipeline: Pipeline) -> Iterator[Problem]:
    """The formats that stages name have to exist, for fields that they produce."""
    for stage in pipeline.stages:
        for field, named in stage.formats.items():
            try:
                if field not in stage.outputs:
                    known = sorted(stage.outputs)
                    hint = did_you_mean(field, known) or f"its outputs are {', '.join(known)}"
                    raise UsageError(f'it has no output "{field}"; {hint}')
                name_of(format_named(named))
            except UsageError as error:
                yield Problem(f'formats of the stage "{stage.id}": {error}', _place(task, ("pipeline",)),
                              task=_stating(task, ("pipeline",)))
