"""Steps of a pipeline: classes derived from :class:`Stage`, or functions made stages by :func:`stage`."""

from repype_like.stage.base import Stage
from repype_like.stage.callbacks import StageCallback, StageEvent
from repype_like.stage.conversion import hint_words, to_yaml
from repype_like.stage.function import FunctionStage, aggregate, stage
from repype_like.stage.lazy import Lazy
from repype_like.stage.levels import CONFIGS, patterns_of, read_here
from repype_like.stage.naming import suggest_stage_id
from repype_like.stage.ordering import why_no_order
from repype_like.stage.parameters import ConfigProblem, Parameter, Parameters
from repype_like.stage.returned import OutputMismatch
from repype_like.stage.settings import SETTINGS, settings_of
from repype_like.stage.wiring import dependencies, required_inputs

__all__ = ["CONFIGS", "SETTINGS", "ConfigProblem", "FunctionStage", "Lazy", "OutputMismatch", "Parameter", "Parameters",
           "Stage", "StageCallback", "StageEvent", "aggregate", "dependencies", "hint_words", "patterns_of",
           "read_here", "required_inputs", "settings_of", "stage", "suggest_stage_id", "to_yaml",
           "why_no_order"]
