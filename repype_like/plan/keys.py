"""The names of results.

The *record id* of a result is a hash of everything that it depends on: the fingerprint of the stage, its effective
configuration, the input, the record ids of what it reads, and what it observed in files. It chains: a change anywhere
upstream changes every id downstream, and nothing else. The *pre-key* is the record id without the stage's own
observations, which is what can be known before the stage runs. The *basis* is that part of the pre-key which is the
same for all inputs with the same configuration.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from repype_like.config import to_plain
from repype_like.fingerprint.canonical import hash_value
from repype_like.hashing import hash_bytes
from repype_like.plan.view import Prepared, StageView, TaskView
from repype_like.store import Observation
from repype_like.typing import Any, InputID

__all__ = ["DRAW", "basis_of", "combined", "is_planned", "key_for", "planned", "pre_key", "prepare", "record_id",
           "task_key"]

DRAW = "draw"
"""What the note of a record says the text under that distinguishes it from an earlier result for the same."""


def basis_of(stage: StageView, config: Mapping[str, Any], packages: Mapping[str, str]) -> str:
    """Return the name of what a stage does, whatever the input and whatever it reads.

    Arguments:
        stage: The stage.
        config: Its effective configuration.
        packages: The versions of the distributions that count.
    """
    return hash_value((stage.fingerprint, sorted(stage.outputs), config, sorted(packages.items())))


def key_for(basis: str, input_id: InputID, reads: Mapping[str, str]) -> str:
    """Return the pre-key of a result.

    Arguments:
        basis: See :func:`basis_of`.
        input_id: The input.
        reads: The record id of the producer of each field that the stage reads (or :func:`planned` names).
    """
    kind, number = type(input_id).__name__, str(input_id)
    if not reads:
        return _key_for_input(basis, kind, number)
    return _hash([basis, kind, number, *itertools.chain.from_iterable(sorted(reads.items()))])


@lru_cache(maxsize=1 << 13)  # asked for when it is planned, when it runs, and when its task is completed
def _key_for_input(basis: str, kind: str, number: str) -> str:
    return _hash((basis, kind, number))


def pre_key(stage: StageView, config: Mapping[str, Any], input_id: InputID, reads: Mapping[str, str],
            packages: Mapping[str, str]) -> str:
    """Return the name of a result before it is known what its stage observes; both of the above in one."""
    return key_for(basis_of(stage, config, packages), input_id, reads)


def record_id(pre_key: str, observations: Collection[Observation], place: Sequence[str] | None = None,
              draw: str | None = None) -> str:
    """Return the name of a result.

    Arguments:
        pre_key: What it is called before it is known what its stage observes.
        observations: What its stage observed.
        place: The place that its values mention, if they do: elsewhere it is another result.
        draw: What distinguishes it from an earlier result for the same, if the user asked for another one.
    """
    if not observations and place is None and draw is None:
        return pre_key
    seen = sorted((item.scope or "", type(item.input_id).__name__, str(item.input_id), item.path or "", item.hash)
                  for item in observations)
    return _hash([pre_key, *itertools.chain.from_iterable(seen), *(place or ()), *(() if draw is None else ("", draw))])


def prepare(view: TaskView, stage: StageView, config: Mapping[str, Any]) -> Prepared:
    """Return what counts of the configuration of a stage.

    Most often a stage has the same section for all inputs and for many tasks, so the last answer is remembered.

    Arguments:
        view: The task.
        stage: The stage.
        config: The configuration for an input, a section for each stage.
    """
    section = config.get(stage.id)
    if stage.prepared:
        known = stage.prepared[0]
        if known.section is section and known.packages == view.packages:
            return known
    effective = stage.effective_config(section or {})
    found = Prepared(section, view.packages, effective, to_plain(effective), basis_of(stage, effective, view.packages))
    stage.prepared[:] = [found]
    return found


def planned(pre_key: str) -> str:
    """Return a name that stands for the record that a planned computation will make."""
    return f"~{pre_key}"


def is_planned(name: str) -> bool:
    """Tell whether `name` stands for a record that is yet to be made."""
    return name.startswith("~")


def combined(members: Iterable[tuple[InputID, str]]) -> str:
    """Return a name for several records together, each under the input or whatever it is read under.

    If any of their names is planned, so is this one.
    """
    parts: list[str] = []
    is_any_planned = False
    for key, name in members:
        parts += type(key).__name__, str(key), name
        is_any_planned = is_any_planned or is_planned(name)
    return planned(_hash(parts)) if is_any_planned else _hash(parts)


def task_key(view: TaskView) -> str:
    """Return a hash of all that decides about the results of a task, but for the contents of files.

    As long as it stays what it was at the completion of the task, only files have to be looked at.
    """
    parts = [_inputs_key(view.input_ids), view.extra_key]
    for stage in view.stages:
        enabled = stage.is_enabled(view.config.get(stage.id) or {})
        parts += stage.shape, "on" if enabled else "off", prepare(view, stage, view.config).basis
    return _hash(parts)


@lru_cache(maxsize=64)  # many tasks have the same
def _inputs_key(input_ids: tuple[InputID, ...]) -> str:
    return hash_value(input_ids)


def _hash(parts: Sequence[str]) -> str:
    """Return a hash of texts; their lengths tell where each ends."""
    return hash_bytes("".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass"))
