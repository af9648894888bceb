"""The graph of a task as text, DOT, SVG or JSON."""

from __future__ import annotations

import json as _json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from repype_like.cli.problems import report_problems
from repype_like.cli.rows import reason_words
from repype_like.cli.selection import Selection, Wanted, select
from repype_like.cli.terminal import Color, Terminal, err, out
from repype_like.cli.words import clean, near, path_words
from repype_like.errors import SpecError, UsageError
from repype_like.graph import Graph, Port, State, Style, as_dot, as_svg, as_text
from repype_like.plan import TaskPlan
from repype_like.spec import SPEC_NAME, TaskSpec
from repype_like.task.mapping import map_of
from repype_like.typing import Any

__all__ = ["FORMS", "show_graph"]

_COLORS: dict[State, Color] = {"done": "green", "todo": "yellow", "failed": "red", "off": "dim", "unknown": ""}

FORMS: dict[str, Callable[[Graph], str]] = {
    "dot": as_dot, "svg": as_svg, "text": lambda graph: "\n".join([graph.title, "", *as_text(graph), ""])}
"""By name, what makes a file of a graph."""

_SUFFIXES = {".dot": "dot", ".gv": "dot", ".svg": "svg", ".txt": "text"}


_INPUTS = (Port("input_id"),)
"""What the inputs of the task give, which are no stage."""


def show_graph(task: str, *, form: str | None, output: Path | None, json: bool) -> int:
    """Draw the stages of a task, and return the exit code.

    Arguments:
        task: The directory of the task.
        form: What to draw it as; that which the suffix of `output` names, or else text, if None.
        output: The file to write to; stdout if None.
        json: Whether to print JSON in place of a drawing.

    Raises:
        UsageError: If there is no such task, or the file cannot be written.
    """
    chosen = _form(form, output)
    selection = select(Wanted((task,)))
    spec = _spec(selection, task)
    errors = selection.errors_of(spec)
    if errors:
        raise SpecError(errors)
    report_problems(problem for problem in selection.problems if problem.task == spec.directory)
    loaded = selection.batch.resolved_tasks[spec.directory]
    context = next((context for context in selection.contexts if context.task is loaded), None)
    places = selection.batch.workplaces([context]) if context is not None else {}
    view = places[selection.batch.name_of(loaded)].view if context is not None else None
    graph, plan = map_of(loaded, path_words(spec.directory), reason_words, path_words, view=view)
    graph = _near(graph)
    if output is not None:
        _write(output, FORMS[chosen](graph))
    elif json:
        print(_json.dumps({"schema": 1, "task": graph.title, "runnable": spec.runnable, **_plain(graph)}, indent=1))
    elif chosen == "text":
        _print(graph, plan, out())
    else:
        out().stream.write(out().encodable(FORMS[chosen](graph)))
    return 0


def _form(form: str | None, output: Path | None) -> str:
    named = _SUFFIXES.get(output.suffix.lower()) if output is not None else "text"
    if form is None and named is None:
        raise UsageError(f"{output}: the suffix says what to draw: {', '.join(_SUFFIXES)}; or add --dot or --svg")
    return form or named or "text"


def _spec(selection: Selection, task: str) -> TaskSpec:
    directory = Path(task).expanduser().resolve()
    directory = directory.parent if directory.name == SPEC_NAME else directory
    found = next((spec for spec in selection.specs if spec.directory == directory), None)
    if found is None:
        below = [path_words(spec.directory) for spec in selection.specs]
        raise UsageError(f"{task}: this directory is no task, there is no {SPEC_NAME}; the tasks below are "
                         f"{', '.join(below[:5])}{', ...' if len(below) > 5 else ''}")
    return found


def _near(graph: Graph) -> Graph:
    """Return the graph with paths as the user would type them, and nothing that a terminal would act upon."""
    def shown(text: str) -> str:
        return clean(near(text))

    nodes = tuple(replace(node, title=clean(node.title), remarks=tuple(map(shown, node.remarks)),
                          reads=tuple(replace(port, name=clean(port.name)) for port in node.reads),
                          makes=tuple(replace(port, name=clean(port.name)) for port in node.makes))
                  for node in graph.nodes)
    return Graph(clean(graph.title), nodes)


def _print(graph: Graph, plan: TaskPlan | None, terminal: Terminal) -> None:
    terminal.line(terminal.paint(f"# {graph.title}: {_state(plan)}", "dim"))
    style = Style(terminal.width, terminal.has_unicode, lambda text, state: terminal.paint(text, _COLORS[state]))
    for line in as_text(graph, style):
        terminal.line(line)


def _state(plan: TaskPlan | None) -> str:
    if plan is None:
        return "a template, which is not run"
    if not plan.pending:
        return "up to date"
    share = [f"{plan.done} of {plan.total} inputs up to date"] if plan.total else []
    return "; ".join([*share, *(clean(reason_words(reason)) for reason in plan.reasons[:1])])


def _plain(graph: Graph) -> dict[str, Any]:
    readers: dict[str, list[str]] = {}
    for node in graph.nodes:
        for port in node.reads:
            readers.setdefault(port.name, []).append(node.title)
    return {"stages": [{
        "stage": node.title, "state": node.state, "count": node.count, "remarks": list(node.remarks),
        "inputs": [port.name for port in node.reads],
        "outputs": [{"field": port.name, "kept": not port.note, "readers": readers.get(port.name, [])}
                    for port in node.makes]} for node in graph.nodes if node.makes != _INPUTS]}


def _write(path: Path, text: str) -> None:
    try:
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    err().line(clean(str(path)))
