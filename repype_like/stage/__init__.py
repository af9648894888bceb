"""Steps of a pipeline: classes derived from :class:`Stage`, or functions made stages by :func:`stage`."""

from repype_like.stage.base import OutputMismatch, Stage, StageCallback, StageEvent
from repype_like.stage.conversion import hint_words, to_yaml
from repype_like.stage.function import FunctionStage, stage
from repype_like.stage.naming import suggest_stage_id
from repype_like.stage.parameters import ConfigProblem, Parameter, Parameters

__all__ = ["ConfigProblem", "FunctionStage", "OutputMismatch", "Parameter", "Parameters", "Stage", "StageCallback",
           "StageEvent", "hint_words", "stage", "suggest_stage_id", "to_yaml"]
