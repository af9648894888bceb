"""One step of a pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal
from weakref import WeakSet

from repype_like import status as _status
from repype_like.config import Config
from repype_like.errors import UsageError
from repype_like.stage.attributes import check_attributes, check_hyperparameters
from repype_like.stage.callbacks import Callbacks, StageCallback, StageEvent
from repype_like.stage.lazy import Lazy
from repype_like.stage.levels import check_aggregate
from repype_like.stage.naming import suggest_stage_id
from repype_like.stage.parameters import ConfigProblem, Parameters
from repype_like.stage.returned import OutputMismatch, checked
from repype_like.stage.settings import settings_of
from repype_like.stage.wiring import check_wiring
from repype_like.typing import TYPE_CHECKING, Any, InputID, PipelineData, Self

if TYPE_CHECKING:
    import logging

    from repype_like.formats import FormatLike
    from repype_like.formats.streams import NewSequence
    from repype_like.pipeline import Pipeline
    from repype_like.status import Status

__all__ = ["OutputMismatch", "Stage", "StageCallback", "StageEvent"]

_checked: WeakSet[type] = WeakSet()
"""The classes whose attributes are known to be in order: a stage is made for each task that runs it."""


class Stage(Callbacks):
    """One step of a pipeline: it reads fields, and produces others in :meth:`process`.

    A stage is described by its class attributes; its hyperparameters are the section of the configuration that bears
    its :attr:`id`. The field ``input_id`` is there for every stage.
    """

    inputs: Collection[str] = []
    """The fields that this stage reads."""

    outputs: Collection[str] = []
    """The fields that this stage produces."""

    consumes: Collection[str] = []
    """The fields that this stage reads and that no stage may read after it; they are not stored."""

    optional_inputs: Collection[str] = ()
    """Further fields that this stage reads if there are stages which produce them; otherwise the defaults of the
    parameters of :meth:`process` count."""

    lazy: Collection[str] = ()
    """The inputs of which :meth:`process` gets a :class:`~repype_like.stage.Lazy` handle instead of the value."""

    extra_dependencies: Collection[str] = ()
    """Stages, by identifier or by a field that they produce, which this stage runs after and depends upon without
    reading anything of them."""

    enabled_by_default: bool = True
    """Whether the stage takes part if its hyperparameter ``enabled`` is not set."""

    id: str
    """The identifier, and the name of the section of the configuration; unless set, the name of the class gives it."""

    version: str | int = ""
    """Declares a change of the implementation that the code itself does not show."""

    fingerprint: Literal["code", "version"] = "code"
    """``"version"``: only :attr:`version` tells whether the implementation has changed, whatever the code says."""

    default_config: Mapping[str, Any] = {}
    """Declared defaults of hyperparameters; writing one out in a configuration changes nothing."""

    ignore_config: Collection[str] = ()
    """Hyperparameters that do not affect the results, such as a batch size: changing them re-runs nothing."""

    formats: Mapping[str, FormatLike] = {}
    """By output field, the format to store it in, by name or class; by type where none is named."""

    over: Literal["", "inputs", "tasks"] = ""
    """What the stage is an aggregate over: the ``"inputs"`` of its task, or ``"tasks"``; then it runs once for it."""

    tasks: str | Collection[str] = ()
    """Patterns for the tasks that an aggregate reads, relative to the directory of its own: ``"../method=*/"``. What
    the configuration says under ``tasks`` in the section of the stage counts instead."""

    config_class: type | None = None
    """A dataclass for the hyperparameters, which :meth:`process` then gets one of as `config`. Its fields are the ones
    that there are, with their types and defaults; whatever else is written in the configuration is an error."""

    cache: bool = True
    """False: what the stage produces is never kept; it is computed again when it is needed, once in each run."""

    deterministic: bool = True
    """False: the stage gives something else each time. What it gave is kept, and drawn anew only on request."""

    seeded: bool = False
    """Whether the generators of :mod:`random` and :mod:`numpy.random` are seeded before each execution, by what is
    computed, so that it gives the same each time."""

    metadata: Mapping[str, Any] = {}
    """Whatever is to be known about the stage; it does not count."""

    declared: Parameters | None = None
    """The hyperparameters that the stage declares; None if it may read any."""

    timeout: float | None = None
    """Seconds after which the stage is ended and counts as failed, in worker processes; None for no limit."""

    retries: int | None = None
    """How often the stage is tried again after an exception, a crash or a timeout; None for what the command says."""

    resources: Mapping[str, Any] = {}
    """What the stage needs: ``cpus``, ``memory`` (``"4 GB"``), ``gpus``, or anything else that is scarce, by any name.

    Of what is neither of the first two there is one, unless the command says otherwise.
    """

    work_folder: Callable[[], Path] | None = None
    """Gives :attr:`work_dir`; set while the stage computes."""

    def __init__(self) -> None:
        cls = type(self)
        self.id = cls.id if hasattr(cls, "id") else suggest_stage_id(cls.__name__)
        if cls not in _checked:
            check_attributes(self.id, {name: getattr(cls, name) for name in Stage.__annotations__ if name != "id"})
        if cls.config_class is not None:
            self._declare(Parameters.of_class(cls.config_class))
        self.consumes = frozenset(cls.consumes)
        self.inputs = frozenset(cls.inputs) | self.consumes | frozenset(cls.optional_inputs)
        self.outputs = frozenset(cls.outputs)
        self.enabled_by_default = cls.enabled_by_default
        if cls not in _checked:
            check_wiring(self)
            check_aggregate(self)
            check_hyperparameters(self)
            _checked.add(cls)
        self.event_callbacks = {}
        if self.id.endswith("+"):
            raise UsageError(f'the identifier of a stage must not end with "+": {self.id}')

    def _declare(self, parameters: Parameters) -> None:
        """Have these hyperparameters and no others."""
        self.declared = parameters
        self.default_config = {**parameters.defaults, **type(self).default_config}

    @property
    def work_dir(self) -> Path:
        """A folder for the present execution of :meth:`process`.

        What is in it survives if that fails or is killed, so that the next attempt at the same result can go on from
        there. It is deleted when the stage is done.

        Raises:
            UsageError: If the stage does not compute at the moment.
        """
        if self.work_folder is None:
            raise UsageError(f'the stage "{self.id}" has a folder to work in only while it is run for a task')
        return self.work_folder()

    @property
    def logger(self) -> logging.Logger:
        """A logger of the standard library with the name of this stage. It writes where the stage prints."""
        from repype_like.stage.logger import stage_logger  # few stages log, and it is not free to import

        return stage_logger(self.id)

    @property
    def signature(self) -> dict[str, Any]:
        """The hashes of the pieces of code that make up this stage, by ``module:name``."""
        return dict(_fingerprint(self).parts)

    @property
    def sha(self) -> str:
        """The hash of the implementation of this stage, with everything of the project that it reaches."""
        return str(_fingerprint(self).hash)

    def fill_in(self, config: Config) -> None:
        """Set the declared defaults in this stage's section of the configuration, and those it is going to ask for."""
        config.keep_defaults({"enabled": self.enabled_by_default, **self.default_config})

    def normalize_config(self, config: dict[str, Any]) -> Mapping[str, Any]:
        """Return the hyperparameters as they count, and as :meth:`process` gets them.

        To be overridden where one thing can be said in several ways: a name that was changed, a unit, an upper bound.

        Arguments:
            config: What the configuration says in the section of this stage, to be changed at will.
        """
        return config

    @property
    def normalizes_config(self) -> bool:
        """Whether this stage has a :meth:`normalize_config` of its own."""
        own = vars(self).get("normalize_config", type(self).normalize_config)
        return own is not Stage.normalize_config

    def _normalized(self, section: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the own :meth:`normalize_config` says, if there is one.

        Raises:
            UsageError: If that is no mapping.
        """
        if not self.normalizes_config:
            return section
        found: Any = self.normalize_config(dict(section))
        if not isinstance(found, Mapping):
            raise UsageError(f'normalize_config() of the stage "{self.id}" has to return the configuration, and not '
                             f"{found!r}")
        return found

    def normalized_config(self, section: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the section of the configuration for this stage by :meth:`normalize_config`, in the types declared."""
        found = self._normalized(section)
        return self.declared.normalized(found) if self.declared is not None else found

    def check_config(self, section: Mapping[str, Any]) -> Sequence[ConfigProblem]:
        """Return what is wrong with the section of the configuration for this stage."""
        if self.declared is None:
            return ()
        settings = settings_of(self)
        found = self._normalized({key: value for key, value in section.items() if key not in settings})
        return self.declared.check(found)

    def config_to_process(self, config: Config) -> Any:
        """Return what :meth:`process` is to get as `config`: an instance of :attr:`config_class`, if there is one."""
        if self.normalizes_config:
            config = Config(dict(self._normalized(config.final())))
        if self.declared is not None and self.config_class is not None:
            return self.config_class(**self.declared.values(config.final()))
        return config

    def is_enabled(self, config: Config) -> bool:
        """Tell whether this stage takes part, given its section of the configuration."""
        return bool(config.get("enabled", self.enabled_by_default))

    def run(self, pipeline: Pipeline, input_id: InputID, data: PipelineData, config: Config,
            status: Status | None = None, **kwargs: Any) -> float:
        """Process one input if the stage is enabled, and :meth:`skip` it otherwise.

        Arguments:
            pipeline: The pipeline that the stage is part of.
            input_id: The input.
            data: The fields known so far; the outputs are added to it, and the consumed fields removed.
            config: The section of the configuration for this stage.
            status: What progress is reported through.
            kwargs: Passed on to the callbacks.

        Returns:
            The duration of :meth:`process` in seconds, and 0 if the stage is not enabled.

        Raises:
            OutputMismatch: If other fields are returned than :attr:`outputs`.
        """
        around: dict[str, Any] = dict(pipeline=pipeline, input_id=input_id, data=data, config=config, status=status,
                                      **kwargs)
        self.fill_in(config)
        if not self.is_enabled(config):
            self.skip(**around)
            return 0.0
        _status.update(status, info="start-stage", stage=self.id, intermediate=True)
        self.callback("start", **around)
        started = time.perf_counter()
        outputs = self.process(pipeline=pipeline, config=self.config_to_process(config), status=status,
                               **self._fields_of(data))
        seconds = time.perf_counter() - started
        data.update(self.check_outputs(outputs))
        for field in self.consumes:
            data.pop(field, None)
        self.callback("end", **around)
        return seconds

    def _fields_of(self, data: PipelineData) -> PipelineData:
        """Return what :meth:`process` reads of the fields that are known."""
        fields = {field: data[field] for field in self.inputs if field in data or field not in self.optional_inputs}
        return fields | {field: Lazy(partial(data.get, field), field) for field in self.lazy
                         if field in fields and not isinstance(fields[field], Lazy)}

    def skip(self, pipeline: Pipeline, input_id: InputID, data: PipelineData, config: Config,
             status: Status | None = None, **kwargs: Any) -> None:
        """Tell the callbacks that the stage does not run for this input."""
        _status.update(status, info="skip-stage", stage=self.id, intermediate=True)
        self.callback("skip", pipeline=pipeline, input_id=input_id, data=data, config=config, status=status, **kwargs)

    def check_outputs(self, outputs: Any, new_sequence: NewSequence | None = None) -> PipelineData:
        """Return what :meth:`process` returned if it has exactly the fields :attr:`outputs`.

        What it yields is written item by item, so that it never has to be in memory as a whole.

        Arguments:
            outputs: What it returned: a mapping, in which generators stand for sequences; or a generator that yields
                mappings of fields to single items, and returns a mapping with the other fields.
            new_sequence: Begins a file for the items; by default, among the temporary files.

        Raises:
            OutputMismatch: If it does not.
            NotStorableError: If an item cannot be stored.
        """
        return checked(self, outputs, new_sequence)

    def process(self, pipeline: Pipeline, config: Config, status: Status | None = None, *args: Any,
                **inputs: Any) -> PipelineData:
        """Compute the outputs of this stage for one input.

        Arguments:
            pipeline: The pipeline that the stage is part of; ``pipeline.resolve(scope, input_id)`` gives the path of a
                file.
            config: The section of the configuration for this stage.
            status: What progress is reported through, see :mod:`repype_like.status`.
            args: Nothing; here so that overriding methods may name their parameters as they like.
            inputs: The values of the fields named by :attr:`inputs` and :attr:`consumes`.

        Returns:
            The values of the fields named by :attr:`outputs`. A generator stands for a sequence that is stored item by
            item. :meth:`process` may itself be a generator that yields ``{field: item}``.
        """
        raise NotImplementedError(f"{type(self).__name__}.process")

    def configure(self, pipeline: Pipeline, input_id: InputID, *args: Any, **kwargs: Any) -> Mapping[str, Any]:
        """Return rules that adapt hyperparameters to an input: ``{key: (factor, default[, limits])}``.

        Where the hyperparameter ``key`` is absent or None it becomes `factor` times the hyperparameter ``AF_key``,
        whose default is `default`. `limits` are the arguments `type`, `min` and `max` of
        :func:`repype_like.pipeline.create_config_entry`.
        """
        return {}

    def __copy__(self) -> Self:
        """Return the same stage without its callbacks, to be part of another pipeline."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), event_callbacks={})
        return other

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, id: {self.id}>"

    def _repr_html_(self) -> str:
        from repype_like.graph import as_html, graph_of_stages  # for notebooks only

        return as_html(graph_of_stages(type(self).__name__, [self]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.id == other.id and self.sha == other.sha

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.id))


def _fingerprint(stage: Stage) -> Any:
    from repype_like.fingerprint import fingerprint_of  # needed only by those who ask for it, and not free to import

    return fingerprint_of(stage)
