"""Why a stage has to run, or a task is not complete: one small predicate for each reason, with its own words.

Every predicate compares what stands now with the record and the digest of the last completion, and yields a
:class:`Reason` for everything that it finds. What would show a secret is masked here, so that nobody else has to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from repype_like.config import to_plain
from repype_like.errors import Location
from repype_like.hashing import ABSENT
from repype_like.masking import masked_text
from repype_like.plan.differences import differences
from repype_like.plan.files import Files
from repype_like.plan.gathering import GATHERED
from repype_like.plan.keys import task_key
from repype_like.plan.places import PLACE, is_at_home
from repype_like.plan.view import StageView, TaskView, is_mark
from repype_like.store import Digest, OutputFile, Record
from repype_like.typing import Any, InputID, Literal, NamedTuple

__all__ = ["Reason", "Situation", "Verdict", "changed_pieces", "changed_shape", "failed_whole", "kept_now",
           "locate_output", "never_completed", "reasons", "values_lost"]

Verdict = Literal["incomplete", "pipeline", "specification"]

_MOST_NAMED = 3
"""How many of many things are named in one reason."""


class Reason(NamedTuple):
    """Why something has to run, in words."""

    kind: str
    verdict: Verdict
    text: str
    where: Location | None = None

    def __str__(self) -> str:
        return f"{self.text}, {self.where}" if self.where else self.text


class Situation(NamedTuple):
    """What the predicates look at: a stage for one input, as it stands and as it was at the last completion."""

    view: TaskView
    stage: StageView
    input_id: InputID
    key: str
    """The pre-key."""
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
    reads: Mapping[str, str]
    """By field that is read, and by mark of a stage that it depends upon, the name of the record."""
    gathered: Mapping[str, str]
    """What names all that an aggregate over tasks reads of each of them."""


_Predicate = Callable[[Situation], Iterator[Reason]]


def forced(now: Situation) -> Iterator[Reason]:
    """The user asked for it."""
    if now.forced:
        yield Reason("forced", "incomplete", "forced")


def damaged(now: Situation) -> Iterator[Reason]:
    """What was stored is not what was written."""
    if now.damage:
        yield Reason("damaged", "incomplete", f"damaged: {now.damage}")
    elif now.recorded and now.before is None:
        yield Reason("damaged", "incomplete",
                     f'damaged: the record of "{now.stage.id}"{_for(now.input_id)} is gone')


def failed(now: Situation) -> Iterator[Reason]:
    """It was tried just so, and failed."""
    for item in now.view.store.failed:
        if item.key == now.key:
            yield Reason("failed", "incomplete", f"failed last time: {masked_text(item.error)} "
                                                 f'(stage "{now.stage.id}"{_of(now.input_id)})')


def never_run(now: Situation) -> Iterator[Reason]:
    """The task was never completed."""
    if now.digest is None:
        yield from never_completed(now.view)


def input_added(now: Situation) -> Iterator[Reason]:
    """The input was not there at the last completion."""
    if now.digest is not None and not now.recorded and now.input_id is not None and (
            now.input_id not in now.digest.inputs):
        yield _input_added(now.view, [now.input_id])


def stage_added(now: Situation) -> Iterator[Reason]:
    """The stage was not there at the last completion, or did not take part."""
    if now.digest is not None and not now.recorded:
        yield _stage_added(now.view, now.stage.id, now.digest)


def code_changed(now: Situation) -> Iterator[Reason]:
    """The implementation changed."""
    if now.before is None or now.before.fingerprint == now.stage.fingerprint:
        return
    parts = now.digest.fingerprints.get(now.stage.id, {}).get("parts", {}) if now.digest else {}
    pieces = [_named_piece(piece, now.stage, parts) for piece in changed_pieces(parts, now.stage.parts)]
    named = _few(pieces) if parts and pieces else now.stage.id
    yield Reason("code changed", "pipeline", f'code changed: {named} (stage "{now.stage.id}")')


def config_changed(now: Situation) -> Iterator[Reason]:
    """The effective configuration changed."""
    if now.before is not None:
        for found in differences(now.before.config, to_plain(now.config), (now.stage.id,)):
            yield Reason("config changed", "specification", str(found), _place(now.view, ("config", *found.keys)))


def packages_changed(now: Situation) -> Iterator[Reason]:
    """The version of a distribution changed that the specification says counts."""
    if now.before is not None:
        old, new = now.before.note.get("packages", {}), now.view.packages
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                versions = f"{old.get(name, 'not counted')} -> {new.get(name, 'not counted')}"
                yield Reason("package changed", "pipeline", f"package changed: {name} {versions}")


def file_changed(now: Situation) -> Iterator[Reason]:
    """A file that the stage met is not what it was."""
    for seen in now.before.observations if now.before else ():
        path = now.view.locate(seen.scope, seen.input_id, seen.path)
        content = now.files.content(path) if path else ABSENT
        if content != seen.hash:
            what = "removed" if content == ABSENT else "appeared" if seen.hash == ABSENT else "changed"
            yield Reason("input file changed", "incomplete",
                         f'input file {what}, read by "{now.stage.id}": {path or seen.path or seen.scope}')


def output_missing(now: Situation) -> Iterator[Reason]:
    """A file that the stage made is gone or was edited."""
    for output in now.before.outputs if now.before else ():
        path = locate_output(now.view, output)
        content = now.files.content(path) if path else ABSENT
        if content != output.hash:
            what = "missing" if content == ABSENT else "changed"
            yield Reason("output file missing", "incomplete",
                         f'output file {what}, made by "{now.stage.id}": {path or output.path or output.scope}')


def moved(now: Situation) -> Iterator[Reason]:
    """The values contain the path of the task, and that is another now."""
    if now.before is not None and not is_at_home(now.view, now.before):
        what, directory = now.before.note[PLACE]
        yield Reason("moved", "incomplete",
                     f'moved: the values of "{now.stage.id}" contain the path of the {what}, which was {directory}')


def wiring_changed(now: Situation) -> Iterator[Reason]:
    """An optional field is produced now, or not any more; or the stage depends on other stages than before."""
    if now.before is None or now.before.fingerprint != now.stage.fingerprint or now.stage.over == "tasks":
        return
    for field in sorted(now.reads.keys() ^ now.before.reads.keys()):
        producer, joined = now.view.producer.get(field), field in now.reads
        if is_mark(field):
            text = f'{"now" if joined else "no longer"} depends on the stage "{field[1:]}"'
        elif joined and producer is not None:
            text = f'"{field}" now comes from the stage "{producer.id}"'
        else:
            text = f'"{field}" is not produced any more, so its default counts'
        yield Reason("producer changed", "pipeline", f'{text} (stage "{now.stage.id}")')


def sources_changed(now: Situation) -> Iterator[Reason]:
    """Other tasks match than before, or what is read of them is not what it was."""
    if now.before is None or now.stage.over != "tasks":
        return
    before, reader = now.before.note.get(GATHERED, {}), f', read by "{now.stage.id}"'
    place = now.view.origin(("config", now.stage.id, "tasks"))
    joined, left = sorted(now.gathered.keys() - before.keys()), sorted(before.keys() - now.gathered.keys())
    if joined:
        yield Reason("joined", "specification", f"joined: {_few(joined)}{reader}", place)
    if left:
        yield Reason("left", "specification", f"left: {_few(left)}{reader}", place)
    changed = sorted(key for key, name in now.gathered.items() if before.get(key, name) != name)
    if changed:
        yield Reason("source changed", "incomplete", f"changed: {_few(changed)}{reader}")


def upstream(now: Situation) -> Iterator[Reason]:
    """What the stage reads is produced by another stage, or comes from another record."""
    known = now.digest.stages if now.digest else ()
    for field in sorted(now.stage.inputs):
        producer = now.view.producer.get(field)
        if producer is not None and producer.id not in known:
            yield Reason("producer changed", "pipeline", f'"{field}" now comes from the stage "{producer.id}"')
            return
    yield Reason("depends", "incomplete", "depends on a stage that runs")


_WHOLE: tuple[_Predicate, ...] = (forced, damaged)
"""Those that say it all."""
_FIRST: tuple[_Predicate, ...] = (failed, never_run, input_added, stage_added)
_CHANGES: tuple[_Predicate, ...] = (code_changed, config_changed, packages_changed, file_changed, output_missing,
                                    moved, wiring_changed, sources_changed)


def reasons(now: Situation) -> tuple[Reason, ...]:
    """Return the reasons that apply; there is one at least, since the stage has to run."""
    found = _first_found(_WHOLE, now)
    if not found:
        found = _first_found(_FIRST, now)
        if now.digest is not None or now.before is not None:
            found += [reason for predicate in _CHANGES for reason in predicate(now)]
    return tuple(found or upstream(now))


def _first_found(predicates: Iterable[_Predicate], now: Situation) -> list[Reason]:
    for predicate in predicates:
        found = list(predicate(now))
        if found:
            return found
    return []


def never_completed(view: TaskView) -> tuple[Reason, ...]:
    """Return the reasons for whatever has to run of a task that was never completed, if nothing of it has failed."""
    return _never("never completed" if len(view.store.records) else "never run")


@cache  # one for all tasks and inputs
def _never(text: str) -> tuple[Reason, ...]:
    return (Reason("never run", "incomplete", text),)


def changed_shape(view: TaskView, digest: Digest) -> Iterator[Reason]:
    """Yield which stages and inputs take part that did not in the last completion, or do so no more."""
    for name in digest.stages:
        if name not in view.stage:
            yield Reason("stage removed", "pipeline", f'stage removed: "{name}"', view.origin(("pipeline",)))
    enabled = [stage for stage in view.stages if stage.is_enabled(view.config.get(stage.id) or {})]
    for stage in view.stages:
        if digest.records.get(stage.id) and stage not in enabled:
            yield Reason("stage disabled", "specification", f'stage disabled: "{stage.id}"',
                         _place(view, ("config", stage.id, "enabled")))
    if digest.inputs and view.input_ids:
        for stage in enabled:
            if not digest.records.get(stage.id):
                yield _stage_added(view, stage.id, digest)
    known, before = set(view.input_ids), set(digest.inputs)
    added = [input_id for input_id in view.input_ids if input_id not in before]
    removed = [input_id for input_id in digest.inputs if input_id not in known]
    if added:
        yield _input_added(view, added)
    if removed:
        yield Reason("input removed", "specification", f"input removed: {_few(map(repr, removed))}",
                     view.origin(("input_ids",)))


def failed_whole(view: TaskView) -> Iterator[Reason]:
    """The task was tried just so, and failed as a whole."""
    for item in view.store.failed:
        if not item.stage and item.key == task_key(view):
            yield Reason("failed", "incomplete", f"failed last time: {masked_text(item.error)}")


def _stage_added(view: TaskView, stage: str, digest: Digest) -> Reason:
    if stage in digest.stages:
        return Reason("stage enabled", "specification", f'stage enabled: "{stage}"',
                      _place(view, ("config", stage, "enabled")))
    return Reason("stage added", "pipeline", f'stage added: "{stage}"', view.origin(("pipeline",)))


def _input_added(view: TaskView, added: Iterable[InputID]) -> Reason:
    return Reason("input added", "specification", f"input added: {_few(map(repr, added))}", view.origin(("input_ids",)))


def values_lost(record: Record, kept: frozenset[str]) -> Reason | None:
    """Values that are to be kept were stored, and are gone."""
    if any(record.fields.get(name) is not None for name in kept):
        return Reason("damaged", "incomplete",
                      f'damaged: values of "{record.stage}"{_for(record.input_id)} are gone')
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


def changed_pieces(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the names of the pieces of code that are not what they were; methods rather than their classes."""
    changed = {piece for piece in before.keys() | now.keys() if before.get(piece) != now.get(piece)}
    return sorted(piece for piece in changed if not any(other.startswith(f"{piece}.") for other in changed))


def _named_piece(piece: str, stage: StageView, before: Mapping[str, str]) -> str:
    if piece == "stage":
        return "its attributes or its version"
    module, _, name = piece.partition(":")
    verb = "added " if piece not in before else "removed " if piece not in stage.parts else ""
    place = stage.place_of(piece)
    where = f" in {place.file}" + (f":{place.line}" if place.line and piece in stage.parts else "") if place else ""
    return f"{verb}{name or module}{where}"


def _few(things: Iterable[str]) -> str:
    named = list(things)
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return ", ".join(named[:_MOST_NAMED]) + more


def _for(input_id: InputID) -> str:
    return "" if input_id is None else f" for input {input_id!r}"


def _of(input_id: InputID) -> str:
    return "" if input_id is None else f", input {input_id!r}"


def _place(view: TaskView, keys: tuple[str, ...]) -> Location | None:
    while keys:
        place = view.origin(keys)
        if place is not None:
            return place
        keys = keys[:-1]
    return None
