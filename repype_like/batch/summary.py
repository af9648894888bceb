"""What came of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repype_like.events import StageFailed
    from repype_like.plan import Plan

__all__ = ["Summary"]


@dataclass
class Summary:
    """What came of a run."""

    completed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    """Tasks that were not completed although nothing failed: the run was stopped, or part of the work was asked for."""
    failures: list[StageFailed] = field(default_factory=list)
    up_to_date: int = 0
    computed: int = 0
    taken: int = 0
    seconds: float = 0.0
    saved: float = 0.0

    def expect(self, plan: Plan) -> None:
        """Take down what needs not be done, according to `plan`."""
        self.up_to_date = sum(not task.pending for task in plan.tasks)
        self.saved = sum(task.saved for task in plan.tasks)

    @property
    def succeeded(self) -> bool:
        """Whether nothing failed."""
        return not self.failures and not self.failed
