"""What came of a plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from repype_like.events import StageFailed
from repype_like.typing import InputID

__all__ = ["Outcome"]


@dataclass
class Outcome:
    """What came of a plan."""

    failures: list[StageFailed] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    """The tasks that something was done for."""
    computed: Counter[str] = field(default_factory=Counter)
    """By task, how many records were computed for it."""
    executed: int = 0
    """How many times a stage ran; what was shared counts once."""
    taken: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    """By task, how long its stages took."""
    sources: dict[str, set[str]] = field(default_factory=dict)
    wrote_files: bool = False
    """Whether any stage has written files, so that others may see other files than before."""
    warnings: set[str] = field(default_factory=set)
    """What was warned about; nothing is said twice."""
    contested: set[str] = field(default_factory=set)
    """The tasks that have written a file while another unit wrote it too. They have to run again, one at a time."""

    attempts: Counter[tuple[str, str, InputID]] = field(default_factory=Counter)
    """How often a stage has failed and was to be tried again, by task, stage and input."""

    @property
    def broken(self) -> set[str]:
        """The tasks that something failed for."""
        return {task for failure in self.failures for task in failure.tasks}

    def add(self, other: Outcome) -> None:
        """Count in what came of another plan."""
        self.failures += other.failures
        self.touched |= other.touched
        self.computed += other.computed
        self.executed += other.executed
        self.taken += other.taken
        for task, seconds in other.seconds.items():
            self.seconds[task] = self.seconds.get(task, 0.0) + seconds
        for task, sources in other.sources.items():
            self.sources.setdefault(task, set()).update(sources)
        self.wrote_files |= other.wrote_files
        self.warnings |= other.warnings
        self.contested |= other.contested
        self.attempts += other.attempts
