"""The tasks that aggregates over tasks read: found, checked, and put into order.

What is read is brought up to date with those who read it. So a selection of tasks always comes with the tasks that it
reads, and with those that these read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from repype_like.batch.context import RunContext
from repype_like.config import Config
from repype_like.errors import Problem, UsageError, did_you_mean
from repype_like.execute.workplace import Workplace
from repype_like.plan import CONFIGS, Source
from repype_like.stage import Stage
from repype_like.task import Task
from repype_like.task.sources import Directories, base_of, matching, patterns_for

__all__ = ["SourceFinder", "Tasks", "link"]

Tasks = Mapping[Path, Task]
"""Tasks by resolved directory."""

Links = Mapping[str, Mapping[str, Path]]
"""By aggregate, the directories of the tasks that it reads, by key."""


class SourceFinder:
    """Finds the tasks that others read.

    Arguments:
        load: Gives all tasks below a directory.
        prepare: Gives a task ready to run, or None, and what is wrong with it.
    """

    def __init__(self, load: Callable[[Path], Tasks],
                 prepare: Callable[[Task], tuple[RunContext | None, list[Problem]]]):
        self.links: dict[Path, Links] = {}
        self.contexts: dict[Path, RunContext] = {}
        """The tasks that are read, or read others, by directory."""
        self._load = load
        self._prepare = prepare
        self._known: dict[Path, Task] = {}
        self._directories = Directories(())
        self._loaded: set[Path] = set()
        self._unsound: set[Path] = set()
        self._told: set[Path] = set()
        self._wrong: dict[Path, list[Problem]] = {}

    def find(self, contexts: Sequence[RunContext]) -> list[Problem]:
        """Find what tasks read, directly or not, and return what is wrong with that, also if it was found before."""
        found = list(self._find(contexts))
        known = [problem for context in contexts if self._wrong
                 for problem in self._wrong.get(context.task.directory, ())]
        return list(dict.fromkeys([*found, *known]))

    def _find(self, contexts: Iterable[RunContext]) -> Iterator[Problem]:
        waiting = [context for context in contexts if _aggregates(context) and context.task.directory not in self.links]
        found = list(waiting)
        self.contexts.update((context.task.directory, context) for context in waiting)
        while waiting:
            context = waiting.pop()
            links: dict[str, Mapping[str, Path]] = {}
            self.links[context.task.directory] = links
            for stage in _aggregates(context):
                try:
                    links[stage.id] = self._sources(context, stage)
                except UsageError as error:
                    self._unsound.add(context.task.directory)
                    yield self._problem(context.task, stage, str(error))
            for directory in dict.fromkeys(path for sources in links.values() for path in sources.values()):
                if directory not in self.contexts and directory not in self._unsound:
                    source, problems = self._prepare(self._known[directory])
                    yield from problems
                    if source is None:
                        self._unsound.add(directory)
                        continue
                    self.contexts[directory] = source
                    if _aggregates(source) and directory not in self.links:
                        waiting.append(source)
                        found.append(source)
        blamed = [problem for context in found for problem in self._unfit(context)]
        blamed.extend(self._cycles(found))
        yield from blamed
        yield from self._held_up(found, blamed)

    def needed(self, contexts: Iterable[RunContext]) -> list[RunContext]:
        """Return the tasks that others read, directly or not, without those themselves, sorted by directory."""
        if not self.links:
            return []
        chosen = {context.task.directory for context in contexts}
        waiting, seen = list(chosen), set(chosen)
        while waiting:
            for path in self._read_by(waiting.pop()):
                if path not in seen:
                    seen.add(path)
                    waiting.append(path)
        return [self.contexts[path] for path in sorted(seen - chosen)]

    def _read_by(self, directory: Path) -> list[Path]:
        return list(dict.fromkeys(path for sources in self.links.get(directory, {}).values()
                                  for path in sources.values()))

    def _sources(self, context: RunContext, stage: Stage) -> Mapping[str, Path]:
        task = context.task
        patterns = patterns_for(stage, context.config.entries.get(stage.id) or {})
        for pattern in patterns:
            self._look_below(base_of(task.directory, pattern)[0])
        return matching(stage, task.directory, patterns, self._directories)

    def _look_below(self, base: Path) -> None:
        while not base.is_dir() and base != base.parent:  # what is there is told if there is nothing
            base = base.parent
        if not any(base.is_relative_to(known) for known in self._loaded):
            self._loaded.add(base)
            self._known.update((path, task) for path, task in self._load(base).items() if path not in self._known)
            self._directories = Directories(path for path, task in self._known.items() if task.runnable)

    def _unfit(self, context: RunContext) -> Iterator[Problem]:
        """Yield what there is not in the tasks that aggregates read."""
        for stage in _aggregates(context):
            found: dict[tuple[str, str, str], list[str]] = {}
            for key, path in self.links[context.task.directory].get(stage.id, {}).items():
                if path in self._unsound:
                    continue
                for field in sorted(frozenset(stage.inputs) - {CONFIGS}):
                    why, hint = _why_not(self.contexts[path], field, field in stage.optional_inputs)
                    if why:
                        found.setdefault((field, why, hint), []).append(key)
            for (field, why, hint), keys in found.items():
                told = f'the aggregate "{stage.id}" reads "{field}" of {_first_of(keys)}, {why}'
                yield self._problem(context.task, stage, told, hint)

    def _held_up(self, contexts: Sequence[RunContext], blamed: Iterable[Problem]) -> Iterator[Problem]:
        """Yield that aggregates read tasks with which there is something wrong because of what these read, and so on.

        Arguments:
            contexts: The tasks that read others.
            blamed: What is wrong with some of them.
        """
        named = {problem.task for problem in blamed if problem.task is not None}
        self._unsound |= named
        self._told |= named
        news = True
        while news:
            news = False
            for context in contexts:
                directory = context.task.directory
                found = [] if directory in self._told else list(self._needs_mending(context))
                if found:
                    self._told.add(directory)
                    news = news or directory not in self._unsound
                    self._unsound.add(directory)
                    yield from found

    def _needs_mending(self, context: RunContext) -> Iterator[Problem]:
        for stage in _aggregates(context):
            found = [key for key, path in self.links[context.task.directory].get(stage.id, {}).items()
                     if path in self._unsound]
            if found:
                yield self._problem(context.task, stage, f'the aggregate "{stage.id}" reads {_first_of(found)}, and '
                                    "there is something wrong with that task", "mend that one first")

    def _cycles(self, contexts: Iterable[RunContext]) -> Iterator[Problem]:
        for context in contexts:
            way = self._way_back(context.task.directory)
            if way:
                stage = next(stage for stage in _aggregates(context)
                             if way[1] in self.links[context.task.directory].get(stage.id, {}).values())
                names = " -> ".join(self._named(path, context.task) for path in way)
                yield self._problem(context.task, stage, f"the tasks read each other in a cycle: {names}",
                                    "have one of the patterns leave out what reads this task")

    def _way_back(self, start: Path) -> list[Path]:
        """Return the way from a task to itself by what is read; empty if there is none."""
        before: dict[Path, Path] = {}
        waiting = [start]
        while waiting:
            path = waiting.pop()
            for following in self._read_by(path):
                if following == start:
                    way = [start, path]
                    while way[-1] != start:
                        way.append(before[way[-1]])
                    return way[::-1]
                if following not in before:
                    before[following] = path
                    waiting.append(following)
        return []

    def _named(self, path: Path, near: Task) -> str:
        top = near.root.directory
        return path.relative_to(top).as_posix() if path.is_relative_to(top) else str(path)

    def _problem(self, task: Task, stage: Stage, message: str, hint: str = "") -> Problem:
        spec = task.resolved_spec
        place = spec.config.origin((stage.id, "tasks")) or spec.origin(("pipeline",)) or spec.origin(())
        problem = Problem(message, place, hint, task=task.directory)
        self._wrong.setdefault(task.directory, []).append(problem)
        return problem


def link(places: Mapping[str, Workplace], links: Mapping[Path, Links]) -> dict[str, Workplace]:
    """Return tasks as planning sees them, with what they read."""
    linked = dict(places)
    names = {place.view.path: name for name, place in places.items()}
    for name, place in places.items():
        own = links.get(place.view.path)
        if own:
            linked[name] = replace(place, view=replace(place.view, sources=_sources_of(own, names, linked)))
    return linked


def _sources_of(links: Links, names: Mapping[Path, str],
                places: Mapping[str, Workplace]) -> Callable[[str], tuple[Source, ...]]:
    def sources(stage: str) -> tuple[Source, ...]:
        return tuple(Source(key, places[names[path]].view) for key, path in links.get(stage, {}).items())

    return sources


def _first_of(names: Sequence[str]) -> str:
    return names[0] + (f" (and {len(names) - 1} more)" if len(names) > 1 else "")


def _aggregates(context: RunContext) -> list[Stage]:
    """Return the aggregates over tasks that take part."""
    if context.blueprint is not None:  # it has none
        return []
    found = [stage for stage in context.pipeline.stages if stage.over == "tasks"]
    if not found:
        return []
    sections = Config(context.config.final())
    return [stage for stage in found if stage.is_enabled(sections.section(stage.id))]


def _why_not(source: RunContext, field: str, is_optional: bool) -> tuple[str, str]:
    """Return why a field of a task cannot be read, and the mend; nothing if it can."""
    pipeline, task = source.pipeline, source.task
    producer = next((stage for stage in pipeline.stages if field in stage.outputs), None)
    if producer is None and is_optional:
        return "", ""
    if producer is None:
        known = sorted(pipeline.fields - {"input_id"})
        return "which has no such field", did_you_mean(field, known) or f"its fields are {', '.join(known)}"
    if not producer.is_enabled(Config(source.config.final()).section(producer.id)):
        return f'whose stage "{producer.id}" is disabled', "enable it there, or leave that task out of the pattern"
    if field in task.get_marginal_fields(pipeline):
        return "where it is not kept", f'take "{producer.id}" out of marginal_stages there'
    if field not in pipeline.persistent_fields:
        return "where it is consumed", "have no stage there consume it"
    return "", ""
