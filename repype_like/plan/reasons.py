"""Why a stage has to run, or a task is not complete: one small predicate for each reason, with its own words.

Every predicate compares what stands now with the record and the digest of the last completion, and returns a
:class:`Reason`, or None if it does not apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from repype_like.config import to_plain
from repype_like.errors import Location
from repype_like.plan.files import Files
from repype_like.plan.view import StageView, TaskView
from repype_like.store import Digest, OutputFile, Record
from repype_like.typing import Any, InputID, Literal

__all__ = ["Reason", "Situation", "Verdict", "first_reason", "kept_now", "locate_output", "removed", "values_lost"]

Verdict = Literal["incomplete", "pipeline", "specification"]

_MISSING: Any = object()


@dataclass(frozen=True)
class Reason:
    """Why something has to run, in words."""

    kind: str
    verdict: Verdict
    text: str
    where: Location | None = None

    def __str__(self) -> str:
        return f"{self.text}, {self.where}" if self.where else self.text


@dataclass(frozen=True)
class Situation:
    """What the predicates look at: a stage for one input, as it stands and as it was at the last completion."""

    view: TaskView
    stage: StageView
    input_id: InputID
    config: Mapping[str, Any]
    """The effective configuration."""
    digest: Digest | None
    before: Record | None
    """The record of the last completion."""
    recorded: bool
    """Whether the last completion had a record, be it there still or not."""
    damage: str
    """What is wrong with the digest, or an empty text."""
    forced: bool
    files: Files


def forced(now: Situation) -> Reason | None:
    """The user asked for it."""
    return Reason("forced", "incomplete", "forced") if now.forced else None


def damaged(now: Situation) -> Reason | None:
    """What was stored is not what was written."""
    if now.damage:
        return Reason("damaged", "incomplete", f"damaged: {now.damage}")
    if now.recorded and now.before is None:
        return Reason("damaged", "incomplete",
                      f'damaged: the record of "{now.stage.id}" for input {now.input_id!r} is gone')
    return None


def never_run(now: Situation) -> Reason | None:
    """The task was never completed."""
    return Reason("never run", "incomplete", "never run") if now.digest is None else None


def input_added(now: Situation) -> Reason | None:
    """The input was not there at the last completion."""
    if now.digest is not None and now.input_id not in now.digest.inputs:
        return Reason("input added", "specification", f"input added: {now.input_id!r}", now.view.origin(("input_ids",)))
    return None


def stage_added(now: Situation) -> Reason | None:
    """The stage was not there at the last completion, or did not take part."""
    if now.digest is None or now.recorded:
        return None
    if now.stage.id in now.digest.stages:
        return Reason("stage enabled", "specification", f'stage enabled: "{now.stage.id}"',
                      _place(now.view, ("config", now.stage.id, "enabled")))
    return Reason("stage added", "pipeline", f'stage added: "{now.stage.id}"', now.view.origin(("pipeline",)))


def code_changed(now: Situation) -> Reason | None:
    """The implementation changed."""
    if now.before is None or now.before.fingerprint == now.stage.fingerprint:
        return None
    parts = now.digest.fingerprints.get(now.stage.id, {}).get("parts", {}) if now.digest else {}
    changed = sorted(name for name in parts.keys() | now.stage.parts.keys()
                     if parts.get(name) != now.stage.parts.get(name))
    pieces = ", ".join(_named_piece(name, now.stage, parts) for name in changed[:3])
    what = pieces if parts and changed else now.stage.id
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return Reason("code changed", "pipeline", f"code changed: {what}{more}")


def config_changed(now: Situation) -> Reason | None:
    """The effective configuration changed."""
    if now.before is None:
        return None
    changes = list(_differences((now.stage.id,), now.before.config, to_plain(now.config)))
    if not changes:
        return None
    keys, old, new = changes[0]
    words = ".".join(map(str, keys)) + (f" {_shown(old)} -> {_shown(new)}")
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return Reason("config changed", "specification", words + more, _place(now.view, ("config", *keys)))


def packages_changed(now: Situation) -> Reason | None:
    """The version of a distribution changed that the specification says counts."""
    if now.before is None:
        return None
    old = now.before.note.get("packages", {})
    for name in sorted(old.keys() | now.view.packages.keys()):
        if old.get(name) != now.view.packages.get(name):
            versions = f"{old.get(name, 'not counted')} -> {now.view.packages.get(name, 'not counted')}"
            return Reason("package changed", "pipeline", f"package changed: {name} {versions}")
    return None


def file_changed(now: Situation) -> Reason | None:
    """A file that the stage met is not what it was."""
    for seen in now.before.observations if now.before else ():
        path = now.view.locate(seen.scope, seen.input_id, seen.path)
        content = now.files.content(path) if path else "absent"
        if content != seen.hash:
            what = "removed" if content == "absent" else "appeared" if seen.hash == "absent" else "changed"
            return Reason("input file changed", "incomplete", f"input file {what}: {path or seen.path or seen.scope}")
    return None


def output_missing(now: Situation) -> Reason | None:
    """A file that the stage made is gone or was edited."""
    for output in now.before.outputs if now.before else ():
        path = locate_output(now.view, output)
        content = now.files.content(path) if path else "absent"
        if content != output.hash:
            what = "missing" if content == "absent" else "changed"
            return Reason("output file missing", "incomplete",
                          f"output file {what}: {path or output.path or output.scope}")
    return None


def upstream(now: Situation) -> Reason | None:
    """What the stage reads is produced by another stage, or comes from another record."""
    if now.before is None:
        return None
    known = now.digest.stages if now.digest else ()
    for field in sorted(now.stage.inputs):
        producer = now.view.producer.get(field)
        if producer is not None and producer.id not in known:
            return Reason("stage added", "pipeline", f'"{field}" now comes from the stage "{producer.id}"')
    return Reason("depends", "incomplete", "depends on a stage that runs")


_PREDICATES = (forced, damaged, never_run, input_added, stage_added, code_changed, config_changed, packages_changed,
               file_changed, output_missing, upstream)


def first_reason(now: Situation) -> Reason:
    """Return the first reason that applies; there is one, since the stage has to run."""
    for predicate in _PREDICATES:
        reason = predicate(now)
        if reason is not None:
            return reason
    return Reason("incomplete", "incomplete", "incomplete")


def removed(view: TaskView, digest: Digest) -> Reason | None:
    """Stages or inputs that took part in the last completion do so no more."""
    gone = [stage for stage in digest.stages if stage not in view.stage]
    if gone:
        return Reason("stage removed", "pipeline", f'stage removed: "{gone[0]}"', view.origin(("pipeline",)))
    disabled = [stage.id for stage in view.stages
                if digest.records.get(stage.id) and not stage.is_enabled(view.config.get(stage.id) or {})]
    if disabled:
        return Reason("stage disabled", "specification", f'stage disabled: "{disabled[0]}"',
                      _place(view, ("config", disabled[0], "enabled")))
    known = set(view.input_ids)
    lost = [input_id for input_id in digest.inputs if input_id not in known]
    if lost:
        return Reason("input removed", "specification", f"input removed: {lost[0]!r}", view.origin(("input_ids",)))
    return None


def values_lost(record: Record, kept: frozenset[str]) -> Reason | None:
    """Values that are to be kept were stored, and are gone."""
    if any(record.fields.get(name) is not None for name in kept):
        return Reason("damaged", "incomplete",
                      f'damaged: values of "{record.stage}" for input {record.input_id!r} are gone')
    return None


def kept_now(view: TaskView, record: Record, kept: frozenset[str]) -> Reason | None:
    """Values that were marginal are to be kept from now on."""
    if kept and all(record.fields.get(name) is None for name in kept):
        return Reason("kept now", "specification", f'the values of "{record.stage}" are to be kept now',
                      view.origin(("marginal_stages",)))
    return None


def locate_output(view: TaskView, output: OutputFile) -> Path | None:
    """Return the path at which the file `output` belongs in the task, or None."""
    base = view.locate(output.scope, output.input_id, output.path)
    return base / output.relative if base is not None and output.relative else base


def _named_piece(name: str, stage: StageView, before: Mapping[str, str]) -> str:
    module, _, piece = name.partition(":")
    verb = "added " if name not in before else "removed " if name not in stage.parts else ""
    file = stage.file_of(module)
    return f"{verb}{piece or module} in {file}" if file else f"{verb}{piece or module}"


def _differences(keys: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({**old, **new}, key=str):
            yield from _differences((*keys, key), old.get(key, _MISSING), new.get(key, _MISSING))
    elif type(old) is not type(new) or (old != new and not (old != old and new != new)):  # NaN is as good as NaN
        yield keys, old, new


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "(not set)"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _place(view: TaskView, keys: tuple[str, ...]) -> Location | None:
    while keys:
        place = view.origin(keys)
        if place is not None:
            return place
        keys = keys[:-1]
    return None
