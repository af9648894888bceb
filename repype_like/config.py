"""Hyperparameters: nested dictionaries, addressed by paths such as ``"segment/threshold"``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from repype_like.typing import Any, Plain, Self

__all__ = ["Config", "to_plain"]

_MISSING: Any = object()
_SCALARS = frozenset((type(None), bool, int, float, str))


class Config:
    """A set of hyperparameters.

    A dictionary inside a configuration is returned as a :class:`Config` that shares it, so that writing into the part
    writes into the whole. Asking for a default (:meth:`get`) leaves :attr:`entries` as they are; the default is
    remembered all the same: later reads see it, and :meth:`final` includes it.

    Arguments:
        other: A dictionary to be wrapped (not copied), another configuration (a deep copy is made), or None for an
            empty configuration.

    Raises:
        TypeError: If `other` is something else.
    """

    entries: dict[str, Any]
    """The nested dictionaries of hyperparameters that were set."""

    def __init__(self, other: dict[str, Any] | Config | None = None):
        self._defaults: dict[str, Any] = {}
        self._keeps_defaults = False
        if other is None:
            self.entries = {}
        elif isinstance(other, dict):
            self.entries = other
        elif isinstance(other, Config):
            self.entries = _copied(other.entries)
            self._defaults = _copied(other._defaults)
        else:
            raise TypeError("a configuration is made of a dictionary or another configuration, "
                            f"not {type(other).__name__}")

    def _holder(self, key: str, create: bool = False) -> tuple[Config, str]:
        """Return the innermost configuration that `key` leads into, and the last part of `key`."""
        if "/" not in key:
            return self, key
        config = self
        *path, last = key.split("/")
        for part in path:
            value = config._lookup(part)
            if not isinstance(value, dict):
                if value is not _MISSING and not create:
                    raise KeyError(key)
                value = {}
                (config.entries if create else config._defaults)[part] = value
            config = config._part(part, value)
        return config, last

    def _part(self, key: str, value: dict[str, Any]) -> Config:
        """Return the nested configuration at `key`, whose remembered defaults live in those of this one."""
        part = Config(value)
        remembered = self._defaults.setdefault(key, {}) if key in self.entries else value
        part._defaults = remembered if isinstance(remembered, dict) else {}
        part._keeps_defaults = self._keeps_defaults
        return part

    def _lookup(self, key: str) -> Any:
        return self.entries.get(key, self._defaults.get(key, _MISSING))

    def _shown(self, key: str, value: Any) -> Any:
        return self._part(key, value) if isinstance(value, dict) else value

    def pop(self, key: str, default: Any) -> Any:
        """Remove the hyperparameter `key` and return its value, or `default` if it is not set."""
        config, key = self._holder(key)
        remembered = config._defaults.pop(key, default)
        return config.entries.pop(key, remembered)

    def set_default(self, key: str, default: Any, override_none: bool = False) -> Any:
        """Set the hyperparameter `key` unless it is set, and return its value.

        Arguments:
            key: The hyperparameter.
            default: The value to set.
            override_none: Whether None counts as not set.
        """
        config, key = self._holder(key, create=True)
        if key not in config.entries or (override_none and config.entries[key] is None):
            config.entries[key] = _unwrapped(default)
        return config._shown(key, config.entries[key])

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of the hyperparameter `key`, or `default` if it is not set."""
        config, key = self._holder(key, create=self._keeps_defaults)
        value = config._lookup(key)
        if value is _MISSING:
            value = (config.entries if config._keeps_defaults else config._defaults)[key] = _unwrapped(default)
        return config._shown(key, value)

    def keep_defaults(self, declared: Mapping[str, Any]) -> None:
        """Have defaults that are asked for, now and from now on, set in :attr:`entries`, and those that are `declared`.

        That is so for the configuration that a stage gets while it runs, which is a copy: nothing else reads it.
        """
        self._keeps_defaults = True
        entries = self.entries
        if self._defaults:
            _fill_in(entries, self._defaults)
        for key, default in declared.items():
            if key not in entries:
                own = default if type(default) in _SCALARS else _copied(_unwrapped(default))
                if "/" in key:
                    self.get(key, own)
                else:
                    entries[key] = own

    @classmethod
    def of_stage(cls, sections: Mapping[str, Any], stage_id: str) -> Self:
        """Return a copy of the hyperparameters of a stage; a section that is absent or None is empty.

        Arguments:
            sections: The section of each stage.
            stage_id: The stage.
        """
        section = sections.get(stage_id)
        if section is not None and not isinstance(section, dict):
            raise _no_section(stage_id, section)
        return cls(_copied(section or {}))

    def section(self, stage_id: str) -> Config:
        """Return the hyperparameters of a stage; a section that is absent or None is empty."""
        if self.entries.get(stage_id) is None:
            self.entries.pop(stage_id, None)
        section = self.get(stage_id, {})
        if not isinstance(section, Config):
            raise _no_section(stage_id, section)
        return section

    def __getitem__(self, key: str) -> Any:
        """Return the value of the hyperparameter `key`.

        Raises:
            KeyError: If it is not set.
        """
        value = self.entries.get(key, _MISSING)
        if type(value) in _SCALARS and "/" not in key:
            return value
        config = self
        *path, last = key.split("/")
        for part in path:
            value = config._lookup(part)
            if not isinstance(value, dict):
                raise KeyError(key)
            config = config._part(part, value)
        value = config._lookup(last)
        if value is _MISSING:
            raise KeyError(key)
        return config._shown(last, value)

    def __contains__(self, key: str) -> bool:
        """Tell whether the hyperparameter `key` is set."""
        try:
            self[key]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the hyperparameters at the top."""
        return iter(self.entries)

    def update(self, key: str, func: Callable[[Any], Any]) -> Any:
        """Set the hyperparameter `key` to ``func(its value)`` (None if it is not set) and return the new value."""
        config, key = self._holder(key, create=True)
        value = config._lookup(key)
        config.entries[key] = _unwrapped(func(None if value is _MISSING else value))
        return config.entries[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Set the hyperparameter `key`."""
        self.update(key, lambda _: value)

    def merge(self, other: Config | Mapping[str, Any]) -> Self:
        """Set all hyperparameters of `other` in this configuration, dictionary by dictionary, and return it."""
        for key, value in (other.entries if isinstance(other, Config) else other).items():
            if isinstance(value, dict):
                if not isinstance(self.entries.get(key), dict):
                    self.entries[key] = {}
                Config(self.entries[key]).merge(value)
            else:
                self.entries[key] = value
        return self

    def copy(self) -> Config:
        """Return a deep copy."""
        return Config(self)

    def final(self) -> dict[str, Any]:
        """Return the hyperparameters in force: those that were set, and the defaults that were asked for."""
        if not self._defaults:
            return dict(_copied(self.entries))
        return Config(_copied(self._defaults)).merge(self.entries).copy().entries

    def plain(self) -> dict[str, Plain]:
        """Return the same as plain data."""
        return {str(key): value if type(value) in _SCALARS else to_plain(value)
                for key, value in (self.final() if self._defaults else self.entries).items()}

    @property
    def yaml(self) -> str:
        """The hyperparameters as YAML, one a line."""
        return "\n".join(_yaml_lines(self.entries, 0))

    @property
    def sha(self) -> Any:
        """The SHA-1 hash object of the hyperparameters, which does not depend on their order."""
        import hashlib  # hardly ever asked for

        return hashlib.sha1(json.dumps(self.entries, sort_keys=True, default=repr).encode(), usedforsecurity=False)

    def __str__(self) -> str:
        return json.dumps(self.entries, indent=2, default=repr)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self.entries}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and bool(self.entries == other.entries)

    __hash__ = None  # type: ignore[assignment]  # mutable


def _fill_in(entries: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """Set the entries that are missing, and those that are missing in nested dictionaries."""
    for key, value in list(defaults.items()):
        if key not in entries:
            entries[key] = value
        elif isinstance(value, dict) and isinstance(entries[key], dict):
            _fill_in(entries[key], value)


def _no_section(stage_id: str, section: Any) -> TypeError:
    return TypeError(f'the configuration of the stage "{stage_id}" is not a mapping: {section!r}')


def _unwrapped(value: Any) -> Any:
    return value.entries if isinstance(value, Config) else value


def _copied(value: Any) -> Any:
    """Return a copy of nested dictionaries and lists; everything else is shared."""
    if isinstance(value, dict):
        return {key: item if type(item) in _SCALARS else _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [item if type(item) in _SCALARS else _copied(item) for item in value]
    return value


def _yaml_lines(entries: Mapping[str, Any], indent: int) -> Iterator[str]:
    for key, value in entries.items():
        if isinstance(value, dict):
            yield f"{'  ' * indent}{key}:"
            yield from _yaml_lines(value, indent + 1)
        else:
            yield f"{'  ' * indent}{key}: {value!r}"


def to_plain(value: Any) -> Plain:
    """Return `value` as data that JSON and YAML can say; what they have no word for becomes text."""
    if type(value) in _SCALARS or isinstance(value, str):
        plain: Plain = value
        return plain
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): item if type(item) in _SCALARS else to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        return to_plain(value.item())
    return str(value)
