"""A task: what its directory specifies, and what was computed for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, cast, get_args

from repype_like import pipeline as _pipeline
from repype_like.benchmark import Benchmark
from repype_like.cached import cached_property
from repype_like.config import Config
from repype_like.errors import UsageError
from repype_like.fingerprint import Codebase, hash_value
from repype_like.fingerprint.codebases import codebase_for
from repype_like.pipeline import Pipeline
from repype_like.spec import SPEC_NAME, Document, TaskSpec, load_document, merge, resolve_pattern
from repype_like.spec.inheritance import copy_plain
from repype_like.stage import Stage, StageEvent
from repype_like.store import Digest, Store
from repype_like.task import inspection
from repype_like.task.data import InputData, Results, TaskData, Turn
from repype_like.task.errors import NotCompletedError, NotRunnableError
from repype_like.task.naming import load, make_pipeline, make_stage
from repype_like.task.results import delete_outputs, is_once_only, stored_fields
from repype_like.typing import TYPE_CHECKING, Any, InputID, PathLike, PipelineData, Self

if TYPE_CHECKING:
    from repype_like.status import Status

__all__ = ["PendingReason", "Task"]

PendingReason = Literal["incomplete", "pipeline", "specification", ""]
"""Why a task is pending; empty if it is not."""

_TEMPLATES = ("run", "store", "load", "strip_marginals", "find_first_diverging_stage", "find_pickup_task")


class Task:
    """A task of a task tree.

    Arguments:
        path: The directory of the task.
        spec: What its ``task.yml`` says.
        parent: The task that it inherits from.
    """

    parent: Self | None
    """The task that this one inherits from."""

    path: Path
    """The directory of the task."""

    spec: dict[str, Any]
    """What the ``task.yml`` of this very task says."""

    def __init__(self, path: PathLike, spec: dict[str, Any], parent: Self | None = None):
        self.spec = spec
        self.parent = parent
        self.path = path if isinstance(path, Path) else Path(path)
        self._resolved: tuple[dict[str, Any], TaskSpec] | None = None  # with a copy of the specification

    @cached_property
    def directory(self) -> Path:
        """The directory of the task, absolute and without links."""
        return self.path.resolve()

    @property
    def resolved_spec(self) -> TaskSpec:
        """The specification with what it inherits, and the place of each value. A change of :attr:`spec` is noticed."""
        parent = self.parent.resolved_spec if self.parent is not None else None
        if self._resolved is None or self._resolved[0] != self.spec or self._resolved[1].parent is not parent:
            self.resolved_spec = TaskSpec(self.directory, Document(self.path / SPEC_NAME, self.spec), parent)
        assert self._resolved is not None
        return self._resolved[1]

    @resolved_spec.setter
    def resolved_spec(self, resolved: TaskSpec) -> None:
        self._resolved = copy_plain(self.spec), resolved

    @property
    def full_spec(self) -> dict[str, Any]:
        """The specification, merged into that of the parent."""
        return merge({}, self.resolved_spec.full) if self.parent is not None else self.spec

    @property
    def merged_spec(self) -> Mapping[str, Any]:
        """The same, but not to be changed: it is shared."""
        return self.full_spec if self.overrides("full_spec") else self.resolved_spec.full

    @property
    def runnable(self) -> bool:
        """Whether the task is run; it is a template for others otherwise."""
        return bool(self.merged_spec.get("runnable"))

    @property
    def input_ids(self) -> list[InputID]:
        """The inputs of the task."""
        return list(self.resolved_spec.input_ids)

    @property
    def root(self) -> Self:
        """The topmost task that this one inherits from."""
        return self.parent.root if self.parent is not None else self

    @property
    def parents(self) -> Iterator[Self]:
        """The tasks that this one inherits from, the nearest first."""
        task = self.parent
        while task is not None:
            yield task
            task = task.parent

    @property
    def marginal_stages(self) -> Iterator[str]:
        """The identifiers of the stages whose outputs are not kept: the ``marginal_stages`` of the specification."""
        for name in self.merged_spec.get("marginal_stages") or ():
            yield make_stage(load(self.codebase, name), name).id if "." in name else name

    @cached_property
    def codebase(self) -> Codebase:
        """The modules of the project that the task's names refer to."""
        stating = self
        while stating.parent is not None and "pythonpath" not in stating.spec:
            stating = stating.parent
        if stating is not self:
            return stating.codebase
        return codebase_for(Path.cwd(), tuple(self.resolved_spec.pythonpath))

    @cached_property
    def results(self) -> Store:
        """The store of the task."""
        return Store(self.directory)

    @property
    def data_filepath(self) -> Path:
        """The path of the stored results."""
        return self.results.records_path

    @property
    def digest_task_filepath(self) -> Path:
        """The path of the specification that the task was completed with."""
        return self.results.digest_path

    @property
    def digest_sha_filepath(self) -> Path:
        """The path of the hashes that the task was completed with."""
        return self.results.digest_path

    @property
    def digest(self) -> Mapping[str, Any] | None:
        """The full specification that the task was completed with (immutable), or None if it never was."""
        from frozendict import deepfreeze  # rarely needed

        digest = self.completion
        return None if digest is None else deepfreeze(digest.spec)

    @property
    def completion(self) -> Digest | None:
        """What is known of the last completion of the task; None if there was none, or if it is damaged."""
        return None if self.results.damage else self.results.digest

    @property
    def times_filepath(self) -> Path:
        """The path of the durations of the stages."""
        return self.directory / "times.csv"

    @property
    def times(self) -> Benchmark[float]:
        """The durations in seconds, by stage and input, of the results of the task."""
        return Benchmark[float](self.times_filepath)

    def get_full_spec_with_config(self, config: Config) -> dict[str, Any]:
        """Return the full specification with `config` in place of its own."""
        return {**self.merged_spec, "config": config.entries}

    def compute_sha(self, config: Config | None = None) -> str:
        """Return a hash of the full specification, with `config` in place of its own if that is given."""
        return hash_value(self.merged_spec if config is None else self.get_full_spec_with_config(config))

    def create_config(self) -> Config:
        """Return the hyperparameters of the task: the parent's, overlaid with the base config, overlaid with its own.

        Raises:
            SpecError: If the base config cannot be read.
        """
        spec = self.resolved_spec
        if self.is_ordinary and all(parent.is_ordinary for parent in self.parents):
            return Config(merge({}, spec.config.value))
        own = Config(dict(self.spec.get("config") or {})).copy()
        base = Config(spec.base_config.value).copy() if spec.base_config is not None else Config()
        if spec.base_config is not None and self.overrides("resolve_path"):
            path = cast("Path", self.resolve_path(self.spec["base_config_path"]))
            base = Config(load_document(path).value)
        return (self.parent.create_config() if self.parent is not None else Config()).merge(base).merge(own)

    def resolve_path(self, path: PathLike | None) -> Path | None:
        """Return the absolute path that `path` means here: relative to the directory of the task, placeholders filled.

        ``{DIRNAME}`` is the name of the directory of the task, ``{ROOTDIR}`` the path of the topmost task.
        """
        return None if path is None else self.resolved_spec.resolve(str(path))

    def create_pipeline(self, *args: Any, **kwargs: Any) -> Pipeline:
        """Return the pipeline that the specification describes. To be overridden for a pipeline made otherwise.

        Raises:
            UsageError: If the specification names no pipeline.
            RepypeError: If it cannot be made of what the specification names.
        """
        named = self.merged_spec.get("pipeline")
        scopes = self.resolved_scopes
        if not named:
            raise UsageError(f'{self.path / SPEC_NAME}: no "pipeline" is given')
        with self.codebase.activate():
            if isinstance(named, str):
                return make_pipeline(load(self.codebase, named), named, *args, scopes=scopes, **kwargs)
            stages = [make_stage(load(self.codebase, name), name) for name in named]
            return _pipeline.create_pipeline(stages, *args, scopes=scopes, **kwargs)

    @property
    def resolved_scopes(self) -> dict[str, Path]:
        """The scopes of the specification, with absolute patterns."""
        return {name: self._resolve_scope(pattern) for name, pattern in (self.merged_spec.get("scopes") or {}).items()}

    def _resolve_scope(self, pattern: str) -> Path:
        if self.overrides("resolve_path"):
            return cast("Path", self.resolve_path(pattern))
        return Path(resolve_pattern(pattern, self.directory, self.root.directory))

    def is_pending(self, pipeline: Pipeline, config: Config) -> PendingReason:
        """Tell why the task needs to run: ``incomplete``, ``pipeline``, ``specification``, or empty if it does not."""
        return cast("PendingReason", inspection.plan_of(self, pipeline, config).pending) if self.runnable else ""

    def reset(self) -> None:
        """Delete the results of the task, with the files that its stages wrote, as far as they are what was written."""
        delete_outputs(self)
        self.results.reset()
        self.times_filepath.unlink(missing_ok=True)

    def get_marginal_fields(self, pipeline: Pipeline) -> frozenset[str]:
        """Return the fields that are not kept: the outputs of the marginal stages, and of those without a cache."""
        marginal = frozenset(self.marginal_stages)
        return frozenset().union(*(stage.outputs for stage in pipeline.stages
                                   if stage.id in marginal or stage.cache is False))

    def load(self, pipeline: Pipeline | None = None) -> TaskData:
        """Return the results of the task, by input and field. Values are read when they are asked for.

        What aggregates have made is found under None.

        Arguments:
            pipeline: If given, the results have to have just the fields that it keeps.

        Raises:
            NotRunnableError: If the task is a template.
            NotCompletedError: If there are no results, or not those of the inputs and fields asked for.
        """
        if not self.runnable:
            raise NotRunnableError(f"{self.path}: the task is a template (its specification does not say "
                                   '"runnable: true"), so it has no results')
        self.results.refresh()
        digest = self.completion
        if digest is None:
            raise NotCompletedError(f"{self.path}: there are no results yet; run the task")
        if set(digest.inputs) != set(self.input_ids) and not is_once_only(digest):
            raise NotCompletedError(f"{self.path}: the results are for other inputs than the specification names; "
                                    "run the task")
        turn = Turn()
        data = Results({input_id: InputData(self.results, fields, input_id, self.codebase.activate, turn)
                        for input_id, fields in stored_fields(self.results, digest).items()})
        if pipeline is not None:
            disabled = {stage for stage in digest.stages if not digest.records.get(stage)}
            kept = pipeline.persistent_fields.difference(
                self.get_marginal_fields(pipeline),
                *(stage.outputs for stage in pipeline.stages if stage.id in disabled))
            once = frozenset[str]().union(*(stage.outputs for stage in pipeline.stages if stage.over))
            for input_id, fields in data.items():
                if frozenset(fields) != (kept - once if input_id is not None else kept & (once | {"input_id"})):
                    whose = f"for input {input_id!r}" if input_id is not None else "for the task as a whole"
                    raise NotCompletedError(f"{self.path}: the results {whose} do not have the fields of the pipeline; "
                                            "run the task")
        return data

    def strip_marginals(self, pipeline: Pipeline, data_chunk: Mapping[str, Any]) -> PipelineData:
        """Return the fields of one input without the marginal ones; `data_chunk` stays as it is."""
        marginal = self.get_marginal_fields(pipeline)
        return {field: data_chunk[field] for field in data_chunk if field not in marginal}

    def store(self, pipeline: Pipeline, data: TaskData, config: Config, times: Benchmark[float]) -> None:
        """Store results, and complete the task.

        Arguments:
            pipeline: The pipeline that computed `data`.
            data: The fields of every input.
            config: The hyperparameters that were used.
            times: The durations of the stages.

        Raises:
            NotRunnableError: If the task is a template.
            UsageError: If `data` is not for the inputs of the task.
        """
        self.require_runnable()
        once_only = all(stage.over for stage in pipeline.stages) and bool(pipeline.stages)
        if set(data) - {None} != (set() if once_only else set(self.input_ids)):
            raise UsageError(f"{self.path}: the data to be stored are not for the inputs of the task")
        from repype_like.task.storing import store_data  # with much that is needed only where something is computed

        store_data(self, pipeline, self.stripped(pipeline, data), config, times)

    def stripped(self, pipeline: Pipeline, data: TaskData) -> TaskData:
        """Return `data` as :meth:`strip_marginals` would have it, if that is overridden; else storing sees to that."""
        if not self.overrides("strip_marginals"):
            return data
        return {input_id: self.strip_marginals(pipeline, chunk) for input_id, chunk in data.items()}

    def find_first_diverging_stage(self, pipeline: Pipeline, config: Config) -> Stage | None:
        """Return the first stage whose results in this task are not those that `pipeline` and `config` would give.

        Returns:
            The stage, or None if all results are good.
        """
        return inspection.diverging_stage(pipeline, inspection.plan_of(self, pipeline, config))

    def find_pickup_task(self, pipeline: Pipeline, config: Config) -> dict[str, Any]:
        """Find completed work to go on from: in this task, its parents, their other descendants.

        Returns:
            ``task``, the task with most of it, or None; and ``first_diverging_stage``, the first stage of `pipeline`
            that has to run, or None.
        """
        neighbours = {task.directory: task for task in inspection.neighbours(self)}
        plan = inspection.plan_of(self, pipeline, config, pick_up=True)
        found = neighbours.get(plan.pickup_path) if plan.pickup_path is not None else None
        if not plan.pending:
            found = self
        own = found is not None and self.overrides("find_first_diverging_stage")
        first = (self.find_first_diverging_stage(pipeline, config) if own
                 else inspection.diverging_stage(pipeline, plan))
        return {"task": found, "first_diverging_stage": first}

    def run(self, config: Config, pipeline: Pipeline | None = None, pickup: bool = True, strip_marginals: bool = True,
            status: Status | None = None) -> TaskData:
        """Bring the task up to date in this process, and return its results.

        Arguments:
            config: The hyperparameters.
            pipeline: The pipeline. Defaults to that of :meth:`create_pipeline`.
            pickup: Whether to take over what was computed before, here or in other tasks.
            strip_marginals: Whether to leave out the marginal fields.
            status: What progress is reported through.

        Raises:
            NotRunnableError: If the task is a template.
            StageError: If a stage fails.
        """
        self.require_runnable()
        if pipeline is None:
            pipeline = self.create_pipeline()
            self.setup_callbacks(pipeline)
        from repype_like.task.running import run_task  # as above

        return run_task(self, config, pipeline, pickup, strip_marginals, status)

    def setup_callbacks(self, pipeline: Pipeline) -> None:
        """Have the methods ``on_<stage>_<event>`` of this task called upon the events of the stages of `pipeline`.

        In the name of a stage, ``_`` stands for ``-``; the events are ``start``, ``end``, ``skip`` and ``after``.
        """
        for stage in pipeline.stages:
            for event in get_args(StageEvent):
                callback = getattr(self, f"on_{stage.id.replace('-', '_')}_{event}", None)
                if callback is not None and not stage.has_callback(event, callback):
                    stage.add_callback(event, callback)

    def require_runnable(self) -> None:
        """Raise :class:`NotRunnableError` if the task is a template."""
        if not self.runnable:
            raise NotRunnableError(f'{self.path / SPEC_NAME}: the task is not runnable; add "runnable: true"')

    @property
    def is_ordinary(self) -> bool:
        """Whether nothing about the task is the user's own but its specification and its stages."""
        return type(self) is Task

    def overrides_how_it_runs(self, pipeline: Pipeline) -> bool:
        """Tell whether the class of the task, or of its pipeline, replaces part of how a task runs."""
        return any(map(self.overrides, _TEMPLATES)) or type(pipeline).process is not Pipeline.process

    def overrides(self, name: str) -> bool:
        """Tell whether the class of the task overrides the method `name`."""
        return getattr(type(self), name) is not getattr(Task, name)

    def classes_that_count(self, pipeline: Pipeline) -> list[type]:
        """Return the classes of the user's own whose code has a say in the results of the stages."""
        own = [type(pipeline)] if type(pipeline) is not Pipeline else []
        return [*own, type(self)] if any(map(self.overrides, _TEMPLATES)) else own

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, type(self)) and self.path == other.path and self.spec == other.spec
                and self.parent == other.parent)

    def __hash__(self) -> int:
        return hash((self.path, json.dumps(self.spec, sort_keys=True, default=repr), self.parent))

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.path}">'

    def _repr_html_(self) -> str:
        from repype_like.task.mapping import html_of  # for notebooks only

        return html_of(self)
