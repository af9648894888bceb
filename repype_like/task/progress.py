"""How far the stages of a task are, from its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from repype_like.graph import Graph, OtherTasks, Progress, State, graph_of_stages
from repype_like.pipeline import Pipeline
from repype_like.plan import Action, Reason, Step, TaskPlan, TaskView
from repype_like.typing import InputID

__all__ = ["graph_of_task"]

_MOST_SOURCES = 2

_WEAK = ("depends", "never run")
"""Kinds of reasons that say nothing beside another one."""


def graph_of_task(title: str, pipeline: Pipeline, view: TaskView, plan: TaskPlan,
                  steps: Iterable[tuple[InputID, Step]], words: Callable[[Reason], str] = str,
                  named: Callable[[Path], str] = str, sources: Mapping[str, OtherTasks] | None = None) -> Graph:
    """Return the graph of the pipeline of a task, with what is up to date and what would run, and why.

    Arguments:
        title: What to call it.
        pipeline: The pipeline of the task.
        view: The task as planning sees it.
        plan: What will happen to it.
        steps: All its steps; none if it is up to date.
        words: Puts a reason into words.
        named: Gives the name of the task in a directory.
        sources: What is known of the tasks that aggregates read.
    """
    by_stage: dict[str, list[Step]] = {}
    for _, step in steps:
        by_stage.setdefault(step.stage, []).append(step)
    progress = {stage.id: _progress(stage.id, view, plan, by_stage, words, named) for stage in view.stages}
    kept = frozenset[str]().union(*(stage.kept for stage in view.stages))
    return graph_of_stages(title, pipeline.stages, pipeline.fields - kept, progress, len(view.input_ids), sources)


def _progress(stage: str, view: TaskView, plan: TaskPlan, steps: Mapping[str, Sequence[Step]],
              words: Callable[[Reason], str], named: Callable[[Path], str]) -> Progress:
    total = 1 if view.stage[stage].over else len(view.input_ids)
    if not steps:
        if not view.stage[stage].is_enabled(view.config.get(stage) or {}):
            return Progress("off", "disabled")
        return Progress("todo", f"0/{total}") if plan.pending else Progress("done", f"{total}/{total}")
    found = steps.get(stage)
    if not found:
        return Progress("off", "disabled")
    done = sum(_is_valid(step) for step in found)
    reasons = Counter(reason for step in found if step.runs for reason in step.reasons)
    failed = any(reason.kind == "failed" for reason in reasons)
    state: State = "failed" if failed else "done" if done == len(found) else "todo"
    return Progress(state, f"{done}/{len(found)}", (*_reasons(reasons, words), *_others(found, named)))


def _is_valid(step: Step) -> bool:
    """Tell whether the record is there and counts, be it that its values have to be computed once more."""
    return (step.action is Action.KEEP and not step.restore) or (step.action is Action.RECOMPUTE and not step.reasons)


def _reasons(counts: Counter[Reason], words: Callable[[Reason], str]) -> list[str]:
    """Return why a stage runs: what says most first."""
    ranked = sorted(counts, key=lambda reason: (reason.kind != "failed", reason.kind in _WEAK, -counts[reason]))
    telling = [reason for reason in ranked if reason.kind not in _WEAK] or ranked[:1]
    more = [f"and for {len(telling) - 1} more reason{'s' if len(telling) > 2 else ''}"] if len(telling) > 1 else []
    return [*map(words, telling[:1]), *more]


def _others(steps: Sequence[Step], named: Callable[[Path], str]) -> list[str]:
    """Return what happens apart from computing what is not there."""
    sources = Counter(step.source.path for step in steps if step.action is Action.TAKE and step.source is not None)
    names = [named(path) for path, _ in sources.most_common()]
    more = [f"{len(names) - _MOST_SOURCES} more"] if len(names) > _MOST_SOURCES else []
    taken = [f"{sources.total()} picked up from {', '.join([*names[:_MOST_SOURCES], *more])}"] if sources else []
    again = sum(step.action is Action.RECOMPUTE for step in steps)
    files = sum(len(step.restore) for step in steps if step.action is Action.KEEP)
    return [*taken, *([f"{again} computed again, for values that were not kept"] if again else []),
            *([f"{files} files put back in place"] if files else [])]
