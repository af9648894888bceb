"""Prints fields."""

from __future__ import annotations

import sys
from pprint import pformat

from repype_like.library.ready import ReadyStage
from repype_like.typing import TYPE_CHECKING, Any, PipelineData

if TYPE_CHECKING:
    from repype_like.pipeline import Pipeline
    from repype_like.status import Status

__all__ = ["Print"]


class Print(ReadyStage):
    """Prints fields for each input when they are new; ``repype log`` shows what was printed.

    Arguments:
        fields: The fields.
        attributes: Any attribute of the stage, such as `id`.
    """

    inputs = ("input_id",)

    def __init__(self, *fields: str, **attributes: Any):
        super().__init__(inputs=fields or None, **attributes)

    def process(self, pipeline: Pipeline, config: Any, status: Status | None = None, *args: Any,
                **inputs: Any) -> PipelineData:
        """Print the fields, in the order in which they were named."""
        for field in filter(inputs.__contains__, self.order):
            text = inputs[field] if isinstance(inputs[field], str) else pformat(inputs[field], sort_dicts=False)
            separator = "\n" if "\n" in text else " "
            sys.stdout.write(f"{field}:{separator}{text}\n")
        return {}
