"""Who is told what happens to a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from repype_like.typing import TYPE_CHECKING, Any, InputID, PipelineData, Protocol

if TYPE_CHECKING:
    from repype_like.config import Config
    from repype_like.pipeline import Pipeline
    from repype_like.stage.base import Stage
    from repype_like.status import Status

__all__ = ["Callbacks", "StageCallback", "StageEvent"]

StageEvent = Literal["start", "end", "skip", "after"]
"""What a callback can be added for: ``after`` means both ``end`` and ``skip``."""


class StageCallback(Protocol):
    """What :meth:`Callbacks.add_callback` takes."""

    def __call__(self, stage: Stage, event: StageEvent, pipeline: Pipeline, input_id: InputID, data: PipelineData,
                 config: Config, status: Status | None, **kwargs: Any) -> None:
        """Take notice that `event` happened to `stage` for `input_id`; `data` maps the fields known so far."""


class Callbacks:
    """The callbacks of a stage."""

    event_callbacks: dict[StageEvent, list[StageCallback]]
    """What is called, by event."""

    def callback(self, event: StageEvent, **kwargs: Any) -> None:
        """Call the callbacks that were added for `event`, with `kwargs`."""
        for callback in self.event_callbacks.get(event, ()):
            callback(stage=self, event=event, **kwargs)  # type: ignore[arg-type]  # what is derived from this is one

    def add_callback(self, event: StageEvent, callback: Callable[..., Any]) -> None:
        """Have `callback` called upon `event`."""
        for single in _single_events(event):
            self.event_callbacks.setdefault(single, []).append(callback)

    def has_callback(self, event: StageEvent, callback: StageCallback) -> bool:
        """Tell whether `callback` is called upon `event` already."""
        return all(callback in self.event_callbacks.get(single, ()) for single in _single_events(event))

    def remove_callback(self, event: StageEvent, callback: Callable[..., Any]) -> None:
        """Undo :meth:`add_callback`."""
        for single in _single_events(event):
            self.event_callbacks[single].remove(callback)


def _single_events(event: StageEvent) -> tuple[StageEvent, ...]:
    return ("end", "skip") if event == "after" else (event,)
