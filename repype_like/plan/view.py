"""What planning knows of a task: values and a few pure questions, never the task itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.cached import cached_property
from repype_like.errors import Location
from repype_like.fingerprint.canonical import hash_value
from repype_like.plan.limits import PLAIN, Limits
from repype_like.store import Store
from repype_like.typing import Any, InputID, NamedTuple, Plain

__all__ = ["Prepared", "Source", "StageView", "TaskView", "is_mark", "mark_of"]


def mark_of(stage_id: str) -> str:
    """Return what stands among the fields for a stage as a whole, where another depends on it but on no value."""
    return f"@{stage_id}"


def is_mark(field: str) -> bool:
    """Tell whether that is so for `field`."""
    return field.startswith("@")


class Source(NamedTuple):
    """A task that an aggregate reads."""

    key: str
    """Its path relative to the task of the aggregate, with ``/``."""
    view: TaskView


class Prepared(NamedTuple):
    """What counts of the configuration of a stage, for all inputs with the same one."""

    section: Any
    """Its section of the configuration."""
    packages: Mapping[str, str]
    """The versions of the distributions that count."""
    config: dict[str, Any]
    """Its effective configuration."""
    plain: Plain
    """The same as plain data."""
    basis: str
    """See :func:`repype_like.plan.keys.basis_of`."""


@dataclass(frozen=True)
class StageView:
    """One stage of one task."""

    id: str
    inputs: frozenset[str]
    """The fields it reads, without ``input_id``."""
    outputs: frozenset[str]
    fingerprint: str
    parts: Mapping[str, str]
    """The hashes of the pieces of code that make up the fingerprint, by ``module:name``."""
    place_of: Callable[[str], Location | None] = lambda piece: None
    """Gives the place of a piece of code, as far as it is known."""
    distributions: Mapping[str, str] = field(default_factory=dict)
    """The versions of the distributions that the code uses, whether they count or not."""
    enabled_by_default: bool = True
    default_config: Mapping[str, Any] = field(default_factory=dict)
    ignore_config: frozenset[str] = frozenset()
    normalized_config: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda section: section
    """Gives what the section of the configuration means, so that what means the same counts the same."""
    kept: frozenset[str] = frozenset()
    """The outputs whose values stay when the task is complete: those neither marginal nor consumed."""
    limits: Limits = PLAIN
    """What it may cost and what it needs; affects no result."""
    after: frozenset[str] = frozenset()
    """The stages that it depends upon without reading any field of them."""
    over: str = ""
    """What it is an aggregate over: ``inputs``, ``tasks``, or nothing."""

    @cached_property
    def shape(self) -> str:
        """Hash of all that counts of the stage wherever it is used."""
        kind = (self.over,) if self.over else ()
        return hash_value((self.id, self.fingerprint, sorted(self.sources), sorted(self.outputs), sorted(self.kept),
                           *kind))

    @cached_property
    def sources(self) -> frozenset[str]:
        """What it depends upon: the fields it reads, and the marks of stages."""
        return self.inputs.union(map(mark_of, self.after)) if self.after else self.inputs

    @cached_property
    def sources_here(self) -> frozenset[str]:
        """Those that its own task has: an aggregate over tasks reads all fields elsewhere."""
        return self.sources if self.over != "tasks" else frozenset(map(mark_of, self.after))

    @cached_property
    def results(self) -> tuple[str, ...]:
        """What others may depend upon: its outputs, and its mark."""
        return (*self.outputs, mark_of(self.id))

    @cached_property
    def prepared(self) -> list[Prepared]:
        """What :func:`repype_like.plan.keys.prepare` remembers."""
        return []

    def effective_config(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """Return what counts of this stage's section of the configuration: with defaults, without the irrelevant."""
        return {key: value for key, value in {**self.default_config, **self.normalized_config(section)}.items()
                if key != "enabled" and key not in self.ignore_config and (key, self.over) != ("tasks", "tasks")}

    def is_enabled(self, section: Mapping[str, Any]) -> bool:
        """Tell whether the stage takes part, given its section of the configuration."""
        return bool(section.get("enabled", self.enabled_by_default))


@dataclass(frozen=True, eq=False)
class TaskView:
    """One task, as it stands at the moment of planning."""

    path: Path
    name: str
    """The path relative to the root of the run, with ``/``; ``.`` is the root."""
    stages: tuple[StageView, ...]
    input_ids: tuple[InputID, ...]
    config: Mapping[str, Any]
    """The configuration before it is adapted to an input."""
    configure: Callable[[InputID, str | None], Mapping[str, Any]]
    """Gives the configuration for an input, a section for each stage; adapted for one stage only if that is named."""
    locate: Callable[[str | None, InputID | None, str | None], Path | None]
    """Gives the path that a scope and input, or a path relative to the tree, stand for; None for an unknown scope."""
    store: Store
    spec: Plain
    """The full specification."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """The versions of the distributions that count for every stage."""
    extra_key: str = ""
    """Hash of what else decides about the configuration of an input: an overriding pipeline class."""
    ancestors: tuple[Path, ...] = ()
    origin: Callable[[tuple[str | int, ...]], Location | None] = lambda keys: None
    """Gives the place of a value of the specification."""
    opaque: bool = False
    """Whether the task runs by its own ``run``, as a whole, because its class overrides how tasks run."""
    verdict: str | None = None
    """What an overriding ``is_pending`` says, or None if planning is to find out."""
    skip_hooks: frozenset[str] = frozenset()
    """The stages for which the task wants to know when they do not run."""
    codebase: int = 0
    """Tasks with different numbers must not run in the same process at once."""
    sources: Callable[[str], tuple[Source, ...]] = lambda stage: ()
    """Gives the tasks that an aggregate over tasks reads, sorted by key."""

    @property
    def tree(self) -> Path:
        """The directory of the topmost task."""
        return self.ancestors[-1] if self.ancestors else self.path

    @cached_property
    def stage(self) -> Mapping[str, StageView]:
        """The stages by identifier."""
        return {stage.id: stage for stage in self.stages}

    @cached_property
    def producer(self) -> Mapping[str, StageView]:
        """The stage that produces a field, by field; and the stage itself by its mark."""
        return {name: stage for stage in self.stages for name in stage.results}

    @cached_property
    def has_aggregates(self) -> bool:
        """Whether any stage runs once for the task."""
        return any(stage.over for stage in self.stages)

    @cached_property
    def has_sources(self) -> bool:
        """Whether any stage reads other tasks."""
        return any(stage.over == "tasks" for stage in self.stages)

    @cached_property
    def subjects(self) -> tuple[InputID, ...]:
        """What there are records for: the inputs, and None for the task as a whole if there are aggregates."""
        return (*self.input_ids, None) if self.has_aggregates else self.input_ids

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """By stage, a number that is higher than those of the stages whose results it reads at another level.

        What is of one rank, and for one input, hangs together by values that go from stage to stage in memory.
        """
        ranks: dict[str, int] = {}
        for stage in self.stages if self.has_aggregates else ():
            read = [ranks[found.id] + (bool(found.over) != bool(stage.over)) for name in stage.sources_here
                    if (found := self.producer.get(name)) is not None]
            read += [source.view.ranks.get(found.id, 0) + 1 for source in self.sources(stage.id)
                     for field in stage.inputs if (found := source.view.producer.get(field)) is not None]
            ranks[stage.id] = max(read, default=0)
        return ranks
