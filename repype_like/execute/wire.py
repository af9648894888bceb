"""Messages as bytes, on their way from a worker to the coordinator.

Pickle takes what comes. But what there is to say of every unit comes to four messages, and for these it takes longer
than for all else that the coordinator does; so they are taken apart here, and go by marshal, which knows plain data
only.
"""

from __future__ import annotations

import marshal
import pickle

from repype_like.events import Event, StageFinished, StageStarted
from repype_like.execute.messages import Happened, Idle, Made, Message, UnitDone
from repype_like.store import FieldValue, Observation, OutputFile, Record
from repype_like.store.record import shared
from repype_like.typing import Any

__all__ = ["packed", "unpacked"]

_PICKLED = pickle.PROTO[0]
"""What a pickle begins with; marshal begins with the type of a tuple."""

_EVENTS: dict[type[Event], str] = {StageStarted: "started", StageFinished: "finished"}
_CLASSES: dict[str, type[Event]] = {name: cls for cls, name in _EVENTS.items()}


def packed(message: Message | Idle) -> bytes:
    """Return a message as bytes."""
    try:
        parts = _parts(message)
        if parts is not None:
            return marshal.dumps(parts)
    except ValueError:  # there is something in it that is not plain
        pass
    return pickle.dumps(message, 5)


def unpacked(data: bytes | memoryview) -> Message | Idle:
    """Return the message that :func:`packed` was given."""
    if data[0] == _PICKLED:
        message: Message | Idle = pickle.loads(data)
        return message
    kind, *parts = marshal.loads(data)  # noqa: S302  from a process of our own
    if kind == "made":
        return _made(*parts)
    if kind == "done":
        return UnitDone(*parts)
    event = object.__new__(_CLASSES[kind])
    vars(event).update(parts[0])
    return Happened(event)


def _parts(message: Message | Idle) -> tuple[Any, ...] | None:
    """Return plain data for a message that there are many of."""
    if isinstance(message, Happened):
        name = _EVENTS.get(type(message.event))
        return None if name is None else (name, vars(message.event))
    if isinstance(message, UnitDone):
        return "done", message.unit, message.failed
    if isinstance(message, Made):
        record = message.record
        values = [(name, value and tuple(value)) for name, value in record.fields.items()]
        return ("made", record.id, record.pre_key, record.stage, record.input_id, record.fingerprint, record.config,
                record.reads, [tuple(item) for item in record.observations], [tuple(item) for item in record.outputs],
                values, record.started, record.seconds, record.peak_memory, record.note, *message[1:])
    return None


def _made(record_id: str, pre_key: str, stage: str, input_id: Any, fingerprint: str, config: Any, reads: Any,
          observations: Any, outputs: Any, values: Any, started: float, seconds: float, peak_memory: int, note: Any,
          *rest: Any) -> Made:
    stage, fingerprint, config, note = shared(stage, fingerprint, config, note)
    fields = {name: value and FieldValue(*value) for name, value in values}
    return Made(Record(
        record_id, pre_key, stage, input_id, fingerprint, config, reads,
        tuple([Observation(*item) for item in observations]), tuple([OutputFile(*item) for item in outputs]), fields,
        started, seconds, peak_memory, note), *rest)
