"""What happens during a run, as values.

Work announces itself by events and by nothing else; console, log, watch and report are folds over them. On disk an
event is one line of JSON: its fields, ``event`` (the class name) and ``time`` (seconds since the epoch).

Paths of tasks are relative to the root of the run, with ``/`` as separator; ``.`` is the root itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from repype_like.json_text import json_encoder
from repype_like.typing import Any, InputID, Plain

__all__ = ["Event", "Listener", "Message", "Progress", "RunFinished", "RunStarted", "StageFailed", "StageFinished",
           "StageRetried", "StageStarted", "StageTaken", "TaskFinished", "TaskStarted", "Tick", "Warned", "from_json",
           "to_json"]


@dataclass(kw_only=True)
class Event:
    """Something that happened, at `time` (seconds since the epoch).

    It is not to be changed once it was told. Python takes four times as long to make one that cannot be, and there are
    two for every stage and input.
    """

    is_momentary: ClassVar[bool] = False
    """Whether it is of interest only while it happens."""

    time: float = field(default_factory=time.time)


@dataclass(kw_only=True)
class RunStarted(Event):
    """A run begins: `stages` is the number of stage executions that its plan foresees, `inputs` what they are for.

    `foreseen` is the same by stage, `expected` how many seconds each has taken in earlier runs, if that is known.
    """

    run: str
    root: str
    command: tuple[str, ...]
    tasks: int
    inputs: int
    stages: int
    provenance: Plain = None
    """Who runs it, where, with which versions, and from which commit."""
    foreseen: Mapping[str, int] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)
    workers: int = 0


@dataclass(kw_only=True)
class TaskStarted(Event):
    """Work on a pending task begins: from `first_stage` on, taking over results of the task `pickup`.

    `stages` is the number of stage executions that the plan foresees for it, shared ones included; `done` is the number
    of its `inputs` that nothing is to be done for. What aggregates make counts for no input.
    """

    task: str
    pending: str
    first_stage: str | None
    pickup: str | None
    inputs: int
    stages: int = 0
    done: int = 0


@dataclass(kw_only=True)
class StageStarted(Event):
    """A stage starts to compute for one input; `tasks` are all the tasks that the result is for."""

    task: str
    stage: str
    input_id: InputID
    tasks: tuple[str, ...]
    worker: int


@dataclass(kw_only=True)
class StageFinished(Event):
    """A stage has computed its record for one input, in `seconds`; its process had `memory` bytes at its peak.

    `memory` is 0 if that is not known.
    """

    task: str
    stage: str
    input_id: InputID
    tasks: tuple[str, ...]
    seconds: float
    memory: int = 0


@dataclass(kw_only=True)
class StageTaken(Event):
    """The stored result of a stage was taken over from the task `source`; computing it had taken `seconds`."""

    task: str
    stage: str
    input_id: InputID
    source: str
    seconds: float


@dataclass(kw_only=True)
class StageFailed(Event):
    """A stage failed for one input; this concerns all `tasks`. `error` is one line, `traceback` the user's frames."""

    task: str
    stage: str
    input_id: InputID
    tasks: tuple[str, ...]
    error: str
    traceback: str
    output: str
    """What the stage had printed, at most the last 64 kB."""
    met: tuple[str, ...] | None = None
    """The files that it had met until then; None if that is not known."""
    kind: str = "exception"
    """``exception``, ``crash``, ``timeout``, or ``unfit`` if what the stage made cannot be taken for its result."""
    config: Plain = None
    """The section of the configuration that was in force, if it is known."""


@dataclass(kw_only=True)
class StageRetried(Event):
    """A stage failed for one input and is going to be tried again, for the `attempt`-th time of at most `attempts`."""

    task: str
    stage: str
    input_id: InputID
    tasks: tuple[str, ...]
    error: str
    attempt: int
    attempts: int


@dataclass(kw_only=True)
class Progress(Event):
    """A stage is at `step` of `total` (None: unknown) of its own iteration."""

    is_momentary = True

    task: str
    stage: str
    input_id: InputID
    step: int
    total: int | None
    details: Plain = None


@dataclass(kw_only=True)
class Message(Event):
    """A stage says something; `intermediate` means that the next message replaces it."""

    task: str
    stage: str
    input_id: InputID
    content: Plain
    intermediate: bool = False

    @property
    def is_momentary(self) -> bool:  # type: ignore[override]  # of the others, each says always the same
        """Whether the next message replaces it."""
        return self.intermediate


@dataclass(kw_only=True)
class Warned(Event):
    """Something that the user should know; `task` is None if it concerns the run.

    Of warnings that are `about` the same thing, which is the message unless it says otherwise, the first one is told.
    """

    message: str
    task: str | None = None
    about: str = ""


@dataclass(kw_only=True)
class TaskFinished(Event):
    """Work on a task is over. `outcome` is ``completed``, ``failed`` or ``interrupted``.

    `computed` and `taken` count stages x inputs; `sources` are the tasks taken from; `seconds` is the time spent in
    its stages, `saved` the time that the results which were kept or taken over had cost.
    """

    task: str
    outcome: str
    computed: int
    taken: int
    sources: tuple[str, ...]
    seconds: float
    saved: float


@dataclass(kw_only=True)
class RunFinished(Event):
    """The run is over; `seconds` by the clock. `outcome` is ``completed``, ``failed`` or ``interrupted``.

    `memory` is what the process that has led the run had at its peak, in bytes; 0 if that is not known.
    """

    outcome: str
    completed: int
    failed: int
    up_to_date: int
    computed: int
    taken: int
    seconds: float
    saved: float
    memory: int = 0


@dataclass(kw_only=True)
class Tick(Event):
    """Time goes by while stages run; written nowhere."""

    is_momentary = True


Listener = Callable[[Event], None]
"""Something that is told every event."""

_CLASSES = {cls.__name__: cls for cls in Event.__subclasses__()}
_encode = json_encoder(", ", ": ", default=str)


def to_json(event: Event) -> str:
    """Return `event` as one line of JSON."""
    if isinstance(event, StageStarted):
        return f'{{"event": "StageStarted", {_of_stage(event)}, "worker": {event.worker}}}'
    if isinstance(event, StageFinished):
        return (f'{{"event": "StageFinished", {_of_stage(event)}, "seconds": {event.seconds!r}, '
                f'"memory": {event.memory}}}')
    return _encode({"event": type(event).__name__, **vars(event)})


def _of_stage(event: StageStarted | StageFinished) -> str:
    """Return what the two that are told most often have in common; the encoder takes three times as long for them."""
    stage, tasks = _words_of_stage(event.task, event.stage, event.tasks)
    number = event.input_id
    return (f'"time": {event.time!r}, {stage}, "input_id": {number if type(number) is int else _encode(number)}, '
            f'"tasks": {tasks}')


@lru_cache(maxsize=16)
def _words_of_stage(task: str, stage: str, tasks: tuple[str, ...]) -> tuple[str, str]:
    return f'"task": {_encode(task)}, "stage": {_encode(stage)}', _encode(tasks)


def from_json(line: str) -> Event | None:
    """Return the event that :func:`to_json` wrote, or None for a torn line or an event of a newer version."""
    try:
        content = json.loads(line)
        cls: Any = _CLASSES[content.pop("event")]
        fields = {name: tuple(value) if isinstance(value, list) else value for name, value in content.items()}
        event: Event = cls(**fields)
        return event
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
