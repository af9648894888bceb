"""Functions as stages."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from types import GeneratorType
from typing import overload

from repype_like.config import Config
from repype_like.errors import UsageError, did_you_mean
from repype_like.stage.attributes import check_attributes, check_hyperparameters
from repype_like.stage.base import Stage
from repype_like.stage.conversion import hint_words, is_instance, to_yaml
from repype_like.stage.hints import hints_of
from repype_like.stage.lazy import Lazy
from repype_like.stage.levels import check_aggregate
from repype_like.stage.naming import suggest_stage_id
from repype_like.stage.parameters import REQUIRED, Parameter, Parameters
from repype_like.stage.returned import mismatch
from repype_like.stage.wiring import check_wiring
from repype_like.typing import TYPE_CHECKING, Any, PipelineData

if TYPE_CHECKING:
    from repype_like.pipeline import Pipeline
    from repype_like.status import Status

__all__ = ["GIVEN", "FunctionStage", "aggregate", "stage"]

GIVEN = ("pipeline", "config", "status", "stage")
"""Parameters with these names get what they say rather than a field."""

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


_ATTRIBUTES = frozenset(Stage.__annotations__) - {"declared", "work_folder"} | {"normalize_config"}
"""What can be given besides the function."""


class FunctionStage(Stage):
    """A function as a stage; made by :func:`stage`. Called like the function, it does what the function does.

    Arguments:
        function: The function.
        outputs: The fields that it returns, in this order if it returns a tuple.
        attributes: Further attributes of the stage, by name.

    Raises:
        UsageError: If the function or an attribute does not suit a stage.
    """

    function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any], outputs: Sequence[str] = (), **attributes: Any):
        self.id = attributes.pop("id", None) or suggest_stage_id(_name_of(function))
        check_attributes(self.id, {"outputs": outputs, **attributes})
        if isinstance(outputs, (set, frozenset)) and len(outputs) > 1:
            raise UsageError(f'outputs of the stage "{self.id}" have to be in order, that of a tuple: outputs='
                             f"{sorted(outputs)}")
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self.order = tuple(outputs)
        signature = inspect.signature(function)
        hints = hints_of(function)
        self.positional = tuple(name for name, item in signature.parameters.items() if item.kind in _POSITIONAL)
        if "config" in self.positional and isinstance(hints.get("config"), type) and dataclasses.is_dataclass(
                hints["config"]):
            attributes.setdefault("config_class", hints["config"])
        for name, item in signature.parameters.items():
            if item.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                raise UsageError(f'the stage "{self.id}" takes *{name}: name the fields and parameters that it reads')
        self.hints = {name: hints[name] for name in self.positional if name in hints and name not in GIVEN}
        self.outputs = frozenset(outputs)
        self.consumes = frozenset(attributes.pop("consumes", ()))
        self.inputs = frozenset(self.positional) - frozenset(GIVEN)
        self.event_callbacks = {}
        self.default_config = {}
        self._check_given(attributes)
        vars(self).update(attributes, inputs=self.inputs)
        check_wiring(self)
        self._check_optional(signature)
        check_aggregate(self)
        own = tuple(Parameter(name, hints.get(name, Any), item.default if item.default is REQUIRED
                              else to_yaml(item.default))
                    for name, item in signature.parameters.items() if item.kind is inspect.Parameter.KEYWORD_ONLY)
        self.keywords = Parameters(own)
        if self.config_class is not None:
            self._declare(Parameters.of_class(self.config_class))
            for parameter in own:
                raise UsageError(f'the stage "{self.id}" has a config_class, so its hyperparameters are the fields of '
                                 f'that: make "{parameter.name}" one of them, and read it by a parameter named config')
        else:
            self.declared = dataclasses.replace(self.keywords, is_open="config" in self.positional)
        self.default_config = {**self.default_config, **self.keywords.defaults, **attributes.get("default_config", {})}
        check_hyperparameters(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    def process(self, pipeline: Pipeline, config: Any, status: Status | None = None, *args: Any,
                **inputs: Any) -> PipelineData:
        """Call the function, and return what it returned by output."""
        for name, hint in self.hints.items():
            if name in inputs and not is_instance(inputs[name], hint) and not isinstance(inputs[name], Lazy):
                raise TypeError(f'the field "{name}" is {type(inputs[name]).__name__}, while the stage "{self.id}" '
                                f"expects {hint_words(hint)}")
        given = {**self.absent, **inputs, "pipeline": pipeline, "config": config, "status": status, "stage": self}
        arguments = [given[name] for name in self.positional]
        entries: Mapping[str, Any] = config.final() if isinstance(config, Config) else {}
        return self._by_field(self.function(*arguments, **self.keywords.values(entries)))

    def _check_given(self, attributes: Mapping[str, Any]) -> None:
        """Check that the attributes that are given are such of a stage, and suit the function."""
        for name in sorted(frozenset(self.consumes).difference(self.inputs)):
            raise UsageError(f'the stage "{self.id}" consumes "{name}", which is no parameter of its function; '
                             f"{did_you_mean(name, self.inputs)}".rstrip("; "))
        for name in attributes:
            if name not in _ATTRIBUTES:
                raise UsageError(f'a stage has no attribute "{name}"; {did_you_mean(name, _ATTRIBUTES)}'.rstrip("; "))
        if frozenset(attributes.get("inputs", self.inputs)) != self.inputs:
            raise UsageError(f'the inputs of the stage "{self.id}" are the positional parameters of its function: '
                             f"{', '.join(sorted(self.inputs)) or 'none'}; take inputs=... out")

    def _check_optional(self, signature: inspect.Signature) -> None:
        """Take down what counts for the optional fields where nothing produces them."""
        self.absent: dict[str, Any] = {}
        for name in self.optional_inputs:
            if name not in self.inputs:
                raise UsageError(f'optional_inputs of the stage "{self.id}" names "{name}", which is no parameter of '
                                 f"its function; {did_you_mean(name, self.inputs)}".rstrip("; "))
            default = signature.parameters[name].default
            if default is REQUIRED:
                raise UsageError(f'the field "{name}" of the stage "{self.id}" is optional, so it needs a default: '
                                 f"{name}=None")
            self.absent[name] = default

    def _by_field(self, returned: Any) -> PipelineData:
        if isinstance(returned, Mapping) and returned.keys() == self.outputs:
            return dict(returned)
        if len(self.order) == 1:
            return {self.order[0]: returned}
        if isinstance(returned, tuple) and self.order:
            if len(returned) != len(self.order):
                raise mismatch(self, f"returned {len(returned)} values instead of {len(self.order)}: "
                                     f"{', '.join(self.order)}")
            return dict(zip(self.order, returned, strict=True))
        if not self.order and returned is not None and not isinstance(returned, GeneratorType):
            raise mismatch(self, f"returned {type(returned).__name__}, but has no outputs: name what it returns, "
                                 '@stage(outputs=["..."])')
        return returned  # type: ignore[no-any-return]  # checked by whoever has called


def _name_of(function: Any) -> str:
    """Return the name of a function.

    Raises:
        UsageError: If it is something else.
    """
    if isinstance(function, type):
        raise UsageError(f'"{function.__name__}" is a class, and no function: derive it from repype_like.stage.Stage')
    name = getattr(function, "__name__", None)
    if not callable(function) or not isinstance(name, str):
        raise UsageError("a decorator of stages takes its arguments by name, such as outputs=[...] or tasks=...; "
                         f"what is {function!r}?")
    return name


def _check_alone(others: Sequence[Any]) -> None:
    if others:
        raise UsageError("a decorator of stages takes its arguments by name, such as outputs=[...]; the inputs are the "
                         "positional parameters of the function")


@overload
def stage(function: Callable[..., Any], /) -> FunctionStage: ...


@overload
def stage(*, outputs: Sequence[str] = (), consumes: Collection[str] = (),
          **attributes: Any) -> Callable[[Callable[..., Any]], FunctionStage]: ...


def stage(function: Callable[..., Any] | None = None, /, *others: Any, outputs: Sequence[str] = (),
          consumes: Collection[str] = (),
          **attributes: Any) -> FunctionStage | Callable[[Callable[..., Any]], FunctionStage]:
    """Make a function a stage; a decorator.

    The positional parameters of the function are the fields that it reads; those named ``pipeline``, ``config``,
    ``status`` and ``stage`` get these. Its keyword-only parameters are its hyperparameters, with their defaults.

    Arguments:
        function: The function, if nothing else is to be said.
        others: Nothing; all else is said by keywords.
        outputs: The fields that it produces. It returns a dictionary of them, a tuple in their order, or the bare value
            of a single one.
        consumes: Those of the fields it reads that no later stage may read.
        attributes: Any other attribute of a :class:`Stage`, such as `version`, `formats`, `ignore_config` or `id`.

    Returns:
        The stage, which can be named in a pipeline, and called like the function.

    Raises:
        UsageError: If the function or an attribute does not suit a stage.
    """
    _check_alone(others)

    def decorate(function: Callable[..., Any]) -> FunctionStage:
        return FunctionStage(function, outputs, consumes=consumes, **attributes)

    return decorate(function) if function is not None else decorate


@overload
def aggregate(function: Callable[..., Any], /) -> FunctionStage: ...


@overload
def aggregate(*, outputs: Sequence[str] = (), tasks: str | Collection[str] | None = None,
              **attributes: Any) -> Callable[[Callable[..., Any]], FunctionStage]: ...


def aggregate(function: Callable[..., Any] | None = None, /, *others: Any, outputs: Sequence[str] = (),
              tasks: str | Collection[str] | None = None,
              **attributes: Any) -> FunctionStage | Callable[[Callable[..., Any]], FunctionStage]:
    """Make a function a stage that runs once for its task and reads many results at once; a decorator.

    Without `tasks` it aggregates over the inputs of its task: for each field that there is for every input, it gets a
    mapping from inputs to values; a field that an aggregate has made is passed as it is. With `tasks` it aggregates
    over other tasks: for each field, it gets a mapping from tasks (their paths relative to its own, such as
    ``"../method=a"``) to such a mapping, or to the value. Values are read when they are asked for. A parameter
    ``configs`` is a mapping from these tasks to their configurations.

    Arguments:
        function: The function, if nothing else is to be said.
        others: Nothing; all else is said by keywords.
        outputs: The fields that it produces; see :func:`stage`.
        tasks: A pattern for the tasks, or several, relative to the directory of its own; empty if only the
            configuration says it, by ``tasks`` in the section of the stage.
        attributes: Any other attribute of a :class:`Stage`.

    Raises:
        UsageError: If the function or an attribute does not suit an aggregate.
    """
    _check_alone(others)
    kind = {"over": "inputs"} if tasks is None else {"over": "tasks", "tasks": tasks}

    def decorate(function: Callable[..., Any]) -> FunctionStage:
        return FunctionStage(function, outputs, **kind, **attributes)

    return decorate(function) if function is not None else decorate
