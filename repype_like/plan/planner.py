"""From views of tasks to the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from repype_like.cached import cached_property
from repype_like.hashing import ABSENT
from repype_like.plan.catalogue import Catalogue
from repype_like.plan.claims import Claim
from repype_like.plan.files import Files
from repype_like.plan.keys import task_key
from repype_like.plan.levels import plan_inputs
from repype_like.plan.places import is_place_of
from repype_like.plan.plan import Plan, TaskPlan, Transfer, Unit, Waiting
from repype_like.plan.reasons import Reason, changed_shape, failed_whole, locate_output
from repype_like.plan.sources import Sources
from repype_like.plan.steps import Action, Step
from repype_like.plan.units import Wish, make_units
from repype_like.plan.view import TaskView
from repype_like.plan.waiting import without_waiting
from repype_like.store import Digest, OutputFile
from repype_like.typing import InputID, NamedTuple

__all__ = ["Request", "all_steps", "is_up_to_date", "make_plan", "plan_task"]

_VERDICTS = ("incomplete", "pipeline", "specification")

_NONE_OF_EACH = dict.fromkeys(Action, 0)

_MOST_REASONS = 20
"""How many distinct reasons of one task are kept."""


class Request(NamedTuple):
    """What the user asks for beyond bringing everything up to date."""

    force: bool = False
    """Run every stage."""
    first: str | None = None
    """Run this stage, and what depends on it, even if it is up to date."""
    last: str | None = None
    """Run no stage behind this one; such a task does not get complete."""
    inputs: frozenset[InputID] | None = None
    """Work on these inputs only; such a task does not get complete unless the others are."""
    pick_up: bool = True
    """Whether records of other tasks are taken over."""
    chosen: frozenset[str] | None = None
    """The tasks that this is about; None for all. What others are read by aggregates is brought up to date, no more."""

    def of(self, task: str) -> Request:
        """Return what is asked for of one task."""
        return self if self.chosen is None or task in self.chosen else Request(pick_up=self.pick_up)


_EVERYTHING = Request()


def make_plan(views: Sequence[TaskView], neighbours: Callable[[], Sequence[TaskView]], request: Request = _EVERYTHING,
              files: Files | None = None) -> Plan:
    """Find out what has to be done to bring tasks up to date. Reads; never writes, never runs anything.

    Arguments:
        views: The tasks, in the order in which they are to be reported.
        neighbours: Gives the tasks that may be picked up from, these included.
        request: What is asked for beyond that.
        files: The contents of files, if some are known already.

    Returns:
        The plan, with one :class:`TaskPlan` for each view, in the same order.
    """
    files = files or Files()
    catalogue = Catalogue(neighbours)
    tasks: list[TaskPlan] = []
    wishes: list[Wish] = []
    transfers: list[Transfer] = []
    opaque: list[Unit] = []
    for view in views:
        task, steps = plan_task(view, catalogue, files, request)
        tasks.append(task)
        if view.opaque:
            opaque.extend([Unit((), {}, codebase=view.codebase, opaque=view.name)] if task.pending else ())
        else:
            transfers.extend(transfer for _, step in steps for transfer in _transfer(view, step))
            wishes.extend(Wish(view, input_id, step) for input_id, step in steps)
    waiting: list[Waiting] = []
    sources = _sources(catalogue, files, request)
    if any(view.has_aggregates for view in views):
        running = {view.name: found.running for view, found in catalogue.planned.items()}
        wishes, waiting = without_waiting(wishes, running)
    owners = {view.name: view for view in catalogue.planned}
    units = (*make_units(wishes, lambda gather: sources.stored(gather, owners[gather.task])), *opaque)
    claims = _claims(views, wishes, catalogue, files) if units or transfers else {}
    return Plan(tuple(tasks), units, tuple(transfers), claims, tuple(waiting))


def _claims(views: Sequence[TaskView], wishes: Sequence[Wish], catalogue: Catalogue,
            files: Files) -> dict[Path, Claim]:
    """Return the output files that are in place, by path, and to which results they belong."""
    claims: dict[Path, Claim] = {}

    def claim(view: TaskView, stage: str, output: OutputFile) -> None:
        path = locate_output(view, output)
        if path is not None and files.content(path) == output.hash:
            claims.setdefault(path, Claim(view.name, stage, output.input_id, output.hash))

    looked_into = {wish.view.path for wish in wishes}
    for wish in wishes:
        for output in wish.step.record.outputs if wish.step.record is not None and not wish.step.runs else ():
            claim(wish.view, wish.step.stage, output)
    for view in (*views, *catalogue.neighbours_read()):
        digest = catalogue.digest(view) if view.path not in looked_into else None
        for output, _ in digest.outputs if digest is not None else ():
            claim(view, "", output)
    return claims


def plan_task(view: TaskView, catalogue: Catalogue, files: Files,
              request: Request) -> tuple[TaskPlan, list[tuple[InputID, Step]]]:
    """Return what will happen to one task, and all its steps; there are none if it is up to date."""
    found = catalogue.planned.get(view)
    if found is None:
        found = catalogue.planned[view] = _Planned(*_plan_task(view, catalogue, files, request.of(view.name)))
    return found.task, found.steps


@dataclass(frozen=True)
class _Planned:
    """What planning has found out about one task."""

    task: TaskPlan
    steps: list[tuple[InputID, Step]]
    """What there is to be done for what is asked for."""
    all_steps: list[tuple[InputID, Step]]
    """The same for all its inputs, as far as others may want to know."""

    @cached_property
    def running(self) -> frozenset[str]:
        """The names of the records that would have to be made."""
        return frozenset(step.name for _, step in self.all_steps if step.runs)


def _sources(catalogue: Catalogue, files: Files, request: Request) -> Sources:
    """Return what aggregates find out about other tasks by."""
    def plan(view: TaskView) -> list[tuple[InputID, Step]] | None:
        plan_task(view, catalogue, files, request)
        found: _Planned = catalogue.planned[view]
        return found.all_steps or (None if not found.task.pending else [])

    return Sources(catalogue, plan)


def _plan_task(view: TaskView, catalogue: Catalogue, files: Files, request: Request,
               ) -> tuple[TaskPlan, list[tuple[InputID, Step]], list[tuple[InputID, Step]]]:
    digest = catalogue.digest(view)
    if view.verdict is not None or view.opaque:
        task, steps = _plan_by_verdict(view, catalogue, files, request)
        return task, steps, steps
    sources = _sources(catalogue, files, request)
    plain = not request.force and request.first is None
    if plain and digest is not None and is_up_to_date(view, digest, files) and (
            not view.has_sources or sources.are_as_before(view)):
        return TaskPlan(view.name, view.path, True, "", total=len(view.input_ids), done=len(view.input_ids),
                        keeps=sum(map(len, digest.records.values()))), [], []
    damage = catalogue.damage(view)
    found = plan_inputs(view, catalogue, files, _forced(request), request.pick_up, sources, damage, request.last,
                        request.inputs)
    chosen = found if request.inputs is None or not view.has_aggregates else [
        (input_id, step) for input_id, step in found if input_id is None or input_id in request.inputs]
    return _summary(view, digest, chosen, damage), chosen, found


def all_steps(view: TaskView, files: Files, catalogue: Catalogue | None = None) -> list[tuple[InputID, Step]]:
    """Return the steps of a task by itself, taking nothing from others, even if it is up to date.

    Arguments:
        view: The task.
        files: The contents of files.
        catalogue: Where records are found, if there is one already.
    """
    catalogue = catalogue or Catalogue(lambda: ())
    return plan_inputs(view, catalogue, files, lambda stage: False, False,
                       _sources(catalogue, files, Request(pick_up=False)))


def is_up_to_date(view: TaskView, digest: Digest, files: Files) -> bool:
    """Tell from the digest alone whether a task is complete: nothing that decides has changed, nor has any file."""
    if view.store.is_torn or digest.key != task_key(view) or not all(
            is_place_of(view, place) for place in digest.places):
        return False
    for seen, stamp in digest.observations:
        path = view.locate(seen.scope, seen.input_id, seen.path)
        if path is not None and stamp is not None:
            files.remember(path, stamp, seen.hash)
        if (files.content(path) if path is not None else ABSENT) != seen.hash:
            return False
    for output, stamp in digest.outputs:
        path = locate_output(view, output)
        if path is None:
            return False
        if stamp is not None:
            files.remember(path, stamp, output.hash)
        if files.content(path) != output.hash:
            return False
    return view.store.is_sound()


def _plan_by_verdict(view: TaskView, catalogue: Catalogue, files: Files,
                    request: Request) -> tuple[TaskPlan, list[tuple[InputID, Step]]]:
    """Plan a task whose own class says whether it is pending, or that runs as a whole."""
    digest = catalogue.digest(view)
    forced = _forced(request)
    steps = plan_inputs(view, catalogue, files, forced, request.pick_up, _sources(catalogue, files, request),
                        catalogue.damage(view))
    task = _summary(view, digest, steps, catalogue.damage(view))
    if view.verdict is None:
        return task, steps
    pending = view.verdict or ("incomplete" if request.force or request.first else "")
    reasons = (Reason("verdict", "incomplete", "its class says so"),) if pending else ()
    return task._replace(pending=pending, reasons=reasons), steps if pending else []


def _forced(request: Request) -> Callable[[str], bool]:
    return lambda stage: request.force or stage == request.first


def _summary(view: TaskView, digest: Digest | None, steps: Sequence[tuple[InputID, Step]],
             damage: str) -> TaskPlan:
    reasons = _reasons(view, digest, steps, damage)
    counts = _NONE_OF_EACH.copy()
    sources: dict[TaskView, int] = {}
    running, undone, saved = set(), set(), 0.0
    for input_id, step in steps:
        action, record = step.action, step.record
        counts[action] += 1
        if action is Action.COMPUTE:
            running.add(step.stage)
        if action is not Action.KEEP and (action is not Action.RECOMPUTE or step.reasons):
            undone.add(input_id)
        if step.source is not None:
            sources[step.source] = sources.get(step.source, 0) + 1
        if record is not None and action in (Action.KEEP, Action.TAKE):
            saved += record.seconds
    most = max(sources, key=lambda source: (sources[source], source is view)) if sources and reasons else None
    return TaskPlan(
        view.name, view.path, True, _verdict(reasons), tuple(reasons[:_MOST_REASONS]),
        total=len(view.input_ids), done=len(view.input_ids) - len(undone - {None}),
        first_stage=next((stage.id for stage in view.stages if stage.id in running), None),
        pickup=most.name if most is not None else None, pickup_path=most.path if most is not None else None,
        computes=counts[Action.COMPUTE] + counts[Action.RECOMPUTE], takes=counts[Action.TAKE],
        keeps=counts[Action.KEEP], saved=saved, refresh=not reasons)


def _reasons(view: TaskView, digest: Digest | None, steps: Sequence[tuple[InputID, Step]],
             damage: str) -> list[Reason]:
    """Return why the task is pending: what failed first, what merely depends on another if there is nothing else."""
    shape = list(changed_shape(view, digest)) if digest is not None else []
    kinds = {reason.kind for reason in shape}
    distinct = {id(step.reasons): step.reasons for _, step in steps}  # mostly one for all steps
    found = list(dict.fromkeys([*shape, *(reason for reasons in distinct.values() for reason in reasons
                                          if reason.kind not in kinds)]))
    if not found and digest is None:
        found = [Reason("damaged", "incomplete", f"damaged: {damage}") if damage
                 else Reason("never run", "incomplete", "never run")]
    failed = [*(failed_whole(view) if found else ()), *(reason for reason in found if reason.kind == "failed")]
    weak = ("depends", "failed", "never run") if failed else ("depends",)
    return failed + ([reason for reason in found if reason.kind not in weak] or ([] if failed else found))


def _verdict(reasons: Sequence[Reason]) -> str:
    """Return the one word for several reasons: what repype looks for first."""
    return min((reason.verdict for reason in reasons), key=_VERDICTS.index, default="")


def _transfer(view: TaskView, step: Step) -> Iterator[Transfer]:
    if step.record is not None and step.source is not None and (
            step.action is Action.TAKE or (step.action is Action.KEEP and step.restore)):
        yield Transfer(view.name, step.record, step.source.path, step.source.name, step.restore)
