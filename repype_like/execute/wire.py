"""Messages as bytes, on their way from a worker to the coordinator, be it through a cluster.

Pickle takes what comes. But what there is to say of every unit comes to four messages, and for these it takes longer
than for all else that the coordinator does; so they are taken apart here, and go by marshal, which knows plain data
only.
"""

from __future__ import annotations

import marshal
import pickle
from collections.abc import Callable, Sequence
from dataclasses import fields

from repype_like.events import Event, StageFinished, StageStarted
from repype_like.execute.messages import Happened, Idle, Made, Message, UnitDone
from repype_like.store import FieldValue, Observation, OutputFile, Record
from repype_like.store.record import shared
from repype_like.typing import Any

__all__ = ["packed", "unpacked"]

_PICKLED = pickle.PROTO[0]
"""What a pickle begins with; marshal begins with the type of a list."""

_FIELDS: dict[type[Event], tuple[str, ...]] = {
    cls: tuple(field.name for field in fields(cls)) for cls in (StageStarted, StageFinished)}


def packed(messages: Sequence[object]) -> bytes:
    """Return messages as bytes, be they of any kind."""
    try:
        return marshal.dumps([_TAKE_APART[type(message)](message) for message in messages])
    except (KeyError, ValueError):  # there are few of that kind, or there is something in it that is not plain
        return pickle.dumps(list(messages), 5)


def unpacked(data: bytes | memoryview) -> list[Message | Idle]:
    """Return the messages that :func:`packed` was given, by a process of the same version of Python."""
    if data[0] == _PICKLED:
        messages: list[Message | Idle] = pickle.loads(data)
        return messages
    return [_PUT_TOGETHER[parts[0]](*parts[1:]) for parts in marshal.loads(data)]  # noqa: S302  from a process of ours


def _event_parts(message: Happened) -> tuple[Any, ...]:
    event = message.event
    kind = type(event)
    return kind.__name__, *map(vars(event).__getitem__, _FIELDS[kind])


def _event(cls: type[Event]) -> Callable[..., Happened]:
    names = _FIELDS[cls]

    def put_together(*values: Any) -> Happened:
        event = object.__new__(cls)
        event.__dict__ = dict(zip(names, values, strict=True))
        return Happened(event)

    return put_together


def _done_parts(message: UnitDone) -> tuple[Any, ...]:
    return "done", *message


def _made_parts(message: Made) -> tuple[Any, ...]:
    record = message.record
    values = [(name, value and tuple(value)) for name, value in record.fields.items()]
    return ("made", record.id, record.pre_key, record.stage, record.input_id, record.fingerprint, record.config,
            record.reads, [tuple(item) for item in record.observations], [tuple(item) for item in record.outputs],
            values, record.started, record.seconds, record.peak_memory, record.note, *message[1:])


def _made(record_id: str, pre_key: str, stage: str, input_id: Any, fingerprint: str, config: Any, reads: Any,
          observations: Any, outputs: Any, values: Any, started: float, seconds: float, peak_memory: int, note: Any,
          *rest: Any) -> Made:
    stage, fingerprint, config, note = shared(stage, fingerprint, config, note)
    fields = {name: value and FieldValue(*value) for name, value in values}
    return Made(Record(
        record_id, pre_key, stage, input_id, fingerprint, config, reads,
        tuple([Observation(*item) for item in observations]), tuple([OutputFile(*item) for item in outputs]), fields,
        started, seconds, peak_memory, note), *rest)


_TAKE_APART: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    Happened: _event_parts, Made: _made_parts, UnitDone: _done_parts}
"""By kind of message, what makes plain data of it, which begins with a name; a KeyError if there are few like it."""

_PUT_TOGETHER: dict[str, Callable[..., Message]] = {
    "made": _made, "done": UnitDone, **{cls.__name__: _event(cls) for cls in _FIELDS}}
"""By name, what makes a message of the data again."""
