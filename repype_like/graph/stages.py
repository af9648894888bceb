"""The graph of a pipeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from repype_like.graph.graph import Graph, Node, Port, State
from repype_like.typing import Protocol

__all__ = ["OtherTasks", "Progress", "StageLike", "graph_of_stages"]

_MOST_NAMED = 5
"""Tasks."""


class StageLike(Protocol):
    """What has to be known of a stage."""

    id: str
    inputs: Collection[str]
    outputs: Collection[str]
    consumes: Collection[str]
    extra_dependencies: Collection[str]
    deterministic: bool

    @property
    def over(self) -> str:
        """What it is an aggregate over: ``inputs``, ``tasks``, or nothing."""

    @property
    def tasks(self) -> str | Collection[str]:
        """Patterns of the tasks that it reads."""


@dataclass(frozen=True, slots=True)
class OtherTasks:
    """The tasks that an aggregate reads."""

    pattern: str
    """What they are called together."""
    names: tuple[str, ...] = ()
    state: State = "unknown"
    count: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is."""

    state: State = "unknown"
    count: str = ""
    remarks: tuple[str, ...] = ()


_NOTHING_KNOWN = Progress()


def graph_of_stages(title: str, stages: Iterable[StageLike], dropped: Collection[str] = (),
                    progress: Mapping[str, Progress] | None = None, inputs: int | None = None,
                    sources: Mapping[str, OtherTasks] | None = None) -> Graph:
    """Return the graph of stages in the order in which they are processed.

    Arguments:
        title: What it is about.
        stages: The stages.
        dropped: The fields that are not kept besides the consumed ones.
        progress: How far the stages are, by identifier.
        inputs: The number of inputs, if it is known.
        sources: What is known of the tasks that aggregates read, by the identifier of the aggregate.
    """
    stages, progress = list(stages), progress or {}
    consumed = frozenset[str]().union(*(stage.consumes for stage in stages))
    makers = {name: stage.id for stage in stages for name in (stage.id, *stage.outputs)}
    others = {stage.id: (sources or {}).get(stage.id) or OtherTasks(", ".join(_patterns(stage)) or "other tasks")
              for stage in stages if stage.over == "tasks"}
    awaited = {stage.id: sorted({makers.get(name, name) for name in stage.extra_dependencies}) for stage in stages}
    nodes = _source_nodes(stages, others)
    if any("input_id" in stage.inputs for stage in stages):
        nodes.insert(0, Node("inputs" if inputs != 1 else "input", (), (Port("input_id"),),
                          count="" if inputs is None else str(inputs)))
    for stage in stages:
        known = progress.get(stage.id, _NOTHING_KNOWN)
        makes = tuple(Port(name, "consumed" if name in consumed else "not kept" if name in dropped else "")
                      for name in _in_order(stage, "outputs"))
        if any(stage.id in names for names in awaited.values()):
            makes += (Port(_end_of(stage.id)),)
        fields = _in_order(stage, "inputs")
        if stage.id in others:
            fields = [_field_of(field, others[stage.id]) for field in fields]
        reads = tuple(map(Port, (*fields, *map(_end_of, awaited[stage.id]))))
        kind: tuple[str, ...] = (f"once, over {stage.over}",) if stage.over else ()
        kind += () if stage.deterministic else ("not deterministic",)
        nodes.append(Node(stage.id, reads, makes, known.state, known.count, (*kind, *known.remarks)))
    return Graph(title, tuple(nodes))


def _source_nodes(stages: Iterable[StageLike], others: Mapping[str, OtherTasks]) -> list[Node]:
    """Return a box for each set of tasks that aggregates read."""
    fields: dict[OtherTasks, dict[str, None]] = {}
    for stage in stages:
        if stage.id in others:
            fields.setdefault(others[stage.id], {}).update(dict.fromkeys(_in_order(stage, "inputs")))
    return [Node(tasks.pattern, (), tuple(Port(_field_of(field, tasks)) for field in names), tasks.state, tasks.count,
                 _few(tasks.names)) for tasks, names in fields.items()]


def _few(names: Sequence[str]) -> tuple[str, ...]:
    more = (f"and {len(names) - _MOST_NAMED} more",) if len(names) > _MOST_NAMED else ()
    return (*names[:_MOST_NAMED], *more)


def _field_of(field: str, tasks: OtherTasks) -> str:
    return f"{field} of {tasks.pattern}"


def _patterns(stage: StageLike) -> tuple[str, ...]:
    return (stage.tasks,) if isinstance(stage.tasks, str) else tuple(stage.tasks)


def _end_of(stage: str) -> str:
    """Return what a stage waits for that depends on another one without reading anything of it."""
    return f"end of {stage}"


def _in_order(stage: StageLike, name: str) -> list[str]:
    """Return fields in the order in which the class of the stage declares them, if it does; else by name."""
    found = getattr(stage, name)
    declared = getattr(type(stage), name, ())
    order = list(declared) if isinstance(declared, (list, tuple)) else []
    return sorted(found, key=lambda field: (order.index(field) if field in order else len(order), field))
