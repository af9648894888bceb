"""Puts data sets together."""

from __future__ import annotations

from dataclasses import dataclass

from repype_like.library.ready import ReadyStage
from repype_like.library.splits import concatenated, dataset_of, shuffled
from repype_like.typing import TYPE_CHECKING, Any, PipelineData

if TYPE_CHECKING:
    from repype_like.pipeline import Pipeline
    from repype_like.status import Status

__all__ = ["Combine", "CombineConfig"]


@dataclass
class CombineConfig:
    """How data sets are put together."""

    shuffle: bool = False
    """Whether the items of each split are shuffled."""
    random_seed: int = 1532637578
    """Decides on the order of what is shuffled."""


class Combine(ReadyStage):
    """Puts data sets together: a split that several of them have consists of the items of all, in their order.

    Arguments:
        datasets: The fields with the data sets.
        output: The field with what they make.
        attributes: Any attribute of the stage, such as `id`.
    """

    config_class = CombineConfig
    cache = False  # nothing is in there that was not there before

    inputs = ("dataset",)
    outputs = ("combined",)

    def __init__(self, *datasets: str, output: str | None = None, **attributes: Any):
        super().__init__(inputs=datasets or None, outputs=None if output is None else (output,), **attributes)

    def process(self, pipeline: Pipeline, config: Any, status: Status | None = None, *args: Any,
                **inputs: Any) -> PipelineData:
        """Put them together."""
        datasets = [dataset_of(field, inputs[field]) for field in self.order if field in inputs]
        splits = dict.fromkeys(split for dataset in datasets for split in dataset)
        combined = {split: concatenated([dataset[split] for dataset in datasets if split in dataset])
                    for split in splits}
        if config.shuffle:
            combined = {split: shuffled(items, config.random_seed, split) for split, items in combined.items()}
        return dict.fromkeys(self.outputs, combined)
