"""The methods ``on_<stage>_<event>`` of tasks, and other callbacks of stages: called beside the stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from repype_like import events
from repype_like.config import Config
from repype_like.execute.failure import describe, user_traceback
from repype_like.execute.values import Fields
from repype_like.execute.workplace import Workplace
from repype_like.plan import is_mark
from repype_like.stage import Stage, StageEvent
from repype_like.status import Status
from repype_like.typing import Any, InputID

__all__ = ["call_hooks", "has_hooks"]


class _Readable(Protocol):
    def peek(self) -> Any:
        """Return a copy of the value."""
        ...


def has_hooks(stage: Stage, event: StageEvent) -> bool:
    """Tell whether anybody wants to know of `event`. A stage with a ``run`` of its own calls its hooks itself."""
    return bool(stage.event_callbacks.get(event)) and (event == "skip" or type(stage).run is Stage.run)


def call_hooks(place: Workplace, stage: Stage, event: StageEvent, input_id: InputID, fields: Mapping[str, _Readable],
               happened: Callable[[events.Event], None]) -> None:
    """Call the hooks of a stage. They watch, and decide nothing: if one fails, that is a warning.

    Arguments:
        place: The task.
        stage: The stage.
        event: What has happened to it.
        input_id: The input.
        fields: What the hooks may look at; they get copies.
        happened: Told the warning.
    """
    if not has_hooks(stage, event):
        return
    data = Fields({field: slot.peek for field, slot in fields.items() if not is_mark(field)})
    data["input_id"] = input_id
    config = Config.of_stage(place.view.configure(input_id, stage.id), stage.id)
    stage.fill_in(config)
    try:
        stage.callback(event, pipeline=place.pipeline, input_id=input_id, data=data, config=config,
                       status=Status(report=lambda content, intermediate: None))
    except Exception as error:  # noqa: BLE001  whatever a hook raises: the result stands
        happened(events.Warned(task=place.view.name, message=f"the hook on_{stage.id.replace('-', '_')}_{event} failed "
                               f"for input {input_id!r}: {describe(error)}\n{user_traceback(error)}"))
