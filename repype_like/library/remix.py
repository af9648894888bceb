"""Makes new splits of those of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repype_like.library.expression import evaluate, parse_expression
from repype_like.library.ready import ReadyStage
from repype_like.library.splits import dataset_of, shuffled
from repype_like.stage import ConfigProblem
from repype_like.typing import TYPE_CHECKING, Any, PipelineData

if TYPE_CHECKING:
    from repype_like.pipeline import Pipeline
    from repype_like.status import Status

__all__ = ["Remix", "RemixConfig"]


@dataclass
class RemixConfig:
    """Which splits are to be made of which."""

    new_splits: dict[str, str] = field(default_factory=dict)
    """By the name of a new split, what it consists of: ``train``, ``train[:1000]``, ``train[20%:] + test[:0.5]``."""
    keep_old_splits: bool = True
    """Whether the splits that there were are kept beside the new ones."""
    shuffle_before: bool = False
    """Whether the splits are shuffled before the new ones are made of them."""
    shuffle_after: bool = False
    """Whether all splits are shuffled at the end."""
    random_seed: int = 1532637578
    """Decides on the order of what is shuffled."""


class Remix(ReadyStage):
    """Makes new splits of those of a data set.

    Arguments:
        dataset: The field with the data set.
        output: The field with the new data set.
        attributes: Any attribute of the stage, such as `id`.
    """

    config_class = RemixConfig
    cache = False  # nothing is in there that was not there before

    inputs = ("dataset",)
    outputs = ("remixed",)

    def __init__(self, dataset: str | None = None, output: str | None = None, **attributes: Any):
        super().__init__(inputs=None if dataset is None else (dataset,),
                         outputs=None if output is None else (output,), **attributes)

    def check_config(self, section: Mapping[str, Any]) -> Sequence[ConfigProblem]:
        """Return what is wrong with the configuration, the expressions for the new splits included."""
        problems = list(super().check_config(section))
        new_splits = section.get("new_splits")
        for name, expression in new_splits.items() if isinstance(new_splits, Mapping) and not problems else ():
            try:
                parse_expression(expression)
            except ValueError as error:
                problems.append(ConfigProblem(("new_splits", name), f'new_splits, "{name}": {error}'))
        return problems

    def process(self, pipeline: Pipeline, config: Any, status: Status | None = None, *args: Any,
                **inputs: Any) -> PipelineData:
        """Make the new splits."""
        name, = self.order
        dataset = dict(dataset_of(name, inputs[name]))
        if config.shuffle_before:
            dataset = {split: shuffled(items, config.random_seed, split) for split, items in dataset.items()}
        remixed = dict(dataset) if config.keep_old_splits else {}
        for split, expression in config.new_splits.items():
            remixed[split] = evaluate(expression, dataset)
        if config.shuffle_after:
            remixed = {split: shuffled(items, config.random_seed, split) for split, items in remixed.items()}
        return dict.fromkeys(self.outputs, remixed)
