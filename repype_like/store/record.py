"""The stored outcome of one stage for one input, and its form in the log.

In the log a record is its two names, a list in JSON that says all the rest, and the bytes of its small values.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from repype_like.errors import DamagedError
from repype_like.hashing import hash_bytes
from repype_like.json_text import json_encoder
from repype_like.store.plain import to_plain
from repype_like.typing import Any, InputID, Plain

__all__ = ["ACCEPTED", "FieldValue", "Observation", "OutputFile", "Part", "Record", "decode", "encode", "shared",
           "to_plain"]


ACCEPTED = "accepted"
"""What the note of a record has if its outcome is that of an earlier one, which the user vouched for: ``name`` and
``fingerprint`` of that one, ``changes`` (the pieces of code that had changed), ``by`` and ``time``."""


class Part(NamedTuple):
    """A blob that holds a part of a value."""

    blob: str
    size: int

    @property
    def hash(self) -> str:
        """The hash of its content."""
        return self.blob.partition(".")[0]


class FieldValue(NamedTuple):
    """A stored value: inline, or as a blob; or files, with a list of them inline or as a blob."""

    format: str
    size: int
    """In bytes, as stored."""
    hash: str
    """Of the bytes as stored."""
    inline: bytes | None = None
    blob: str | None = None
    """The name of the file in the folder of blobs."""
    shown: Plain = None
    """What to show of the value without loading it: see :func:`repype_like.formats.describe`."""
    parts: tuple[Part, ...] = ()
    """The files."""

    def blobs(self) -> Iterator[tuple[str, FieldValue | Part]]:
        """Yield the names of all blobs that hold something of the value, each with its size and hash."""
        if self.blob is not None:
            yield self.blob, self
        for part in self.parts:
            yield part.blob, part

    @property
    def total(self) -> int:
        """How many bytes all of it takes."""
        return self.size + sum(part.size for part in self.parts)


class Observation(NamedTuple):
    """A file that a stage met: where, and what was there.

    The place is a scope and an input, or a path: relative to the tree with ``/`` as separator, or absolute outside.
    """

    scope: str | None
    input_id: InputID | None
    path: str | None
    hash: str
    """Hash of the content, or ``absent``."""


class OutputFile(NamedTuple):
    """A file that a stage made: where, as for :class:`Observation`, and what."""

    scope: str | None
    input_id: InputID | None
    path: str | None
    hash: str
    size: int
    mode: int
    relative: str = ""
    """The path below the place, if that is a directory."""


@dataclass(slots=True)
class Record:
    """The stored outcome of one stage for one input. It is not to be changed; make another one.

    Python takes five times as long to make one that cannot be changed, and there are many.
    """

    id: str
    pre_key: str
    stage: str
    input_id: InputID
    fingerprint: str
    config: Mapping[str, Plain]
    """The effective configuration."""
    reads: Mapping[str, str]
    """For each field that was read, the id of the record it came from."""
    observations: tuple[Observation, ...] = ()
    outputs: tuple[OutputFile, ...] = ()
    fields: Mapping[str, FieldValue | None] = field(default_factory=dict)
    """None stands for a value that is not kept, because it is marginal or consumed."""
    started: float = 0.0
    """Seconds since the epoch."""
    seconds: float = 0.0
    peak_memory: int = 0
    """In bytes; 0 if not known."""
    note: Mapping[str, Plain] = field(default_factory=dict)
    encoded: bytes | None = field(default=None, init=False, compare=False, repr=False)
    """What a log holds of it besides its place and origin, if known: it is copied as it is to another log."""
    _blobs: Mapping[str, FieldValue | Part] | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def blobs(self) -> Mapping[str, FieldValue | Part]:
        """What is in files of their own, with size and hash, by the names of these files."""
        found = self._blobs
        if found is None:
            found = self._blobs = {name: blob for value in self.fields.values()
                                   if value is not None and (value.blob is not None or value.parts)
                                   for name, blob in value.blobs()} or _NONE
        return found

    @property
    def name(self) -> str:
        """What those who read it depend on: its id, or that of the record whose outcome was accepted in its place."""
        accepted = self.note.get(ACCEPTED)
        return self.id if accepted is None else accepted["name"]


_NUMBERS = (int, float)
_encode_json = json_encoder()
_encode_text = json.encoder.encode_basestring_ascii
_decode_json = json.JSONDecoder().raw_decode


def encode(record: Record) -> tuple[bytes, bytes]:
    """Return what the log says of `record` besides its id and pre-key, and the bytes of its inline values."""
    inline = []
    fields = []
    for name, value in record.fields.items():
        if value is not None and value.inline is not None:
            inline.append(value.inline)
        fields.append(f"{_encode_text(name)}:{_field(value)}")
    stage, described, note = _surroundings(record)
    number = record.input_id
    input_id = str(number) if type(number) is int else _encode_json(number)
    met = _encode_json((dict(record.reads), record.observations, record.outputs))[1:-1] if (
        record.reads or record.observations or record.outputs) else "{},[],[]"
    text = (f"[{stage},{input_id}{described}{met},{{{','.join(fields)}}},"
            f"{record.started!r},{record.seconds!r},{record.peak_memory!r}{note}")
    return text.encode("ascii"), b"".join(inline)


def _field(value: FieldValue | None) -> str:
    """Return what the description says of a value."""
    if value is None:
        return "null"
    if value.parts:
        return _encode_json((value.format, value.size, value.shown, value.blob, value.hash, value.parts))
    if value.inline is None:
        return _encode_json((value.format, value.size, value.shown, value.blob, value.hash))
    shown = value.shown
    if value.format == "json" and type(shown) is dict and type(shown.get("value")) in _NUMBERS:
        return f'["json",{value.size},{{"value":{value.inline.decode("ascii")}}}]'  # a number is not written out twice
    return _encode_json((value.format, value.size, shown))


_written: dict[str, tuple[bytes, tuple[str, str, str]]] = {}


def _surroundings(record: Record) -> tuple[str, str, str]:
    """Return what the records of one stage mostly have in common: the stage, its code and configuration, and the note.

    It is written out anew only if it is not the same as that of the record of this stage before.
    """
    parts: Any = record.fingerprint, record.config, record.note
    try:
        exact = marshal.dumps(parts, 2)  # other than by ==, see :func:`shared`
    except ValueError:
        exact = b""  # there is something in it that is not plain
    known = _written.get(record.stage)
    if known is None or known[0] != exact or not exact:
        described = _encode_json((record.fingerprint, to_plain(record.config)))[1:-1]
        texts = _encode_text(record.stage), f",{described},", f",{_encode_json(to_plain(record.note))}]"
        known = _written[record.stage] = exact, texts
    return known[1]


def decode(record_id: str, pre_key: str, description: bytes, inline: bytes) -> Record:
    """Return the record that :func:`encode` was given.

    Raises:
        DamagedError: If it was written by something else.
    """
    try:
        return _decoded(record_id, pre_key, description, inline)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise DamagedError(f"the record {record_id} is none: {error}") from None


def _decoded(record_id: str, pre_key: str, description: bytes, inline: bytes) -> Record:
    (stage, input_id, fingerprint, config, reads, observations, outputs, stored, started, seconds, peak_memory, note,
     *_) = _decode_json(description.decode("ascii"))[0]
    stage, fingerprint, config, note = shared(stage, fingerprint, config, note)
    fields: dict[str, FieldValue | None] = {}
    blobs: dict[str, FieldValue | Part] = {}
    position = 0
    for name, value in stored.items():
        if value is None:
            fields[name] = None
        elif len(value) == 3 or value[3] is None:
            data = inline[position:position + value[1]]
            position += value[1]
            fields[name] = FieldValue(value[0], value[1], hash_bytes(data), data, None, value[2], _parts(value))
        else:
            fields[name] = blobs[value[3]] = FieldValue(value[0], value[1], value[4], None, value[3], value[2],
                                                        _parts(value))
        if value is not None and len(value) > _WITH_PARTS:
            blobs.update((part[0], Part(*part[:2])) for part in value[_WITH_PARTS])
    record = Record(
        record_id, pre_key, stage, input_id, fingerprint, config, reads,
        tuple([Observation(*item[:4]) for item in observations]), tuple([OutputFile(*item[:7]) for item in outputs]),
        fields, started, seconds, peak_memory, note)
    record._blobs = blobs or _NONE
    return record


_WITH_PARTS = 5
"""Where the description of a value has its parts, if it has any."""

_NONE: Mapping[str, FieldValue | Part] = {}


def _parts(value: Sequence[Any]) -> tuple[Part, ...]:
    return tuple([Part(*item[:2]) for item in value[_WITH_PARTS]]) if len(value) > _WITH_PARTS else ()


_latest: dict[str, tuple[bytes, tuple[str, str, Any, Any]]] = {}


def shared(*parts: Any) -> tuple[str, str, Any, Any]:
    """Return what the record of this stage before it had if that is the same, so that all of them hold it together.

    The parts are the stage, the fingerprint, the configuration and the note.
    """
    exact = marshal.dumps(parts, 2)  # other than by ==, 1 and True are two things
    known = _latest.get(parts[0])
    if known is None or known[0] != exact:
        known = _latest[parts[0]] = exact, parts
    return known[1]
