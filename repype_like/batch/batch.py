"""A collection of tasks."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from repype_like.batch import validation
from repype_like.batch.cluster import ClusterOptions
from repype_like.batch.context import RunContext
from repype_like.batch.sources import SourceFinder, link
from repype_like.batch.summary import Summary
from repype_like.collector import collector_paused, collector_relieved
from repype_like.errors import Problem, RepypeError, SpecError, UsageError
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Limits, Plan, Request, TaskView, make_plan
from repype_like.spec import SPEC_NAME, Documents, SpecTree, TaskSpec, load_document, load_tree
from repype_like.task import Task, inspection
from repype_like.task.blueprint import Blueprints
from repype_like.typing import TYPE_CHECKING, Any, PathLike

if TYPE_CHECKING:
    import pandas

    from repype_like.events import Event, Listener
    from repype_like.execute.dask.job import Job
    from repype_like.execute.executor import Executor
    from repype_like.status import Status

__all__ = ["Batch"]

_EVERYTHING = Request()


class Batch:
    """Tasks, identified by their paths.

    Arguments:
        task_cls: The class of the tasks, unless their specification names another by ``task_class``.
    """

    tasks: dict[Path, Task]
    """The tasks by path."""

    task_cls: type[Task]
    """The class of the tasks."""

    def __init__(self, task_cls: type[Task] = Task):
        self.began = time.time_ns()
        """When the look at all this began, in ns since the epoch."""
        self.tasks = {}
        self.task_cls = task_cls
        self.trees: list[SpecTree] = []
        """What was loaded by :meth:`load`."""
        self.problems: list[Problem] = []
        """What is wrong with it."""
        self._documents = Documents()
        self._executor: Executor | None = None
        self._contexts: dict[Path, RunContext] = {}
        """By directory, the tasks that were looked at for planning."""
        self._resolved: dict[Path, Task] = {}
        self._blueprints = Blueprints()

    @property
    def resolved_tasks(self) -> Mapping[Path, Task]:
        """The tasks by resolved path."""
        if len(self._resolved) != len(self.tasks):  # somebody has put tasks in
            self._resolved = {task.directory: task for task in self.tasks.values()}
        return self._resolved

    def task(self, path: PathLike, spec: dict[str, Any] | None = None) -> Task | None:
        """Return the task at `path`, loaded with its parents if need be.

        Arguments:
            path: The directory of the task.
            spec: The specification; read from the ``task.yml`` there if it is not given.

        Returns:
            The task, or None if there is neither a ``task.yml`` nor a specification.

        Raises:
            SpecError: If the specification cannot be understood.
            UsageError: If the task was loaded before, with another specification.
        """
        path = Path(path)
        known = self.resolved_tasks.get(path.resolve())
        if spec is None:
            if not (path / SPEC_NAME).is_file():
                return known
            spec = load_document(path / SPEC_NAME).value
        if known is None:
            parent = None
            if spec.get("root") is not True:
                above = next((folder for folder in path.absolute().parents if (folder / SPEC_NAME).is_file()
                              or folder.resolve() in self.resolved_tasks), None)
                parent = self.task(above) if above is not None else None
            known = self._class_of(spec, parent, path)(path=path, spec=spec, parent=parent)
            self._register(path, known)
        elif known.spec != spec:
            raise UsageError(f"{path}: the task was loaded before, with another specification")
        return known

    @collector_paused()
    def load(self, root_path: PathLike) -> None:
        """Load all tasks of a directory tree, and those above it that they inherit from.

        Their paths begin with `root_path` as it is given, and are absolute above it.
        What is wrong with their specifications is put into :attr:`problems`.

        Raises:
            UsageError: If there is no such directory.
        """
        self._load(root_path, Documents())

    def _load(self, root_path: PathLike, documents: Documents) -> None:
        self._documents = documents
        tree = load_tree(root_path, custom_task_class=self.task_cls is not Task, documents=documents)
        self.trees.append(tree)
        self.problems.extend(tree.problems)
        given = Path(root_path)
        top = given.parent if given.name == SPEC_NAME else given
        for spec in tree.values():
            if spec.directory not in self.resolved_tasks and tree.is_sound(spec.directory):
                self._add(spec, _as_given(spec.directory, tree.path, top))

    def _add(self, spec: TaskSpec, path: Path) -> None:
        parent = self.resolved_tasks.get(spec.parent.directory) if spec.parent is not None else None
        if spec.parent is not None and parent is None:
            return
        try:
            cls = self._class_of(spec.own, parent, path)
        except RepypeError as error:
            self.problems.append(validation.problem_of(error, spec.origin(("task_class",)), spec.directory))
            return
        task = cls(path=path, spec=spec.own, parent=parent)
        task.directory, task.resolved_spec = spec.directory, spec
        self._register(path, task)

    def _register(self, path: Path, task: Task) -> None:
        self.tasks[path] = task
        self._resolved[task.directory] = task

    def _class_of(self, spec: dict[str, Any], parent: Task | None, path: Path) -> type[Task]:
        name = spec.get("task_class") or (parent.merged_spec.get("task_class") if parent is not None else None)
        if name is None:
            return self.task_cls
        base = Task(path, spec, parent)
        cls = base.codebase.load(name)
        if not isinstance(cls, type) or not issubclass(cls, Task):
            raise UsageError(f'"{name}" is not a class of tasks: it has to be derived from repype_like.task.Task')
        return cls

    @property
    def contexts(self) -> list[RunContext]:
        """The runnable tasks, sorted by path, ready to run."""
        return [RunContext(task) for task in sorted(self.tasks.values(), key=lambda task: task.directory)
                if task.runnable]

    @property
    def pending(self) -> list[RunContext]:
        """The runnable tasks that are not up to date."""
        return [context for context in self.contexts if context.pending]

    def context(self, path: PathLike) -> RunContext | None:
        """Return the task at `path`, ready to run, or None if it is not loaded or not runnable."""
        task = self.resolved_tasks.get(Path(path).resolve())
        return RunContext(task) if task is not None and task.runnable else None

    @collector_paused()
    def prepare(self, tasks: Iterable[Task] | None = None) -> list[RunContext]:
        """Return tasks ready to run, and put what is wrong with the others into :attr:`problems`.

        Arguments:
            tasks: The tasks to prepare; templates are left out. Defaults to all.
        """
        chosen = self.tasks.values() if tasks is None else tasks
        known, contexts = set(self.problems), []
        in_order = sorted(chosen, key=lambda task: str(task.directory).split("/"))  # `parts` stays in each Path
        runnable = [task for task in in_order if task.runnable]
        blueprints = Blueprints()
        for task in _with_their_modules(runnable):
            context, problems = validation.prepare(task, blueprints)
            if problems:
                self.problems.extend(problem for problem in problems if problem not in known)
                known.update(problems)
            if context is not None:
                contexts.append(context)
        unfit = self._find_sources(contexts, blueprints)
        return [context for context in contexts if context.task.directory not in unfit] if unfit else contexts

    def _find_sources(self, contexts: Sequence[RunContext], blueprints: Blueprints) -> set[Path | None]:
        """Find the tasks that others read, and return those with which there is something wrong."""
        self._blueprints = blueprints
        problems = self._sources.find(contexts)
        self.problems.extend(problem for problem in problems if problem not in self.problems)
        return {problem.task for problem in problems if problem.severity == "error"}

    @cached_property
    def _sources(self) -> SourceFinder:
        return SourceFinder(self._tasks_below, lambda task: validation.prepare(task, self._blueprints))

    def _tasks_below(self, directory: Path) -> Mapping[Path, Task]:
        """Return all tasks below a directory, of which not all have to be loaded."""
        if any(directory.is_relative_to(tree.path) for tree in self.trees):
            return self.resolved_tasks
        whole = Batch(self.task_cls)
        whole.load(directory)
        return {**whole.resolved_tasks, **self.resolved_tasks}

    @cached_property
    def root(self) -> Path:
        """The directory that the names of tasks in plans and events are relative to."""
        paths = [tree.path for tree in self.trees] or [task.directory for task in self.tasks.values()]
        common = paths[0] if paths else Path.cwd()
        while not all(path.is_relative_to(common) for path in paths):
            common = common.parent
        return common

    def name_of(self, task: Task) -> str:
        """Return the path of a task relative to :attr:`root`, with ``/``."""
        path, start = task.directory, f"{self.root}/"
        if str(path).startswith(start):  # as below, at a tenth of the cost
            return str(path)[len(start):]
        return Path(os.path.relpath(path, self.root)).as_posix()

    @collector_paused()
    def workplaces(self, contexts: Sequence[RunContext]) -> Workplaces:
        """Return tasks as planning and executing see them, by name, with the tasks that they read.

        Raises:
            SpecError: If there is something wrong with what they read.
        """
        unfit = self._find_sources(contexts, self._blueprints)
        if unfit:
            raise SpecError([item for item in self.problems if item.severity == "error" and item.task in unfit])
        contexts = [*contexts, *self._sources.needed(contexts)]
        self._contexts.update((context.task.directory, context) for context in contexts)
        numbers: dict[int, int] = {}
        by_task = {id(context.task): context for context in contexts}
        places = {}
        for task in _with_their_modules([context.task for context in contexts]):
            context, name = by_task[id(task)], self.name_of(task)
            number = numbers.setdefault(id(task.codebase), len(numbers))
            places[name] = context.workplace(name, number)
        return link(places, self._sources.links) if self._sources.links else places

    @collector_paused()
    def plan(self, workplaces: Workplaces, request: Request = _EVERYTHING) -> Plan:
        """Find out what has to be done to bring tasks up to date; nothing is written or run."""
        views = [place.view for place in workplaces.values()]

        def neighbours() -> Sequence[TaskView]:
            chosen = {view.path for view in views}
            others = [task for task in self._whole_trees() if task.directory not in chosen]
            for task in others:
                task.results.refresh()  # another run may be at work there
            return [*views, *inspection.views_of(others)]

        return make_plan(views, neighbours, request)

    def _whole_trees(self) -> list[Task]:
        """Return the runnable tasks of the trees that the loaded ones are part of, up to their topmost tasks."""
        roots = {task.root.directory for task in self.tasks.values()}
        whole = self
        if not roots.issubset(tree.path for tree in self.trees):
            whole = Batch(self.task_cls)
            for root in roots:
                whole._load(root, self._documents)
        return [task for task in whole.tasks.values() if task.runnable]

    def execute(self, plan: Plan, workplaces: Workplaces, request: Request = _EVERYTHING, jobs: int = 0,
                listen: Listener = lambda event: None, command: Sequence[str] = (),
                wait: bool = False, cluster: ClusterOptions | None = None, fail_fast: bool = False,
                defaults: Limits | None = None, available: Mapping[str, float] | None = None) -> Summary:
        """Do what a plan says, and complete the tasks that it is about.

        Arguments:
            plan: What :meth:`plan` returned.
            workplaces: What it was made of.
            request: What it was made for.
            jobs: The number of worker processes; 0 runs everything in this process.
            listen: Told every event.
            command: What the user typed, for the record.
            wait: Whether to wait for another run that holds the tree.
            cluster: The cluster to run on; one that is made for the run has `jobs` workers.
            fail_fast: Whether to start nothing more when something has failed.
            defaults: What holds for stages that do not limit themselves.
            available: How many there are of what stages name in their `resources`.

        Raises:
            LockedError: If another run holds the tree.
            RepypeError: If something is wrong with the cluster.
        """
        from repype_like.batch.executors import executor_for  # most of this program, and mostly nothing is to be done
        from repype_like.batch.update import bring_up_to_date

        if defaults is not None:
            workplaces = {name: replace(place, defaults=defaults) for name, place in workplaces.items()}
        with executor_for(jobs, cluster, self.make_job, listen, available) as executor, collector_relieved():
            self._executor = executor
            try:
                return bring_up_to_date(plan, workplaces, request, executor, listen, self.plan, self.root,
                                        tuple(command), wait, fail_fast=fail_fast)
            finally:
                self._executor = None

    def make_job(self, workplaces: Workplaces) -> Job:
        """Return what the workers of a cluster need to know of tasks that were prepared here."""
        from repype_like.batch.parcels import make_job  # only for a cluster

        return make_job({name: self._contexts[place.view.path] for name, place in workplaces.items()}, workplaces)

    def table(self) -> pandas.DataFrame:
        """Return the results of all completed tasks: a row for each task and input, with the parameters that differ.

        Raises:
            UsageError: If pandas is not installed.
        """
        from repype_like.table import as_frame, collect  # rarely needed

        return as_frame(collect((self.name_of(task), task.directory, task.full_spec)
                                for task in self.tasks.values() if task.runnable))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.tasks)} task{'s' if len(self.tasks) != 1 else ''}>"

    def _repr_html_(self) -> str:
        from repype_like.batch.notebook import html_of  # for notebooks only

        return html_of(self.tasks.values(), self.name_of, self.problems)

    def stop(self) -> None:
        """Have :meth:`execute` finish what runs and start nothing more; for signal handlers."""
        if self._executor is not None:
            self._executor.stop()

    def kill(self) -> None:
        """Have :meth:`execute` end now; for signal handlers."""
        if self._executor is not None:
            self._executor.kill()

    async def run(self, contexts: Sequence[RunContext] | None = None, status: Status | None = None) -> bool:
        """Bring tasks up to date, in worker processes.

        Arguments:
            contexts: The tasks. Defaults to those that are pending.
            status: What progress is reported through.

        Returns:
            Whether all of them were completed.

        Raises:
            SpecError: If all pending tasks are to be run and there is something wrong with one of them.
            LockedError: If another run holds the tree.
        """
        import asyncio  # costs more to import than most commands take

        chosen = self._all_prepared() if contexts is None else list(contexts)
        workplaces = self.workplaces(chosen)
        plan = self.plan(workplaces)
        summary = await asyncio.to_thread(self.execute, plan, workplaces, jobs=1, listen=_reporter(status))
        return summary.succeeded

    def _all_prepared(self) -> list[RunContext]:
        contexts = self.prepare()
        errors = [problem for problem in self.problems if problem.severity == "error"]
        if errors:
            raise SpecError(errors)
        return contexts

    async def cancel(self) -> None:
        """End what :meth:`run` is running; what is finished stays."""
        self.kill()


def _as_given(directory: Path, start: Path, given: Path) -> Path:
    """Return `directory` in terms of `given`, a path that leads to `start`; as it is if it does not lie below that."""
    text, above = str(directory), os.path.join(start, "")  # noqa: PTH118  text costs a tenth of what pathlib does
    if text.startswith(above):
        return given / text[len(above):]
    return given if directory == start else directory


def _with_their_modules(tasks: Iterable[Task]) -> Iterator[Task]:
    """Yield tasks while the modules of their project are importable, which takes its time to bring about."""
    for codebase, together in itertools.groupby(tasks, key=lambda task: task.codebase):
        with codebase.activate():
            yield from together


def _reporter(status: Status | None) -> Listener:
    def report(event: Event) -> None:
        if status is not None:
            status.write({"info": type(event).__name__, **vars(event)})

    return report


