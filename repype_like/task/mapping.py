"""The graph of a task: its stages, and how far they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from repype_like.errors import RepypeError
from repype_like.graph import Graph, OtherTasks, as_html, graph_of_stages, table_html
from repype_like.pipeline import Pipeline
from repype_like.plan import Catalogue, Files, Reason, Request, TaskPlan, TaskView, plan_task
from repype_like.task import inspection
from repype_like.task.errors import blaming
from repype_like.task.progress import graph_of_task
from repype_like.task.sources import patterns_for
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repype_like.task.task import Task

__all__ = ["html_of", "map_of"]


def map_of(task: Task, title: str, words: Callable[[Reason], str] = str, named: Callable[[Path], str] = str,
           pick_up: bool = True, view: TaskView | None = None) -> tuple[Graph, TaskPlan | None]:
    """Return the graph of a task, and what would be done for it; None if it is a template.

    Arguments:
        task: The task.
        title: What to call it.
        words: Puts a reason into words.
        named: Gives the name of the task in a directory.
        pick_up: Whether to look at what the other tasks of the tree have.
        view: The task as planning sees it, if that is known. If not, the tasks that it reads are looked for.

    Raises:
        RepypeError: If there is something wrong with it.
    """
    with task.codebase.activate():
        with blaming("create_pipeline"):
            pipeline = task.create_pipeline()
        if not task.runnable:
            return graph_of_stages(title, pipeline.stages, task.get_marginal_fields(pipeline)), None
        with blaming("create_config"):
            config = task.create_config()
    task.results.refresh()
    if view is None:
        view = inspection.workplace_of(task, pipeline, config, title).view
    catalogue = Catalogue(lambda: inspection.views_of(inspection.neighbours(task)) if pick_up else ())
    files, request = Files(), Request(pick_up=pick_up)
    plan, steps = plan_task(view, catalogue, files, request)

    def is_pending(source: TaskView) -> bool:
        return bool(plan_task(source, catalogue, files, request)[0].pending)

    return graph_of_task(title, pipeline, view, plan, steps, words, named, _sources(pipeline, view, is_pending)), plan


def _sources(pipeline: Pipeline, view: TaskView, is_pending: Callable[[TaskView], bool]) -> dict[str, OtherTasks]:
    """Return what there is to be said of the tasks that aggregates read."""
    found = {}
    for stage in pipeline.stages:
        if stage.over == "tasks":
            sources = view.sources(stage.id)
            pattern = ", ".join(patterns_for(stage, view.config.get(stage.id) or {}))
            done = sum(not is_pending(source.view) for source in sources)
            found[stage.id] = OtherTasks(pattern, tuple(source.key for source in sources),
                                         "done" if done == len(sources) else "todo", f"{done}/{len(sources)}")
    return found


def html_of(task: Task) -> str:
    """Return what a notebook shows of a task: its graph, or what is wrong with it."""
    try:
        graph, plan = map_of(task, str(task.path), pick_up=False)
    except RepypeError as error:
        return table_html(str(task.path), (), [], str(error))
    return as_html(Graph(task.directory.name, graph.nodes), f"{graph.title}: {_state(plan)}")


def _state(plan: TaskPlan | None) -> str:
    if plan is None:
        return "a template, which is not run"
    if not plan.pending:
        return "up to date"
    share = [f"{plan.done} of {plan.total} inputs up to date"] if plan.total else []
    return "; ".join([*share, *map(str, plan.reasons[:1])])
