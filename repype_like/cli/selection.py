"""From what the command line names to tasks: found, checked, and ready to run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from repype_like.batch import Batch, RunContext
from repype_like.cli.words import count, path_words
from repype_like.errors import Problem, RepypeError, SpecError, UsageError, did_you_mean
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Plan, Request, TaskPlan
from repype_like.spec import SpecTree, TaskSpec, format_input_id
from repype_like.spec.matching import matches
from repype_like.task import Task, load_from_module
from repype_like.typing import InputID, NamedTuple

__all__ = ["Selection", "Wanted", "select"]

_SHOWN = 6
"""How many of many names are listed in a message."""


class Wanted(NamedTuple):
    """What the command line names."""

    paths: tuple[str, ...] = (".",)
    only: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None
    task_class: str | None = None


@dataclass
class Selection:
    """The tasks at and below the paths."""

    wanted: Wanted
    batch: Batch
    specs: list[TaskSpec]
    """All of them, templates and those with errors included."""
    contexts: list[RunContext]
    """Those that can run and are selected."""
    problems: list[Problem]
    """What is wrong with any of them."""
    inputs: frozenset[InputID] | None = None
    """The selected inputs; None stands for all."""
    _not_inherited: list[Problem] = field(default_factory=list)
    """Those that concern no task below the one that has them: what is stored for it cannot be read, say."""

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep a task from being run."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def is_restricted(self) -> bool:
        """Whether there are tasks at and below the paths that are not selected, or are of a class that is no Task."""
        known = self.batch.resolved_tasks
        runnable = sum(spec.runnable and spec.directory in known for spec in self.specs)
        return len(self.contexts) != runnable or self.inputs is not None or self.batch.task_cls is not Task

    def name(self, spec: TaskSpec) -> str:
        """Return the path of a task relative to the root of the run."""
        path, start = spec.directory, f"{self.batch.root}/"
        if str(path).startswith(start):  # as below, at a tenth of the cost
            return str(path)[len(start):]
        return path.relative_to(self.batch.root).as_posix() if path.is_relative_to(self.batch.root) else str(path)

    def errors_of(self, spec: TaskSpec) -> list[Problem]:
        """Return what keeps a task from being run, what is wrong with the tasks it inherits from included."""
        if not self.problems:
            return []
        above = {parent.directory for parent in spec.parents}
        return [problem for problem in self.errors if problem.task == spec.directory or (
            problem.task in above and problem not in self._not_inherited)]

    def workplaces(self) -> Workplaces:
        """Return the selected tasks as planning sees them; those that cannot be seen so become problems."""
        return self._each(self.batch.workplaces)

    def plan(self, request: Request) -> tuple[Workplaces, Plan]:
        """Return the selected tasks as planning sees them, and the plan."""
        places = self.workplaces()
        try:
            return places, self.batch.plan(places, request)
        except RepypeError as error:
            # Which one is it? That is asked rarely, so it may take as long as it does.
            sound = {}
            for name, place in places.items():
                try:
                    self.batch.plan({name: place}, request)
                    sound[name] = place
                except RepypeError as own:
                    self._blame(place.view.path, own)
            if len(sound) == len(places):
                raise error
            return sound, self.batch.plan(sound, request)

    def task_plans(self) -> dict[Path, TaskPlan]:
        """Return what would be done for each task, by directory."""
        return {task.path: task for task in self.plan(Request())[1].tasks}

    def _each(self, make: Callable[[Sequence[RunContext]], Workplaces]) -> Workplaces:
        try:
            return make(self.contexts)
        except RepypeError:
            sound = []
            for context in self.contexts:
                try:
                    make([context])
                    sound.append(context)
                except RepypeError as error:
                    self._blame(context.task.path.resolve(), error)
            self.contexts = sound
            return make(sound)

    def _blame(self, path: Path, error: RepypeError) -> None:
        found = error.problems if isinstance(error, SpecError) else [Problem(str(error), task=path)]
        self._not_inherited.extend([] if isinstance(error, SpecError) else found)
        self.problems.extend(problem for problem in found if problem not in self.problems)


def select(wanted: Wanted, task_class: type[Task] = Task) -> Selection:
    """Find, check and prepare the tasks that are wanted.

    Arguments:
        wanted: What the command line names.
        task_class: The class of the tasks, unless `wanted` or their specification names another.

    Raises:
        UsageError: If what is named does not exist.
    """
    batch = Batch(task_class if wanted.task_class is None else _load_class(wanted.task_class))
    for path in wanted.paths:
        batch.load(Path(path).expanduser())
    for tree, path in zip(batch.trees, wanted.paths, strict=True):
        if not tree.below:
            raise _no_tasks(tree, path)
    specs = list({spec.directory: spec for tree in batch.trees for spec in tree.below}.values())
    known = batch.resolved_tasks
    contexts = batch.prepare(known[spec.directory] for spec in specs if spec.directory in known)
    found = Selection(wanted, batch, specs, contexts, list(dict.fromkeys(batch.problems)))
    if wanted.only:
        found.contexts = _matching(found)
    _check_stages(found)
    return _with_inputs(found) if wanted.inputs else found


def _no_tasks(tree: SpecTree, path: str) -> UsageError:
    nearest = max(tree, key=lambda directory: len(directory.parts), default=None)
    if nearest is None:
        return UsageError(f"{path}: there are no tasks: no task.yml in this directory or below")
    return UsageError(f"{path}: there are no tasks in this directory or below; it is part of the task "
                      f"{path_words(nearest)}")


def _load_class(name: str) -> type[Task]:
    cls = load_from_module(name)
    if not isinstance(cls, type) or not issubclass(cls, Task):
        raise UsageError(f'--task-class: "{name}" is not a class of tasks: it has to be derived from '
                         "repype_like.task.Task")
    return cls


def _matching(found: Selection) -> list[RunContext]:
    """Return the contexts whose path relative to a PATH matches one of the patterns."""
    starts = [tree.path for tree in found.batch.trees]
    names = {spec.directory: [spec.directory.relative_to(start).as_posix() for start in starts
                              if spec.directory.is_relative_to(start)] for spec in found.specs}
    unused = [pattern for pattern in found.wanted.only
              if not any(matches(name, pattern) for tried in names.values() for name in tried)]
    if unused:
        runnable = sorted({name for context in found.contexts for name in names[context.task.path.resolve()]})
        hint = did_you_mean(unused[0], runnable)
        below = ", ".join(found.wanted.paths)
        raise UsageError(f'--only: no task below {below} has a path that matches "{unused[0]}"; ' + (
            hint or f"there are {_some(runnable)}"))
    return [context for context in found.contexts
            if any(matches(name, pattern) for name in names[context.task.path.resolve()]
                   for pattern in found.wanted.only)]


def _check_stages(found: Selection) -> None:
    known = list(dict.fromkeys(name for context in found.contexts for name in context.stage_ids))
    for flag, name in (("--from", found.wanted.first), ("--until", found.wanted.last)):
        if name is not None and name not in known and found.contexts:
            hint = did_you_mean(name, known)
            raise UsageError(f'{flag}: no selected task has a stage "{name}"; '
                             + (hint or f"there are {_some(known)}"))


def _with_inputs(found: Selection) -> Selection:
    """Return the selection restricted to the inputs, and to tasks that have one of them."""
    known = list(dict.fromkeys(input_id for context in found.contexts for input_id in context.task.input_ids))
    chosen: set[InputID] = set()
    for text in found.wanted.inputs:
        meant = {input_id for input_id in known if text == str(input_id) or text in _spellings(input_id)}
        exact = {input_id for input_id in meant if text in _spellings(input_id)}
        if not meant and found.contexts:
            names = [str(input_id) for input_id in known]
            hint = did_you_mean(text, names)
            raise UsageError(f'--input: no selected task has the input "{text}"; '
                             + (hint or f"there are {_some(names)}"))
        chosen |= exact or meant
    contexts = [context for context in found.contexts if not chosen.isdisjoint(context.task.input_ids)]
    return replace(found, contexts=contexts, inputs=frozenset(chosen))


def _spellings(input_id: InputID) -> tuple[str, ...]:
    """Return how an input may be named so that no other is meant; texts in quotation marks, if need be or not."""
    plain = format_input_id(input_id)
    return (plain, json.dumps(input_id, ensure_ascii=False)) if isinstance(input_id, str) else (plain,)


def _some(names: Iterable[str]) -> str:
    """Return names as a list that does not get long."""
    names = list(names)
    more = f" and {count(len(names) - _SHOWN, 'other')}" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "none") + more
