"""The graph of a pipeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from repype_like.graph.graph import Graph, Node, Port, State
from repype_like.typing import Protocol

__all__ = ["Progress", "StageLike", "graph_of_stages"]


class StageLike(Protocol):
    """What has to be known of a stage."""

    id: str
    inputs: Collection[str]
    outputs: Collection[str]
    consumes: Collection[str]
    extra_dependencies: Collection[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is."""

    state: State = "unknown"
    count: str = ""
    remarks: tuple[str, ...] = ()


_NOTHING_KNOWN = Progress()


def graph_of_stages(title: str, stages: Iterable[StageLike], dropped: Collection[str] = (),
                    progress: Mapping[str, Progress] | None = None, inputs: int | None = None) -> Graph:
    """Return the graph of stages in the order in which they are processed.

    Arguments:
        title: What it is about.
        stages: The stages.
        dropped: The fields that are not kept besides the consumed ones.
        progress: How far the stages are, by identifier.
        inputs: The number of inputs, if it is known.
    """
    stages, progress = list(stages), progress or {}
    consumed = frozenset[str]().union(*(stage.consumes for stage in stages))
    makers = {name: stage.id for stage in stages for name in (stage.id, *stage.outputs)}
    awaited = {stage.id: sorted({makers.get(name, name) for name in stage.extra_dependencies}) for stage in stages}
    nodes = []
    if any("input_id" in stage.inputs for stage in stages):
        nodes.append(Node("inputs" if inputs != 1 else "input", (), (Port("input_id"),),
                          count="" if inputs is None else str(inputs)))
    for stage in stages:
        known = progress.get(stage.id, _NOTHING_KNOWN)
        makes = tuple(Port(name, "consumed" if name in consumed else "not kept" if name in dropped else "")
                      for name in _in_order(stage, "outputs"))
        if any(stage.id in names for names in awaited.values()):
            makes += (Port(_end_of(stage.id)),)
        reads = tuple(map(Port, (*_in_order(stage, "inputs"), *map(_end_of, awaited[stage.id]))))
        nodes.append(Node(stage.id, reads, makes, known.state, known.count, known.remarks))
    return Graph(title, tuple(nodes))


def _end_of(stage: str) -> str:
    """Return what a stage waits for that depends on another one without reading anything of it."""
    return f"end of {stage}"


def _in_order(stage: StageLike, name: str) -> list[str]:
    """Return fields in the order in which the class of the stage declares them, if it does; else by name."""
    found = getattr(stage, name)
    declared = getattr(type(stage), name, ())
    order = list(declared) if isinstance(declared, (list, tuple)) else []
    return sorted(found, key=lambda field: (order.index(field) if field in order else len(order), field))
