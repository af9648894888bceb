"""Compares two sides, section by section. Secrets are masked; values are compared by the hashes of their content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from repype_like.compare.side import Side
from repype_like.errors import Location
from repype_like.masking import MASK, is_secret
from repype_like.plan import NOT_SET, changed_pieces, differences
from repype_like.store import ACCEPTED, FieldValue
from repype_like.typing import Any, InputID, Plain

__all__ = ["SECTIONS", "Comparison", "Finding", "compare"]

SECTIONS = ("spec", "stages", "code", "packages", "inputs", "results", "files", "accepted", "provenance")

_COMPARED = ("repype_like", "python", "platform", "host", "user", "git")
"""What is compared of the provenance. Times and commands differ from run to run, and tell nothing about the results."""


@dataclass(frozen=True)
class Finding:
    """One thing that differs."""

    section: str
    """One of :data:`SECTIONS`."""
    what: str
    """The key, the piece of code, the package, the field."""
    old: Any = NOT_SET
    """On the first side; :data:`NOT_SET` if there is nothing."""
    new: Any = NOT_SET
    places: tuple[Location | None, Location | None] = (None, None)
    stage: str = ""
    input_id: InputID | None = None


@dataclass(frozen=True)
class Comparison:
    """All that differs."""

    findings: list[Finding] = field(default_factory=list)
    equal: int = 0
    """How many stored values are the same on both sides."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.findings

    def of(self, section: str) -> list[Finding]:
        """Return what differs in a section."""
        return [finding for finding in self.findings if finding.section == section]


def compare(one: Side, other: Side) -> Comparison:
    """Return what differs between two sides; results only if both have some, or one has and the other could."""
    findings = [*_spec(one, other), *_stages(one, other), *_code(one, other), *_inputs(one, other)]
    equal = 0
    if one.completion is not None or other.completion is not None:
        values = _values(one), _values(other)
        differing = list(_results(*values))
        equal = len([key for key in values[0].keys() & values[1].keys() if _same(values[0][key], values[1][key])])
        findings += [*differing, *_files(one, other), *_provenance(one, other)]
    return Comparison(sorted(findings, key=lambda finding: SECTIONS.index(finding.section)), equal)


def _spec(one: Side, other: Side) -> Iterator[Finding]:
    for found in differences(one.spec, other.spec):
        yield Finding("spec", found.key, found.old, found.new, (one.origin(found.keys), other.origin(found.keys)))
    both = [stage for stage in one.stages if stage in other.stages]
    configs = [{stage: side.config[stage] for stage in both} for side in (one, other)]
    for found in differences(configs[0], configs[1]):
        keys = ("config", *found.keys)
        yield Finding("spec", f"config.{found.key}", found.old, found.new, (one.origin(keys), other.origin(keys)))


def _stages(one: Side, other: Side) -> Iterator[Finding]:
    for stage in one.stages:
        if stage not in other.stages:
            yield Finding("stages", stage, old=stage)
    for stage in other.stages:
        if stage not in one.stages:
            yield Finding("stages", stage, new=stage)
    order = [[stage for stage in side.stages if stage in one.stages and stage in other.stages] for side in (one, other)]
    if order[0] != order[1]:
        yield Finding("stages", "order", ", ".join(order[0]), ", ".join(order[1]))


def _code(one: Side, other: Side) -> Iterator[Finding]:
    for stage in one.stages:
        old, new = one.code[stage], other.code.get(stage, {})
        if not new or old[""] == new[""]:
            continue
        pieces = [piece for piece in changed_pieces(old, new) if piece]
        for piece in pieces or ["stage"]:
            place = other.place_of(stage, piece) or one.place_of(stage, piece)
            yield Finding("code", piece, old.get(piece, NOT_SET), new.get(piece, NOT_SET), (place, place), stage)


def _inputs(one: Side, other: Side) -> Iterator[Finding]:
    for input_id in one.inputs:
        if input_id not in other.inputs:
            yield Finding("inputs", repr(input_id), old=input_id, input_id=input_id)
    for input_id in other.inputs:
        if input_id not in one.inputs:
            yield Finding("inputs", repr(input_id), new=input_id, input_id=input_id)


_Values = dict[tuple[str, InputID], tuple[str, FieldValue]]
"""By field and input, the stage and the stored value."""


def _values(side: Side) -> _Values:
    values = {(name, record.input_id): (record.stage, value) for record in side.records
              for name, value in record.fields.items() if value is not None}
    inputs = {input_id: position for position, input_id in enumerate(side.inputs)}
    stages = {stage: position for position, stage in enumerate(side.stages)}
    return dict(sorted(values.items(), key=lambda item: (
        stages.get(item[1][0], len(stages)), item[0][0], inputs.get(item[0][1], len(inputs)))))


def _results(one: _Values, other: _Values) -> Iterator[Finding]:
    for key in [*one, *(key for key in other if key not in one)]:
        old, new = one.get(key), other.get(key)
        if old is None or new is None or not _same(old, new):
            stage = (new or old or ("",))[0]
            yield Finding("results", key[0], _shown(key[0], old), _shown(key[0], new), stage=stage, input_id=key[1])


def _same(old: tuple[str, FieldValue], new: tuple[str, FieldValue]) -> bool:
    return (old[1].format, old[1].hash) == (new[1].format, new[1].hash)


def _shown(name: str, found: tuple[str, FieldValue] | None) -> Any:
    """Return what is known of a value without loading it."""
    if found is None:
        return NOT_SET
    return MASK if is_secret(name) else found[1].shown


def _files(one: Side, other: Side) -> Iterator[Finding]:
    """Yield the files that stages made which are others, or are there on one side only."""
    made = [{(record.stage, record.input_id, output.scope or "", output.path or "", output.relative): output.hash
             for record in side.records for output in record.outputs} for side in (one, other)]
    for key in sorted({**made[0], **made[1]}, key=repr):
        old, new = made[0].get(key, NOT_SET), made[1].get(key, NOT_SET)
        if old != new:
            stage, input_id, scope, path, relative = key
            yield Finding("files", "/".join(filter(None, (scope or path, relative))), old, new, stage=stage,
                          input_id=input_id)


def _provenance(one: Side, other: Side) -> Iterator[Finding]:
    if one.completion is None or other.completion is None:
        yield Finding("provenance", "completed", one.completion is not None, other.completion is not None)
        return
    old, new = one.completion.provenance, other.completion.provenance
    for section, part in (("packages", _versions), ("provenance", _origin), ("accepted", _accepted)):
        for found in differences(part(old), part(new)):
            yield Finding(section, found.key, found.old, found.new)


def _origin(provenance: Mapping[str, Plain]) -> dict[str, Plain]:
    return {key: provenance.get(key) for key in _COMPARED}


def _accepted(provenance: Mapping[str, Plain]) -> dict[str, Plain]:
    return {stage: list(told["changes"]) for stage, told in (provenance.get(ACCEPTED) or {}).items()}


def _versions(provenance: Mapping[str, Plain]) -> dict[str, Plain]:
    return {**(provenance.get("distributions") or {}), **(provenance.get("packages") or {})}
