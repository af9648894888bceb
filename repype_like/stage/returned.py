"""What a stage has returned, or yielded: checked against its outputs."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Generator, Mapping
from types import GeneratorType

from repype_like.typing import TYPE_CHECKING, Any, PipelineData

if TYPE_CHECKING:
    from repype_like.formats.streams import NewSequence, Streams
    from repype_like.stage.base import Stage

__all__ = ["OutputMismatch", "checked", "mismatch"]


class OutputMismatch(AssertionError):
    """A stage returned other fields than its `outputs`; the message names them, and where the stage is defined."""


def mismatch(stage: Stage, what: str) -> OutputMismatch:
    """Return the error that says `what` a stage returned."""
    code = getattr(inspect.unwrap(getattr(stage, "function", type(stage).process)), "__code__", None)
    place = f"{code.co_filename}:{code.co_firstlineno}: " if code is not None else ""
    return OutputMismatch(f'{place}stage "{stage.id}" {what}')


def checked(stage: Stage, returned: Any, new_sequence: NewSequence | None) -> PipelineData:
    """Return what a stage has returned, by field; see :meth:`Stage.check_outputs`."""
    if type(returned) is dict and returned.keys() == stage.outputs and not (
            stage.formats or GeneratorType in map(type, returned.values())):  # as nearly always
        return returned.copy()
    outputs = _with_streams(stage, returned, new_sequence)
    fields = frozenset(stage.outputs)
    if not isinstance(outputs, Mapping):
        if outputs is None and not fields:
            return {}
        raise mismatch(stage, f"returned {type(outputs).__name__} instead of a dictionary with the fields "
                              f"{_listed(fields)}")
    missing, extra = fields - outputs.keys(), outputs.keys() - fields
    if missing or extra:
        parts = [f"did not return {_listed(missing)}" if missing else "",
                 f"returned {_listed(extra)}, which its outputs do not name" if extra else ""]
        raise mismatch(stage, " and ".join(filter(None, parts)))
    return dict(outputs)


def _with_streams(stage: Stage, outputs: Any, new_sequence: NewSequence | None) -> Any:
    """Return `outputs` with stored sequences in place of what is yielded."""
    is_mapping = isinstance(outputs, Mapping)
    if not isinstance(outputs, GeneratorType) and not (is_mapping and (
            stage.formats or any(isinstance(value, GeneratorType) for value in outputs.values()))):
        return outputs
    from repype_like.formats.streams import Streams, temporary_sequence  # most stages yield nothing

    with Streams(stage.formats, new_sequence or temporary_sequence) as streams:
        returned = outputs if is_mapping else _yielded(stage, outputs, streams)
        for field, value in returned.items():
            if streams.is_wanted(field, value):
                streams.extend(field, value)
        return {**returned, **streams.finish()}


def _yielded(stage: Stage, items: Generator[Any, None, Any], streams: Streams) -> Mapping[str, Any]:
    """Write what :meth:`Stage.process` yields, and return what it returns at the end."""
    fields = frozenset(stage.outputs)
    while True:
        try:
            item = next(items)
        except StopIteration as end:
            returned = end.value if isinstance(end.value, Mapping) else {}
            for field in fields - returned.keys():
                streams.begin(field)  # there may have been no item
            return returned
        if not isinstance(item, Mapping) or not item.keys() <= fields:
            what = _listed(item.keys() - fields) if isinstance(item, Mapping) else type(item).__name__
            raise mismatch(stage, f"yielded {what} instead of dictionaries with the fields {_listed(fields)}, "
                                  "each with one item")
        for field, value in item.items():
            streams.add(field, value)


def _listed(fields: Collection[str]) -> str:
    return ", ".join(f'"{field}"' for field in sorted(fields)) or "(none)"
