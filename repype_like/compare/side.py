"""One of two things that are compared: a task as it stands, or as it was completed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from repype_like.config import to_plain
from repype_like.errors import Location
from repype_like.plan import StageView, TaskView
from repype_like.store import Digest, Record
from repype_like.typing import InputID, Plain

__all__ = ["Side", "as_completed", "as_it_stands"]

_APART = ("config", "input_ids")
"""The keys of a specification that are compared by what they mean."""


@dataclass(frozen=True)
class Side:
    """What is known of it, as plain data."""

    name: str
    spec: Mapping[str, Plain]
    """The full specification, but for the configuration and the inputs."""
    config: Mapping[str, Plain]
    """By stage that takes part, its options, with the defaults that the stage declares."""
    origin: Callable[[tuple[str, ...]], Location | None]
    """Gives the place of a value of the specification."""
    stages: Sequence[str]
    """Those that take part, in order."""
    inputs: Sequence[InputID]
    code: Mapping[str, Mapping[str, str]]
    """By stage, the hashes of the pieces of its code."""
    place_of: Callable[[str, str], Location | None]
    """Gives the place of a piece of the code of a stage as it is now."""
    completion: Digest | None = None
    """The completion whose results are compared."""
    records: Sequence[Record] = ()
    """Its records."""


def as_it_stands(view: TaskView, *, with_results: bool = True) -> Side:
    """Return a task with its specification as it is now.

    Arguments:
        view: The task.
        with_results: Whether its results are compared, with the code that they were computed with; else its code as it
            is now.
    """
    digest = view.store.digest if with_results and not view.store.damage else None
    enabled = [stage for stage in view.stages if stage.is_enabled(view.config.get(stage.id) or {})]
    return Side(
        view.name, _spec(to_plain(view.spec)), {stage.id: _options(stage, to_plain(view.config)) for stage in enabled},
        view.origin, [stage.id for stage in enabled], view.input_ids,
        {stage.id: _code(stage, digest) for stage in enabled}, _places(view), digest, _records(view, digest))


def as_completed(view: TaskView, digest: Digest) -> Side:
    """Return a task as it was when it was completed."""
    stages = [stage for stage in digest.stages if digest.records.get(stage) or not digest.inputs]
    config = {name: _options(view.stage[name], digest.config) if name in view.stage else digest.config.get(name, {})
              for name in stages}
    code = {name: {"": digest.fingerprints[name]["hash"], **digest.fingerprints[name]["parts"]} for name in stages}
    return Side(f"{view.name}, as it was completed", _spec(digest.spec), config, lambda keys: None, stages,
                digest.inputs, code, _places(view))


def _spec(spec: Plain) -> dict[str, Plain]:
    return {key: value for key, value in spec.items() if key not in _APART}


def _options(stage: StageView, config: Mapping[str, Plain]) -> Plain:
    section = config.get(stage.id) or {}
    return {key: value for key, value in {**to_plain(stage.default_config), **section}.items() if key != "enabled"}


def _code(stage: StageView, digest: Digest | None) -> dict[str, str]:
    """Return the hashes of the pieces of code, and as ``""`` that of all of them."""
    known = digest.fingerprints.get(stage.id) if digest is not None else None
    if known is None:
        return {"": stage.fingerprint, **stage.parts}
    return {"": known["hash"], **known["parts"]}


def _places(view: TaskView) -> Callable[[str, str], Location | None]:
    def place_of(stage: str, piece: str) -> Location | None:
        return view.stage[stage].place_of(piece) if stage in view.stage else None

    return place_of


def _records(view: TaskView, digest: Digest | None) -> list[Record]:
    ids = digest.record_ids() if digest is not None else ()
    return [record for record in map(view.store.records.by_id, ids) if record is not None]
