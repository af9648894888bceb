"""Stages in an order that follows from their fields, and the paths that they read and write."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from repype_like.config import Config
from repype_like.errors import UsageError
from repype_like.spec import fill_pattern
from repype_like.stage import Stage, dependencies, read_here, required_inputs, why_no_order
from repype_like.typing import TYPE_CHECKING, Any, InputID, PathLike, PipelineData

if TYPE_CHECKING:
    from repype_like.status import Status

__all__ = ["Pipeline", "PipelineError", "ProcessingControl", "StageError", "create_config_entry", "create_pipeline"]


class PipelineError(UsageError, RuntimeError):
    """The stages do not make a pipeline; the message says which, and why."""


class StageError(Exception):
    """A stage failed; the cause is the exception that it raised."""

    stage: Stage
    """The stage that failed."""

    def __init__(self, stage: Stage):
        super().__init__(f"An error occurred while executing the stage: {stage.id}")
        self.stage = stage


class ProcessingControl:
    """Tells, stage by stage, whether a stage lies between the first and the last that are to be processed.

    Arguments:
        first_stage: Where processing starts (None: at the beginning).
        last_stage: The last one to be processed (None: the last of the pipeline).
    """

    started: bool
    """Whether processing has started and not ended yet."""

    def __init__(self, first_stage: str | None = None, last_stage: str | None = None):
        self.started = first_stage is None
        self.first_stage = first_stage
        self.last_stage = last_stage

    def step(self, stage: str) -> bool:
        """Go on to `stage`, and tell whether it is to be processed."""
        self.started = self.started or stage == self.first_stage
        processed = self.started
        if stage == self.last_stage:
            self.started = False
        return processed


def create_config_entry(config: Config, key: str, factor: Any, default_user_factor: Any,
                        type: Callable[[Any], Any] | None = None, min: Any = None, max: Any = None) -> None:
    """Set the hyperparameter `key` to `factor` times the hyperparameter ``AF_key``, unless it is set (and not None).

    ``AF_key`` is set as well, to its default, unless it is set already.

    Arguments:
        config: The configuration to write into.
        key: The path of the hyperparameter.
        factor: What is known of the input, such as its expected object size.
        default_user_factor: The value of ``AF_key`` if that is not set.
        type: Applied to the value, also if it was set.
        min: The least value.
        max: The greatest value.
    """
    section, _, name = key.rpartition("/")
    user_factor = config.set_default(f"{section}/AF_{name}" if section else f"AF_{name}", default_user_factor)
    config.set_default(key, factor * user_factor, override_none=True)
    if type is not None:
        config.update(key, type)
    if min is not None:
        config.update(key, lambda value: builtins.max(value, min))
    if max is not None:
        config.update(key, lambda value: builtins.min(value, max))


class Pipeline:
    """Stages in the order in which they are processed, and named path patterns (scopes).

    Arguments:
        stages: The stages.
        scopes: Path patterns by name, with one printf placeholder for the input.
    """

    stages: list[Stage]
    """The stages, in order."""

    scopes: dict[str, Path]
    """The path patterns, by name."""

    def __init__(self, stages: Iterable[Stage] = (), scopes: dict[str, Path] | None = None):
        self.stages = list(stages)
        self.scopes = dict(scopes or {})
        self.on_resolve: Callable[[str | None, InputID | None, Path | None], None] | None = None
        """Told every path that a stage asks for: its scope (None for :meth:`track`), the input, and the path, which is
        None where :meth:`resolve` returns None."""

    def process(self, input_id: InputID | None, config: Config, first_stage: str | None = None,
                last_stage: str | None = None, data: PipelineData | None = None, status: Status | None = None,
                **kwargs: Any) -> tuple[PipelineData, Config, dict[str, float]]:
        """Run the stages one after the other on one input, in this process, without storing anything.

        Arguments:
            input_id: The input; may be None if `data` is given.
            config: The hyperparameters (not modified).
            first_stage: The stage to start at; ``"id+"`` is the one after that. Earlier ones run too if what they
                produce is missing from `data`.
            last_stage: The last stage to run.
            data: The fields known from earlier processing; modified.
            status: What progress is reported through.
            kwargs: Passed on to the callbacks.

        Returns:
            The fields, the hyperparameters in force, and the durations in seconds by stage.

        Raises:
            StageError: If a stage fails.
            ValueError: If `data` is needed but not given.
            PipelineError: If there are aggregates among the stages.
        """
        aggregates = ", ".join(f'"{stage.id}"' for stage in self.stages if stage.over)
        if aggregates:
            raise PipelineError(f"one input alone cannot be processed by a pipeline with aggregates ({aggregates}); "
                                "run the task")
        config = config.copy()
        if first_stage is not None and first_stage.endswith("+"):
            first_stage = self.stages[1 + int(self.find(first_stage[:-1]))].id
        if first_stage == self.stages[0].id:
            first_stage = None
        if first_stage is not None and last_stage is not None and self.find(first_stage) > self.find(last_stage):
            return data if data is not None else {}, config, {}
        if first_stage is not None and data is None:
            raise ValueError('"first_stage" needs the fields computed before it, as "data"')
        data = {} if data is None else data
        if input_id is not None:
            data["input_id"] = input_id
        extra_stages = self.get_extra_stages(first_stage, last_stage, data.keys())
        control = ProcessingControl(first_stage, last_stage)
        times = {}
        for stage in self.stages:
            around: dict[str, Any] = dict(pipeline=self, input_id=data.get("input_id"), data=data,
                                          config=config.section(stage.id), status=status, **kwargs)
            if control.step(stage.id) or stage.id in extra_stages:
                try:
                    times[stage.id] = stage.run(**around)
                except Exception as error:
                    raise StageError(stage) from error
            else:
                stage.skip(**around)
        return data, Config(config.final()), times

    def get_extra_stages(self, first_stage: str | None, last_stage: str | None,
                         available_inputs: Iterable[str]) -> list[str]:
        """Return the identifiers of the stages outside of `first_stage` to `last_stage` that must run as well.

        Arguments:
            first_stage: The first stage to run (None: the first of the pipeline).
            last_stage: The last stage to run (None: the last of the pipeline).
            available_inputs: The fields that are there already.

        Raises:
            PipelineError: If a field that is needed is produced by no stage.
        """
        producers = {field: stage for stage in self.stages for field in stage.outputs}
        control = ProcessingControl(first_stage, last_stage)
        selected = [stage for stage in self.stages if control.step(stage.id)]
        available = {"input_id", *available_inputs, *(field for stage in selected for field in stage.outputs)}
        missing = [field for stage in selected for field in sorted(required_inputs(stage, producers))
                   if field not in available]
        extra: list[str] = []
        while missing:
            field = missing.pop()
            if field in available:
                continue
            if field not in producers:
                raise PipelineError(f'no stage of the pipeline produces the field "{field}"')
            extra.append(producers[field].id)
            available.update(producers[field].outputs)
            missing.extend(sorted(required_inputs(producers[field], producers) - available))
        return extra

    def find(self, stage_id: str, not_found_dummy: Any = float("inf")) -> Any:
        """Return the position of the stage `stage_id`, or `not_found_dummy`."""
        return next((index for index, stage in enumerate(self.stages) if stage.id == stage_id), not_found_dummy)

    def stage(self, stage_id: str) -> Stage | None:
        """Return the stage `stage_id`, or None."""
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        return None

    def append(self, stage: Stage, after: str | int | None = None) -> int:
        """Add `stage` at the end, or behind the stage with the identifier or position `after`, and return its position.

        Raises:
            PipelineError: If a stage with its identifier is there already, or there is no stage `after`.
        """
        if self.stage(stage.id) is not None:
            raise PipelineError(f'two stages have the identifier "{stage.id}"')
        if after is None:
            after = len(self.stages) - 1
        position = self.find(after, None) if isinstance(after, str) else after
        if position is None or not -1 <= position < len(self.stages):
            raise PipelineError(f'there is no stage "{after}" to put the stage "{stage.id}" behind')
        self.stages.insert(position + 1, stage)
        return int(position + 1)

    def configure(self, base_config: Config, input_id: InputID, *args: Any, **kwargs: Any) -> Config:
        """Return `base_config` (not modified), adapted to an input by the rules of :meth:`Stage.configure`."""
        config = base_config.copy()
        for stage in self.stages:
            self.configure_stage(stage, config, input_id, *args, **kwargs)
        return config

    def configure_stage(self, stage: Stage, config: Config, input_id: InputID, *args: Any, **kwargs: Any) -> None:
        """Adapt the section of one stage of `config` to an input, in place."""
        for key, rule in stage.configure(self, input_id, *args, **kwargs).items():
            if len(rule) not in (2, 3):
                raise PipelineError(f"{type(stage).__name__}.configure gives {len(rule)} values for "
                                    f'"{key}" instead of (factor, default[, limits])')
            create_config_entry(config, f"{stage.id}/{key}", rule[0], rule[1], **(rule[2] if len(rule) == 3 else {}))

    def resolve(self, scope: str, input_id: InputID | None = None) -> Path | None:
        """Return the path of `scope` for an input, or None if there is no such scope or the input is missing."""
        pattern = self.scopes.get(scope)
        path = None
        if pattern is not None and not (input_id is None and has_placeholder(str(pattern))):
            path = Path(fill_pattern(pattern, "" if input_id is None else input_id)).resolve()
        if self.on_resolve is not None:
            self.on_resolve(scope, input_id, path)
        return path

    def track(self, path: PathLike) -> Path:
        """Return `path`, and have its content count for the result of the stage that is running."""
        tracked = Path(path).absolute()
        if self.on_resolve is not None:
            self.on_resolve(None, None, tracked)
        return tracked

    @property
    def fields(self) -> frozenset[str]:
        """All fields of the pipeline, ``input_id`` included."""
        return frozenset({"input_id"}.union(*(stage.outputs for stage in self.stages)))

    @property
    def persistent_fields(self) -> frozenset[str]:
        """The fields that are there at the end: all but the consumed ones."""
        return self.fields.difference(*(stage.consumes for stage in self.stages))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(stage.id for stage in self.stages)}>"

    def _repr_html_(self) -> str:
        from repype_like.graph import as_html, graph_of_stages  # for notebooks only

        return as_html(graph_of_stages(type(self).__name__, self.stages))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.stages == other.stages and self.scopes == other.scopes

    def __hash__(self) -> int:
        return hash((tuple(self.stages), tuple(sorted(self.scopes))))


def has_placeholder(pattern: str) -> bool:
    """Tell whether a printf pattern has a place for the input."""
    return "%" in pattern.replace("%%", "")


def create_pipeline(stages: Sequence[Stage], *args: Any, pipeline_cls: type[Pipeline] = Pipeline,
                    **kwargs: Any) -> Pipeline:
    """Return a pipeline of `stages` in an order in which every field is there when it is read.

    The next stage is always the first of the remaining ones whose inputs are available, behind those that it depends
    upon, and that consumes no field which another remaining stage reads. An optional input is waited for if any stage
    produces it.

    Arguments:
        stages: The stages, in any order.
        args: Passed on to `pipeline_cls`.
        pipeline_cls: The class of the pipeline.
        kwargs: Passed on to `pipeline_cls`.

    Raises:
        PipelineError: If identifiers or outputs are ambiguous, or there is no such order.
    """
    _check_unique("identifier", [stage.id for stage in stages])
    _check_unique("output", ["input_id", *(field for stage in stages for field in stage.outputs)])
    pipeline = pipeline_cls(*args, **kwargs)
    try:
        after = {stage.id: dependencies(stage, stages) for stage in stages}
    except UsageError as error:
        raise PipelineError(str(error)) from None
    produced = frozenset[str]().union(*(stage.outputs for stage in stages))
    needed = {stage.id: required_inputs(stage, produced) for stage in stages}
    available, remaining = {"input_id"}, list(stages)

    def may_follow(stage: Stage) -> bool:
        return (available.issuperset(needed[stage.id])
                and after[stage.id].isdisjoint(other.id for other in remaining)
                and not any(frozenset(stage.consumes) & frozenset(read_here(other))
                            for other in remaining if other is not stage))

    while remaining:
        following = next(filter(may_follow, remaining), None)
        if following is None:
            raise PipelineError(why_no_order(remaining, available, needed, after, produced))
        remaining.remove(following)
        pipeline.append(following)
        available = available.union(following.outputs).difference(following.consumes)
    return pipeline


def _check_unique(what: str, names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        found = ", ".join(f'"{name}"' for name in repeated)
        raise PipelineError(f"ambiguous {what}s: more than one stage has the {what} {found}; give one another")
