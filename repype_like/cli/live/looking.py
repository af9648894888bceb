"""Looks at a tree: how its tasks stand, what would be done, and which files have a say in that."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from repype_like.cli.listing import rows_of
from repype_like.cli.live.attention import Attention
from repype_like.cli.selection import Selection, Wanted, select
from repype_like.cli.words import problem_words
from repype_like.errors import SpecError
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.fingerprint.codebases import codebase_for
from repype_like.plan import Files, Plan, Request, TaskPlan, locate_output, task_key
from repype_like.spec import TaskSpec
from repype_like.store import DamagedError, Digest
from repype_like.watch import Held, Report, TaskSeen, affected, still_held, without

__all__ = ["Sight", "look"]


@dataclass
class Sight:
    """What a look has found, with all that is needed to run it."""

    selection: Selection
    workplaces: Workplaces
    plan: Plan
    report: Report


def look(path: str, held: Iterable[Held], attention: Attention) -> Sight:
    """Find out how the tasks at and below `path` stand. Nothing is written or run.

    Arguments:
        path: The directory.
        held: What failed before.
        attention: Takes notes of what is looked at.

    Raises:
        UsageError: If there is no such directory, or no task in it.
    """
    with attention:
        selection = select(Wanted((path,)))
        workplaces, plan = selection.plan(Request())
    files = Files()
    views = {name: place.view for name, place in workplaces.items()}
    kept = still_held(held, plan, views, files)
    wanted = _wanted(kept, plan)
    plans = {task.path: task for task in plan.tasks}
    contents: dict[str, str] = {}
    tasks = []
    for row, spec in zip(rows_of(selection, plans), selection.specs, strict=True):
        place = workplaces.get(row.task)
        seen, made = _files_of(place, files) if place is not None else ({}, {})
        contents.update(seen)
        contents.update(made)
        _note_specs(spec, files, contents)
        tasks.append(TaskSeen(row.task, row.runnable,
                              row.plan if isinstance(row.plan, TaskPlan) else None, row.error,
                              task_key(place.view) if place is not None else "", frozenset(seen), frozenset(made),
                              row.task in wanted, _read_by(place) if place is not None else frozenset()))
    loaded = _note_attention(selection, attention, files, contents)
    folders = attention.folders | {os.path.dirname(file) for file in contents}  # noqa: PTH120  there may be many
    shown = {problem for spec in selection.specs for problem in selection.errors_of(spec)}
    report = Report(
        selection.batch.root, tuple(tasks), tuple(map(problem_words, (
            problem for problem in selection.errors if problem not in shown))),
        tuple(problem_words(problem) for problem in selection.problems if problem.severity == "warning"),
        tuple(sorted({tree.root for tree in selection.batch.trees})), contents, loaded,
        frozenset(folder for folder in folders if Path(folder).is_dir()), tuple(kept))
    return Sight(selection, workplaces, plan, report)


def _wanted(held: list[Held], plan: Plan) -> set[str]:
    """Return the tasks that there is something to be done for, beyond what failed before."""
    held_up, left = affected(held, plan), without(held, plan)
    tasks = {task.task for task in plan.tasks if (task.pending or task.refresh) and task.task not in held_up}
    return tasks | {task for unit in left.units for task in unit.tasks} | {
        transfer.task for transfer in left.transfers if transfer.task in held_up}


def _read_by(place: Workplace) -> frozenset[str]:
    """Return the names of the tasks that the aggregates of a task read."""
    view = place.view
    return frozenset(source.view.name for stage in view.stages if stage.over == "tasks"
                     for source in view.sources(stage.id))


def _files_of(place: Workplace, files: Files) -> tuple[dict[str, str], dict[str, str]]:
    """Return the content of the files that the results of a task depend on, and of those that it has written."""
    view, digest = place.view, _digest(place)
    if digest is None:
        return {}, {}
    seen, made = {}, {}
    for item, stamp in digest.observations:
        path = view.locate(item.scope, item.input_id, item.path)
        if path is not None:
            seen[str(path)] = _content(path, item.hash, stamp, files)
    for output, stamp in digest.outputs:
        path = locate_output(view, output)
        if path is not None:
            made[str(path)] = _content(path, output.hash, stamp, files)
    return seen, made


def _digest(place: Workplace) -> Digest | None:
    try:
        return place.view.store.digest
    except DamagedError:
        return None


def _content(path: Path, content: str, stamp: object, files: Files) -> str:
    if stamp is not None:
        files.remember(path, stamp, content)
    return files.content(path)


def _note_specs(spec: TaskSpec, files: Files, contents: dict[str, str]) -> None:
    for item in (spec, *spec.parents):
        try:
            base = item.base_config
        except SpecError:
            base = None
        for document in filter(None, (item.document, base)):
            if str(document.path) not in contents:
                contents[str(document.path)] = files.content(document.path)


def _note_attention(selection: Selection, attention: Attention, files: Files,
                    contents: dict[str, str]) -> frozenset[str]:
    """Add what was looked at to `contents`, and return what code was loaded from, or has read."""
    sources = dict(_sources(selection))
    contents.update(sources)
    for file in attention.files:
        if file not in contents:
            contents[file] = files.content(Path(file))
    return frozenset(sources) | attention.by_code


def _sources(selection: Selection) -> Iterator[tuple[str, str]]:
    codebases = {id(task.codebase): task.codebase for task in selection.batch.tasks.values()}
    for codebase in (*codebases.values(), codebase_for(Path.cwd())):
        yield from codebase.sources.hashes().items()
