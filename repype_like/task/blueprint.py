"""What tasks have in common whose specifications name the same stages: it is found out once for all of them.

A tree may have thousands of tasks with one pipeline. Only what cannot differ between them is shared: they are of the
class ``Task`` itself, and their pipeline is a list of names of classes. The stages of a blueprint are there to be
looked at. A task that computes gets stages of its own, so that nothing which a stage remembers reaches another task.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repype_like.cached import cached_property
from repype_like.errors import Problem, RepypeError
from repype_like.fingerprint import Codebase
from repype_like.pipeline import Pipeline, create_pipeline
from repype_like.plan import StageView
from repype_like.stage import FunctionStage, Stage
from repype_like.task.naming import load, make_stage
from repype_like.task.viewing import stage_views
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repype_like.task.task import Task

__all__ = ["Blueprint", "Blueprints"]


class Blueprint:
    """A pipeline as it follows from the names of its stages alone.

    Arguments:
        codebase: Where the names lead.
        named: What the stages are made of, with the names.

    Raises:
        RepypeError: If no pipeline can be made of that.
    """

    def __init__(self, codebase: Codebase, named: Sequence[tuple[Any, str]]):
        made = [(make_stage(maker, name), maker, name) for maker, name in named]
        self.pipeline = create_pipeline([stage for stage, _, _ in made])
        """The stages in order, without any scopes."""
        rank = {id(stage): number for number, stage in enumerate(self.pipeline.stages)}
        self._named = [(maker, name) for _, maker, name in sorted(made, key=lambda item: rank[id(item[0])])]
        self._codebase = codebase
        self._views: dict[frozenset[str], tuple[StageView, ...]] = {}
        self._roots: dict[Path, tuple[Path, ...]] = {}

    @cached_property
    def stage_ids(self) -> tuple[str, ...]:
        """The identifiers of the stages, in order."""
        return tuple(stage.id for stage in self.pipeline.stages)

    @cached_property
    def is_plain(self) -> bool:
        """Whether all stages take part where nothing else is said, and declare nothing that has to be checked."""
        return all(stage.enabled_by_default and stage.declared is None and not stage.formats and stage.deterministic
                   and not stage.over
                   for stage in self.pipeline.stages)

    @cached_property
    def adapts_config(self) -> bool:
        """Whether any stage has rules that adapt its configuration to an input."""
        return any(type(stage).configure is not Stage.configure for stage in self.pipeline.stages)

    @cached_property
    def has_hooks(self) -> bool:
        """Whether anybody wants to know what happens to the stages."""
        return any(stage.event_callbacks for stage in self.pipeline.stages)

    def make_pipeline(self, scopes: dict[str, Path]) -> Pipeline:
        """Return a pipeline of its own for a task with these scopes, in the order that was found out once."""
        with self._codebase.activate():
            return Pipeline([make_stage(maker, name) for maker, name in self._named], scopes)

    def roots(self, tree: Path) -> tuple[Path, ...]:
        """Return the folders below which opened files count, in a tree with this topmost task."""
        if tree not in self._roots:
            self._roots[tree] = tuple(dict.fromkeys((*self._codebase.search, tree)))
        return self._roots[tree]

    def views(self, marginal: frozenset[str]) -> tuple[StageView, ...]:
        """Return the stages as planning sees them; the codebase must be active.

        Arguments:
            marginal: The identifiers of the stages whose outputs are not kept.
        """
        if marginal not in self._views:
            dropped = frozenset[str]().union(*(stage.outputs for stage in self.pipeline.stages if stage.id in marginal))
            self._views[marginal] = tuple(stage_views(self._codebase, self.pipeline, dropped))
        return self._views[marginal]


class Blueprints:
    """The blueprints of a number of tasks, for as long as these are looked at."""

    def __init__(self) -> None:
        self._known: dict[Any, Blueprint | None] = {}
        self._problems: dict[Any, list[Problem]] = {}

    def of(self, task: Task) -> Blueprint | None:
        """Return the blueprint of a task; None if it may differ from others, or if there is something wrong with it."""
        named = _names(task)
        if not named:
            return None
        key = (task.codebase, *named)
        if key not in self._known:
            self._known[key] = _blueprint(task.codebase, named)
        return self._known[key]

    def note_problems(self, task: Task, problems: list[Problem]) -> None:
        """Remember what is wrong with the names of the stages of a task."""
        self._problems[self._names_as_stated(task)] = problems

    def known_problems(self, task: Task) -> list[Problem]:
        """Return what is wrong with the names of the stages, as far as that was noted for a task that inherits them."""
        return list(self._problems.get(self._names_as_stated(task), ())) if self._problems and _names(task) else []

    def _names_as_stated(self, task: Task) -> Any:
        found = task.resolved_spec.source(("pipeline",))
        return (task.codebase, *_names(task), found[0].path if found is not None else task.directory)


def _names(task: Task) -> list[str]:
    """Return the names of the stages; none if they do not tell all about the pipeline."""
    named = task.merged_spec.get("pipeline") if task.is_ordinary else None
    return named if isinstance(named, list) else []


def _blueprint(codebase: Codebase, names: list[str]) -> Blueprint | None:
    try:
        with codebase.activate():
            classes = [load(codebase, name) for name in names]
            if not all(isinstance(cls, (type, FunctionStage)) for cls in classes):
                return None
            return Blueprint(codebase, list(zip(classes, names, strict=True)))
    except RepypeError:
        return None  # whoever makes the pipeline of the task itself is told what is wrong
