"""Keeps results after an edit of the code that the user vouches for."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repype_like.batch.provenance import provenance
from repype_like.execute.settle import settle
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Files
from repype_like.plan.acceptance import Acceptance, find_acceptable
from repype_like.store import sync

__all__ = ["Accepted", "accept"]


@dataclass
class Accepted:
    """What came of it."""

    tasks: dict[str, Acceptance] = field(default_factory=dict)
    """By task, what was accepted and what was not."""
    complete: set[str] = field(default_factory=set)
    """The tasks that are complete now."""

    @property
    def count(self) -> int:
        """How many results were accepted."""
        return sum(len(found.records) for found in self.tasks.values())


def accept(workplaces: Workplaces, stages: Mapping[str, Collection[str]], command: tuple[str, ...]) -> Accepted:
    """Accept the results of stages as those of the code as it is now. Whoever calls this holds the trees.

    Nothing else is changed, and what reads the results stays valid, in these tasks and in all others.

    Arguments:
        workplaces: The tasks.
        stages: By task, the stages that the user vouches for.
        command: What the user typed.
    """
    run = provenance(command, (Path.cwd(),))
    now, files, done = time.time(), Files(), Accepted()
    for name, place in workplaces.items():
        view = place.view
        found = done.tasks[name] = find_acceptable(view, stages[name], run["user"], now, files)
        if not found.records:
            continue
        view.store.append(found.records)
        before = view.store.digest if not view.store.damage else None
        # The results are still those of then and there; that they were accepted is told beside that.
        if settle(place, before.provenance if before is not None else run, files):
            done.complete.add(name)
    sync([workplaces[name].view.store for name, found in done.tasks.items() if found.records])
    return done
