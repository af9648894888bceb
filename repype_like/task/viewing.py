"""Stages as planning sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from repype_like.fingerprint import Codebase, Fingerprinter
from repype_like.fingerprint.whereabouts import place_of
from repype_like.pipeline import Pipeline
from repype_like.plan import StageView, limits_of
from repype_like.stage import Stage, dependencies
from repype_like.task.errors import blaming
from repype_like.typing import Any

__all__ = ["stage_views"]


def stage_views(codebase: Codebase, pipeline: Pipeline, dropped: frozenset[str]) -> Iterator[StageView]:
    """Yield the stages of a pipeline as planning sees them.

    Arguments:
        codebase: Where their code is; it must be active.
        pipeline: The pipeline.
        dropped: The fields that are not kept besides the consumed ones.
    """
    fingerprinter = Fingerprinter.of(codebase)
    dropped = dropped.union(*(stage.consumes for stage in pipeline.stages),
                            *(stage.outputs for stage in pipeline.stages if stage.cache is False))
    for stage in pipeline.stages:
        yield _stage_view(stage, fingerprinter, dropped, dependencies(stage, pipeline.stages))


def _stage_view(stage: Stage, fingerprinter: Fingerprinter, dropped: frozenset[str],
                after: frozenset[str]) -> StageView:
    fingerprint = fingerprinter.stage(stage)
    outputs = frozenset(stage.outputs)
    return StageView(
        id=stage.id, inputs=frozenset(stage.inputs) - {"input_id"}, outputs=outputs, fingerprint=fingerprint.hash,
        parts=fingerprint.parts, place_of=partial(place_of, fingerprinter.codebase),
        distributions=fingerprint.distributions,
        enabled_by_default=stage.enabled_by_default, default_config=dict(stage.default_config),
        ignore_config=frozenset(stage.ignore_config), normalized_config=_normalized_config(stage),
        kept=outputs - dropped, limits=limits_of(stage), after=after, over=stage.over)


def _normalized_config(stage: Stage) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    if type(stage).normalized_config is Stage.normalized_config and not stage.normalizes_config and (
            stage.declared is None):
        return _as_stated

    def normalized_config(section: Mapping[str, Any]) -> Mapping[str, Any]:
        with blaming(f'the configuration of the stage "{stage.id}"'):
            return stage.normalized_config(section)

    return normalized_config


def _as_stated(section: Mapping[str, Any]) -> Mapping[str, Any]:
    return section
