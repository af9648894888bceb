"""Tasks as values that another machine can make them of again, and the making."""

from __future__ import annotations

import pickle
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from repype_like.batch.context import RunContext
from repype_like.config import Config
from repype_like.errors import RepypeError, text_of
from repype_like.execute.dask.job import Job, MismatchError, Parcel
from repype_like.execute.workplace import Workplace, Workplaces
from repype_like.fingerprint import Fingerprinter
from repype_like.fingerprint.codebases import codebase_for
from repype_like.fingerprint.versions import version_of
from repype_like.plan import Limits, TaskView
from repype_like.task import Task, inspection
from repype_like.task.naming import load
from repype_like.typing import Any
from repype_like.version import VERSION

__all__ = ["ReceivedTasks", "make_job", "versions_of"]


# --- where the run was started ---------------------------------------------------------------------------------------

def make_job(contexts: Mapping[str, RunContext], workplaces: Workplaces) -> Job:
    """Return what workers need to know in order to run the stages of tasks.

    Arguments:
        contexts: The tasks by name.
        workplaces: The same, as they were planned with.

    Raises:
        RepypeError: If something cannot be sent.
    """
    parcels: dict[str, bytes] = {}
    samples: dict[Any, str] = {}
    codebases = {}
    distributions: set[str] = set()
    for name, context in contexts.items():
        task, view = context.task, workplaces[name].view
        parcels[name] = _pickled(name, _parcel(task, context, view))
        for parent in task.parents:
            above = _name_of(parent)
            if above not in parcels:
                parcels[above] = _pickled(above, _parcel(parent))
        codebases[task.codebase.start, tuple(task.resolved_spec.pythonpath)] = task.codebase
        kind = (type(task), view.codebase, tuple((stage.id, stage.fingerprint) for stage in view.stages))
        if samples.setdefault(kind, name) == name:
            maker = Fingerprinter.of(task.codebase)
            distributions.update(*(maker.stage(stage).distributions for stage in context.pipeline.stages))
    return Job(
        directory=Path.cwd(), script=_script(contexts), versions=versions_of(sorted(distributions)),
        sources={key: codebase.sources.contents() for key, codebase in codebases.items()}, parcels=parcels,
        defaults=next((place.defaults for place in workplaces.values()), Limits()), samples=tuple(samples.values()))


def versions_of(distributions: Sequence[str]) -> dict[str, str]:
    """Return the versions of what results may depend on; that of Python without its last part."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, "repype_like": VERSION,
            **{name: version_of(name) or "not installed" for name in distributions}}


def _parcel(task: Task, context: RunContext | None = None, view: TaskView | None = None) -> Parcel:
    cls = type(task)
    name = "" if cls is Task else f"{cls.__module__}.{cls.__qualname__}"
    parent = _name_of(task.parent) if task.parent is not None else None
    if context is None or view is None:
        return Parcel(task.path, task.spec, name, parent)
    return Parcel(task.path, task.spec, name, parent, context.config.entries,
                  {stage.id: (stage.fingerprint, dict(stage.parts), stage.kept) for stage in view.stages},
                  dict(view.packages))


def _name_of(parent: Task) -> str:
    return f"{parent.directory}/"  # unlike the name of any task that runs


def _pickled(name: str, parcel: Parcel) -> bytes:
    try:
        return pickle.dumps(parcel, 5)
    except Exception as error:
        raise RepypeError(f"{name}: the task cannot be sent to a cluster, since something in its specification or "
                          f"configuration cannot be pickled: {text_of(error)}") from error


def _script(contexts: Mapping[str, RunContext]) -> str:
    """Return the path of the script that was started, if a class of tasks is defined in there."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    if file is None:
        here = sorted({name for context in contexts.values() for name in _defined_here(context)})
        if here:
            raise RepypeError(f"{', '.join(here)}: defined in a notebook or an interactive session, which a cluster "
                              "cannot see; put it into a module")
    if file is None or all(type(context.task).__module__ != "__main__" for context in contexts.values()):
        return ""
    return str(Path(file).resolve())


def _defined_here(context: RunContext) -> Iterator[str]:
    """Yield the names of what a task consists of that is in no module."""
    stages = (context.blueprint or context).pipeline.stages
    for value in (type(context.task), *(getattr(stage, "function", type(stage)) for stage in stages)):
        if getattr(value, "__module__", "") == "__main__":
            yield value.__name__


# --- where the stages run --------------------------------------------------------------------------------------------

class ReceivedTasks(Mapping[str, Workplace]):
    """The tasks of a run, made when they are asked for and compared with what was planned.

    Asking for one raises a :class:`MismatchError` if it is not the same here.
    """

    def __init__(self, job: Job):
        self._job = job
        self._places: dict[str, Workplace] = {}
        self._tasks: dict[str, Task] = {}
        self._numbers: dict[int, int] = {}
        for (start, pythonpath), sources in job.sources.items():
            codebase_for(start, pythonpath).sources.adopt(sources)

    def __getitem__(self, name: str) -> Workplace:
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = self._make(name)
        return place

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._job.parcels if not name.endswith("/"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def load(self, names: Iterable[str]) -> bool:
        """Make these tasks, and tell whether any of them was not there yet."""
        known = len(self._places)
        for name in names:
            self[name]
        return len(self._places) > known

    def check_versions(self) -> None:
        """Raise a :class:`MismatchError` if something is installed here in another version."""
        distributions = [name for name in self._job.versions if name not in ("Python", "repype_like")]
        _compare_versions(self._job.versions, versions_of(distributions))

    def check_samples(self) -> None:
        """Make one task of each kind, which raises what there is to raise."""
        self.load(self._job.samples)

    def _make(self, name: str) -> Workplace:
        parcel = self._parcel(name)
        assert parcel.stages is not None
        try:
            task = self._task(name, parcel)
            with task.codebase.activate():
                pipeline = task.create_pipeline()
                task.setup_callbacks(pipeline)
                number = self._numbers.setdefault(id(task.codebase), len(self._numbers))
                place = inspection.workplace_of(task, pipeline, Config(parcel.config), name, number)
        except RepypeError as error:
            raise MismatchError(f"the task {name} cannot be loaded: {error}") from error
        _compare(name, parcel, place.view)
        stages = tuple(replace(stage, kept=parcel.stages[stage.id][2]) for stage in place.view.stages)
        return replace(place, view=replace(place.view, stages=stages), defaults=self._job.defaults)

    def _parcel(self, name: str) -> Parcel:
        parcel: Parcel = pickle.loads(self._job.parcels[name])
        return parcel

    def _task(self, name: str, parcel: Parcel) -> Task:
        known = self._tasks.get(name)
        if known is None:
            parent = self._task(parcel.parent, self._parcel(parcel.parent)) if parcel.parent is not None else None
            cls = self._class(parcel) if parcel.cls else Task
            known = self._tasks[name] = cls(parcel.path, parcel.spec, parent)
        return known

    @cached_property
    def _script(self) -> Any:
        """The module that the script is, imported as workers of multiprocessing do."""
        from multiprocessing import spawn

        spawn.import_main_path(self._job.script)
        return sys.modules["__main__"]

    def _class(self, parcel: Parcel) -> type[Task]:
        module, _, name = parcel.cls.rpartition(".")
        if module == "__main__":
            found = getattr(self._script, name)
        else:
            found = load(Task(parcel.path, parcel.spec).codebase, parcel.cls)
        cls: type[Task] = found
        return cls


def _compare(name: str, parcel: Parcel, view: TaskView) -> None:
    """Raise a :class:`MismatchError` unless the code of the stages is what was planned with."""
    assert parcel.stages is not None
    for stage in view.stages:
        expected, parts, _ = parcel.stages.get(stage.id, ("", {}, frozenset()))
        if stage.fingerprint != expected:
            reached = parts.keys() | stage.parts.keys()
            other = sorted(part for part in reached if parts.get(part) != stage.parts.get(part))
            what = f": {', '.join(other[:3])}" if other else ""
            raise MismatchError(f'the code of the stage "{stage.id}" of the task {name} is not the same there{what}; '
                                "have the worker use the same files, and the same environment")
    _compare_versions(parcel.packages or {}, view.packages)


def _compare_versions(here: Mapping[str, str], there: Mapping[str, str]) -> None:
    """Raise a :class:`MismatchError` if something is installed in another version."""
    wrong = [f"{name} is {version} where the run was started and {there.get(name)} there"
             for name, version in here.items() if there.get(name) != version]
    if wrong:
        raise MismatchError(f"{', '.join(wrong)}; results could differ, so install the same versions")
