"""Results that are kept after an edit of the code, because the user vouches that it changes none of them.

An accepted record is the earlier one under another name: its pre-key is what the code as it is now asks for, so it is
found by this task and by all others, and its ``name`` is that of the earlier record, so what depends on it stays valid.
The next edit asks for another pre-key, and so does another configuration; nobody has vouched for those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from repype_like.config import to_plain
from repype_like.plan.catalogue import Catalogue
from repype_like.plan.differences import differences
from repype_like.plan.files import Files
from repype_like.plan.keys import is_planned, prepare, record_id
from repype_like.plan.places import PLACE, is_at_home
from repype_like.plan.planner import all_steps
from repype_like.plan.reasons import changed_pieces
from repype_like.plan.steps import Action, Step, plan_input
from repype_like.plan.view import StageView, TaskView
from repype_like.store import ACCEPTED, Record
from repype_like.typing import Any, InputID

__all__ = ["Acceptance", "find_acceptable"]


@dataclass
class Acceptance:
    """What can be accepted for a task."""

    records: list[Record] = field(default_factory=list)
    """What is to be added to its store."""
    valid: int = 0
    """How many results of the stages need no acceptance."""
    refusals: list[str] = field(default_factory=list)
    """Why something cannot be accepted, each reason once."""


def find_acceptable(view: TaskView, stages: Collection[str], by: str, time: float, files: Files) -> Acceptance:
    """Find the results of a task that nothing but an edit of the code has made invalid.

    Arguments:
        view: The task.
        stages: The stages that the user vouches for.
        by: The user.
        time: The present time, in seconds since the epoch.
        files: The contents of files.
    """
    return _Acceptor(view, stages, {"by": by, "time": time}, files).run()


class _Extended(Catalogue):
    """The records of a task, and those that are about to be accepted."""

    def __init__(self) -> None:
        super().__init__(lambda: ())
        self.accepted: dict[str, Record] = {}

    def candidates(self, view: TaskView, pre_key: str, pick_up: bool) -> Iterator[tuple[TaskView, Record]]:
        if pre_key in self.accepted:
            yield view, self.accepted[pre_key]
        yield from super().candidates(view, pre_key, pick_up)


class _Acceptor:
    def __init__(self, view: TaskView, stages: Collection[str], told: Mapping[str, Any], files: Files):
        self.view = view
        self.stages = stages
        self.told = told
        self.files = files
        self.catalogue = _Extended()
        self.found = Acceptance()
        self.known: dict[tuple[str, InputID], list[Record]] = {}
        for record in view.store.records:
            self.known.setdefault((record.stage, record.input_id), []).insert(0, record)

    def run(self) -> Acceptance:
        for input_id in self.view.input_ids if not self.view.has_aggregates else ():
            for stage in self.view.stages:
                if stage.id in self.stages:
                    steps = plan_input(self.view, input_id, self.catalogue, self.files, lambda name: False, False)
                    self._accept(stage, input_id, steps)
        for stage in self.view.stages if self.view.has_aggregates else ():
            if stage.id in self.stages:
                found = all_steps(self.view, self.files, self.catalogue)
                for input_id in self.view.subjects:
                    self._accept(stage, input_id, [step for other, step in found if other == input_id])
        self.found.refusals = list(dict.fromkeys(self.found.refusals))
        return self.found

    def _accept(self, stage: StageView, input_id: InputID, steps: Iterable[Step]) -> None:
        step = next((step for step in steps if step.stage == stage.id), None)
        if step is None:
            return
        if step.action is not Action.COMPUTE:
            self.found.valid += 1
            return
        earlier = list(self._earlier(stage, input_id))
        if not earlier:
            self.found.refusals.append(f'there are no earlier results of the stage "{stage.id}"')
            return
        config = prepare(self.view, stage, self.view.configure(input_id, None)).config
        refusals = []
        for record in earlier:
            why = self._other_change(stage, step, config, record)
            if not why:
                self._take(stage, step, record)
                return
            refusals.append(why)
        self.found.refusals.append(refusals[0])

    def _earlier(self, stage: StageView, input_id: InputID) -> Iterator[Record]:
        """Yield what may be meant: the results of the last completion first, then the newest."""
        completed = self.catalogue.completed_record(self.view, stage.id, input_id)
        if completed is not None:
            yield completed
        yield from self.known.get((stage.id, input_id), ())

    def _other_change(self, stage: StageView, step: Step, config: Mapping[str, Any], record: Record) -> str:
        """Return what has changed besides the code, in words; empty if nothing has."""
        producers = sorted({self.view.producer[field].id for field, name in step.reads.items() if is_planned(name)})
        if producers:
            return (f'the stage "{stage.id}" reads what "{producers[0]}" is going to compute anew; accept that as well '
                    f"(--stage {producers[0]}), or run it first")
        changed = next(differences(record.config, to_plain(config), (stage.id,)), None)
        if changed is not None:
            return f"the configuration has changed as well, which nobody can vouch for: {changed}"
        if dict(record.reads) != dict(step.reads):
            return f'the stage "{stage.id}" reads other results than before'
        if not stage.outputs <= record.fields.keys():
            return f'the stage "{stage.id}" has other outputs than before'
        if record.note.get("packages", {}) != dict(self.view.packages):
            return "packages have changed as well"
        if not is_at_home(self.view, record):
            return f'the values of "{stage.id}" contain the path of the place where they were computed'
        if record.fingerprint == stage.fingerprint:
            return f'it is not the code of the stage "{stage.id}" that has changed'
        return ""

    def _take(self, stage: StageView, step: Step, record: Record) -> None:
        accepted = {"name": record.name, "fingerprint": record.fingerprint, **self.told,
                    "changes": self._changes(stage, record)}
        made = replace(record, id=record_id(step.key, record.observations, record.note.get(PLACE)), pre_key=step.key,
                       fingerprint=stage.fingerprint, note={**record.note, ACCEPTED: accepted})
        self.catalogue.accepted[step.key] = made
        self.found.records.append(made)

    def _changes(self, stage: StageView, record: Record) -> Sequence[str]:
        """Return the pieces of code that have changed, as far as that is known."""
        digest = self.catalogue.digest(self.view)
        before = digest.fingerprints.get(stage.id, {}) if digest is not None else {}
        return changed_pieces(before["parts"], stage.parts) if before.get("hash") == record.fingerprint else ()
