"""The specification of one task: its own, merged with what it inherits, each value with its origin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repype_like.cached import cached_property
from repype_like.errors import Location, Problem, SpecError
from repype_like.spec.discovery import Documents
from repype_like.spec.inheritance import Keys, Layer, Layered, overlay
from repype_like.spec.input_ids import decode_input_ids
from repype_like.spec.loading import Document
from repype_like.spec.patterns import resolve_path, resolve_pattern
from repype_like.typing import InputID

__all__ = ["TaskSpec"]


@dataclass(frozen=True, eq=False)
class TaskSpec:
    """What one task states and inherits. Its values are read-only by agreement: they are kept, and shared.

    The attributes expect what the checks of :func:`~repype_like.spec.tree.load_tree` found sound.
    """

    directory: Path
    document: Document
    parent: TaskSpec | None = None
    documents: Documents = field(default_factory=Documents, repr=False)

    @property
    def own(self) -> dict[str, Any]:
        """What the task's own task.yml states."""
        return self.document.value

    @cached_property
    def full(self) -> dict[str, Any]:
        """The own specification, merged over that of the parent."""
        if self.parent is None:
            return self.own
        if "full" not in vars(self.parent):
            for spec in reversed(list(self.parents)):  # topmost first: a chain may be too long for recursion
                _ = spec.full
        return overlay(self.parent.full, self.own)

    @property
    def parents(self) -> Iterator[TaskSpec]:
        """The tasks that this one inherits from, the nearest first."""
        spec = self.parent
        while spec is not None:
            yield spec
            spec = spec.parent

    @property
    def root(self) -> TaskSpec:
        """The topmost of the parents; the task itself if it has none."""
        spec = self
        while spec.parent is not None:
            spec = spec.parent
        return spec

    @property
    def runnable(self) -> bool:
        """Whether the task is run."""
        return self.full.get("runnable") is True

    def origin(self, keys: Keys) -> Location | None:
        """Return the place of the value of :attr:`full` at `keys`, or None if there is no such value."""
        return self._layers.origin(keys)

    def source(self, keys: Keys) -> tuple[Document, tuple[str | int, ...]] | None:
        """Return the document that states the value of :attr:`full` at `keys`, and the keys of it there."""
        return self._layers.source(keys)

    @cached_property
    def base_config(self) -> Document | None:
        """The file that the task's own ``base_config_path`` names.

        Raises:
            SpecError: If it cannot be loaded; located in task.yml if there is no such file.
        """
        text = self.own.get("base_config_path")
        if not isinstance(text, (str, os.PathLike)):
            return None
        path = self.resolve(str(text))
        try:
            return self.documents.load(str(path))
        except SpecError as error:
            raise SpecError([self._of_base_config(problem) for problem in error.problems]) from error

    def _of_base_config(self, problem: Problem) -> Problem:
        """Return the problem of a base config file as one of this task."""
        if problem.where and problem.where.line:
            return Problem(problem.message, problem.where, problem.hint, problem.severity, self.directory)
        place = self.document.location(("base_config_path",))
        message = f"the base config {problem.where.file if problem.where else ''} {problem.message}"
        return Problem(message, place, problem.hint, problem.severity, self.directory)

    @cached_property
    def config(self) -> Layered:
        """The options of the stages: the parent's, overlaid with the base config, overlaid with the own ones.

        Raises:
            SpecError: If a base config file cannot be loaded.
        """
        base, own = self.base_config, self.own.get("config")
        layers = [Layer(base.value, base)] if base else []
        if isinstance(own, dict):
            layers.append(Layer(own, self.document, ("config",)))
        if self.parent is None:
            return Layered(tuple(layers))
        if not layers:
            return self.parent.config
        return Layered((self.parent.config, layers[0] if len(layers) == 1 else Layered(tuple(layers))))

    @cached_property
    def input_ids(self) -> list[InputID]:
        """The ids of the inputs, sorted.

        Raises:
            ValueError: If the specification does not list ids, or its pattern matches no file.
        """
        if "input_ids" not in self.full:
            return []
        nearest = self
        while "input_ids" not in nearest.own and nearest.parent is not None:
            nearest = nearest.parent
        if nearest is not self:  # what it means there
            return nearest.input_ids
        stating = self.stating(("input_ids", "glob")) or self.stating(("input_ids",))
        if stating is None or stating is self:
            return decode_input_ids(self.full["input_ids"], self.directory)
        if stating.full.get("input_ids") == self.full["input_ids"]:
            return stating.input_ids
        return decode_input_ids(self.full["input_ids"], stating.directory)

    @cached_property
    def pythonpath(self) -> list[Path]:
        """Where the pipeline's modules are found: absolute directories, resolved where they are stated."""
        value = self.full.get("pythonpath")
        if not value:
            return []
        stating = self.stating(("pythonpath",)) or self
        return [stating.resolve(text) for text in ([value] if isinstance(value, str) else value)]

    @cached_property
    def scopes(self) -> dict[str, str]:
        """The file name patterns of the scopes, absolute, resolved in this task: ``pattern % input_id`` is a path."""
        scopes = self.full.get("scopes") or {}
        return {name: resolve_pattern(text, self.directory, self.root.directory) for name, text in scopes.items()}

    def stating(self, keys: Keys) -> TaskSpec | None:
        """Return the task, this one or a parent, whose task.yml states the value of :attr:`full` at `keys`."""
        found = self.source(keys)
        if found is None:
            return None
        return next((spec for spec in (self, *self.parents) if spec.document is found[0]), None)

    def resolve(self, text: str) -> Path:
        """Return the absolute path that `text` means in this task."""
        return resolve_path(text, self.directory, self.root.directory)

    @cached_property
    def _layers(self) -> Layered:
        own = Layer(self.own, self.document)
        return Layered((self.parent._layers, own) if self.parent else (own,))
