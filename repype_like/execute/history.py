"""What stages have cost before: the source of estimates, and of nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from repype_like.execute.workplace import Workplace
from repype_like.store import Record

__all__ = ["Cost", "past_costs"]

_MOST_ASKED = 64
"""How many tasks are asked whether they have anything."""

_MOST_TASKS = 8
_MOST_RECORDS = 32
"""How many tasks are looked at, and how many records of each."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one execution of a stage has cost."""

    seconds: float
    """On average."""
    memory: int
    """At most, in bytes; 0 if that is not known."""


def past_costs(places: Iterable[Workplace], stages: Collection[str]) -> dict[str, Cost]:
    """Return what the latest executions of some stages have cost, as far as the tasks have records of them."""
    found: dict[str, list[Record]] = {}
    stored = (place for place in itertools.islice(places, _MOST_ASKED) if place.view.store.exists())
    for place in itertools.islice(stored, _MOST_TASKS):
        records = place.view.store.records
        for record_id in itertools.islice(reversed(list(records.ids())), _MOST_RECORDS):
            record = records.by_id(record_id)
            if record is not None and record.stage in stages:
                found.setdefault(record.stage, []).append(record)
    return {stage: Cost(sum(record.seconds for record in records) / len(records),
                        max(record.peak_memory for record in records)) for stage, records in found.items()}
