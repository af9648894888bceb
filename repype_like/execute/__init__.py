"""Doing what the plan says: units of work in this process or in others, and what they make into the stores."""

from __future__ import annotations

from repype_like.execute.asides import put_away_removed
from repype_like.execute.executor import DroppingExecutor, Executor
from repype_like.execute.failure import note_scopes
from repype_like.execute.history import Cost, past_costs
from repype_like.execute.outcome import Outcome
from repype_like.execute.run import execute
from repype_like.execute.serial import SerialExecutor
from repype_like.execute.settle import settle
from repype_like.execute.tracking import Tracker
from repype_like.execute.workplace import Workplace, Workplaces

__all__ = ["Cost", "DroppingExecutor", "Executor", "Outcome", "SerialExecutor", "Tracker",
           "Workplace", "Workplaces", "execute", "note_scopes", "past_costs", "put_away_removed", "settle"]
