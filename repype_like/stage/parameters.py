"""What a stage declares of its hyperparameters: names, types and defaults."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from repype_like.errors import UsageError, did_you_mean, text_of
from repype_like.stage.conversion import ConversionError, classes_in, convert, to_yaml
from repype_like.stage.hints import hints_of
from repype_like.typing import Any, NamedTuple

__all__ = ["REQUIRED", "ConfigProblem", "Parameter", "Parameters"]

REQUIRED: Any = inspect.Parameter.empty
"""Stands for the default of a parameter that has none."""


class ConfigProblem(NamedTuple):
    """What is wrong with a section of a configuration."""

    keys: tuple[str | int, ...]
    """Where in the section; nowhere if something is missing."""
    message: str
    hint: str = ""


class Parameter(NamedTuple):
    """A hyperparameter."""

    name: str
    hint: Any = Any
    default: Any = REQUIRED
    """As YAML would say it, or :data:`REQUIRED`."""


@dataclass(frozen=True)
class Parameters:
    """The hyperparameters of a stage."""

    all: tuple[Parameter, ...]
    config_class: type | None = None
    """The dataclass that they are the fields of."""
    is_open: bool = False
    """Whether there may be others."""

    @classmethod
    def of_class(cls, config_class: type) -> Parameters:
        """Return the fields of a dataclass.

        Raises:
            UsageError: If it is none.
        """
        if not dataclasses.is_dataclass(config_class):
            raise UsageError(f"config_class has to be a dataclass; {config_class!r} is none")
        hints = hints_of(config_class)
        return cls(tuple(Parameter(item.name, hints.get(item.name, Any), _default_of(item))
                         for item in dataclasses.fields(config_class) if item.init), config_class)

    @cached_property
    def by_name(self) -> Mapping[str, Parameter]:
        """The parameters by name."""
        return {parameter.name: parameter for parameter in self.all}

    @property
    def defaults(self) -> dict[str, Any]:
        """The declared defaults."""
        return {parameter.name: parameter.default for parameter in self.all if parameter.default is not REQUIRED}

    @property
    def classes(self) -> Sequence[type]:
        """The classes that the values are made instances of, by which their code counts."""
        hints = (self.config_class, *(parameter.hint for parameter in self.all))
        return tuple(dict.fromkeys(cls for hint in hints for cls in classes_in(hint)))

    def check(self, section: Mapping[str, Any]) -> Sequence[ConfigProblem]:
        """Return what is wrong with a section of a configuration."""
        problems: list[ConfigProblem] = []
        for key, value in section.items():
            parameter = self.by_name.get(key)
            if parameter is not None:
                try:
                    convert(value, parameter.hint)
                except ConversionError as error:
                    keys = (key, *error.keys)
                    problems.append(ConfigProblem(keys, f'"{".".join(map(str, keys))}": {error}', error.hint))
            elif not self.is_open and str(key).removeprefix("AF_") not in self.by_name:
                known = ", ".join(self.by_name) or "none"
                problems.append(ConfigProblem((key,), f'there is no parameter "{key}"', did_you_mean(key, self.by_name)
                                              or f"the parameters are {known}"))
        problems += [ConfigProblem((), f'the parameter "{parameter.name}" has no default and is not given')
                     for parameter in self.all if parameter.default is REQUIRED and parameter.name not in section]
        if self.config_class is not None and not problems:
            problems += self._refused(section)
        return problems

    def _refused(self, section: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """Yield what the class itself says against the values, all together."""
        assert self.config_class is not None, "asked for those of a class only"
        try:
            self.config_class(**self.values(section))
        except Exception as error:  # noqa: BLE001  a class of the user's own may raise anything
            yield ConfigProblem((), f"{self.config_class.__name__}: {text_of(error)}")

    def normalized(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """Return a section as YAML would say the values that it means; what is wrong in it stays as it is."""
        found = {}
        for key, value in section.items():
            parameter = self.by_name.get(key)
            try:
                found[key] = to_yaml(convert(value, parameter.hint)) if parameter is not None else value
            except ValueError:
                found[key] = value
        return found

    def values(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the parameters in their types.

        Raises:
            ValueError: If one of them is not what it has to be.
        """
        found = {}
        for parameter in self.all:
            value = section.get(parameter.name, parameter.default)
            if value is not REQUIRED:
                found[parameter.name] = convert(value, parameter.hint)
        return found


def _default_of(item: dataclasses.Field[Any]) -> Any:
    if item.default is not dataclasses.MISSING:
        return to_yaml(item.default)
    return to_yaml(item.default_factory()) if item.default_factory is not dataclasses.MISSING else REQUIRED
