"""The graph of a task: its stages, and how far they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from repype_like.graph import Graph, graph_of_stages
from repype_like.plan import Catalogue, Files, Reason, Request, TaskPlan, plan_task
from repype_like.task import Task, inspection
from repype_like.task.errors import blaming
from repype_like.task.progress import graph_of_task

__all__ = ["map_of"]


def map_of(task: Task, title: str, words: Callable[[Reason], str] = str,
           named: Callable[[Path], str] = str) -> tuple[Graph, TaskPlan | None]:
    """Return the graph of a task, and what would be done for it; None if it is a template.

    Arguments:
        task: The task.
        title: What to call it.
        words: Puts a reason into words.
        named: Gives the name of the task in a directory.

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
    view = inspection.workplace_of(task, pipeline, config, title).view
    catalogue = Catalogue(lambda: inspection.views_of(inspection.neighbours(task)))
    plan, steps = plan_task(view, catalogue, Files(), Request())
    return graph_of_task(title, pipeline, view, plan, steps, words, named), plan
