"""What differs between two tasks, or between a task and what it was completed with. Nothing here loads a value."""

from __future__ import annotations

from repype_like.compare.compare import Comparison, Finding, compare
from repype_like.compare.side import Side, as_completed, as_it_stands

__all__ = ["Comparison", "Finding", "Side", "as_completed", "as_it_stands", "compare"]
