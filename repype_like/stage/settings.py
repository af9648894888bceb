"""What the section of a stage may say besides its hyperparameters."""

from __future__ import annotations

from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repype_like.stage.base import Stage

__all__ = ["SETTINGS", "settings_of"]

SETTINGS = {"enabled": "Whether the stage takes part.",
            "tasks": "Patterns for the tasks that the stage reads, relative to its own."}
"""What each is for."""


def settings_of(stage: Stage) -> dict[str, Any]:
    """Return the types of what the section of a stage may say to steer it, by key."""
    return {"enabled": bool, **({"tasks": str | list[str]} if stage.over == "tasks" else {})}
