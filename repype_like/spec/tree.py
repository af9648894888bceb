"""The whole task tree: the specification of every task, and everything that is wrong with any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from repype_like.cached import cached_property
from repype_like.errors import Problem, SpecError
from repype_like.spec.discovery import SPEC_NAME, Discovery, Documents, discover, holds, join
from repype_like.spec.input_ids import check_input_ids
from repype_like.spec.keys import check, check_config
from repype_like.spec.loading import Document
from repype_like.spec.order import natural_order
from repype_like.spec.patterns import check_path_safe
from repype_like.spec.task_spec import TaskSpec
from repype_like.typing import InputID, PathLike

__all__ = ["SpecTree", "load_tree"]

_SHOWN = 3  # of many ids with the same problem


@dataclass(frozen=True, eq=False)
class SpecTree(Mapping[Path, TaskSpec]):
    """The tasks by directory, parents first; those above the path that was asked for included."""

    discovery: Discovery
    specs: dict[Path, TaskSpec]
    problems: tuple[Problem, ...]

    def __getitem__(self, directory: Path) -> TaskSpec:
        return self.specs[directory]

    def __iter__(self) -> Iterator[Path]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    @property
    def path(self) -> Path:
        """The directory that was asked for."""
        return self.discovery.path

    @property
    def root(self) -> Path:
        """The topmost task above or at the path; the path itself if there is none."""
        return self.discovery.root

    @cached_property
    def below(self) -> list[TaskSpec]:
        """The tasks at and below the path, in the order in which people are shown them; parents first."""
        path = str(self.path)
        found = {str(directory): spec for directory, spec in self.specs.items()}
        return [found[directory] for directory in sorted(found, key=natural_order) if holds(path, directory)]

    def problems_of(self, directory: Path) -> list[Problem]:
        """Return the problems of the task in `directory`, those that it inherits from its parents included."""
        spec = self.specs[directory]
        concerned = {directory, *(parent.directory for parent in spec.parents)}
        return [problem for problem in self.problems if problem.task in concerned]

    def is_sound(self, directory: Path) -> bool:
        """Say whether the task in `directory` and all that it inherits from can be understood."""
        if not self._wrong:
            return True
        return directory not in self._wrong and all(
            parent.directory not in self._wrong for parent in self.specs[directory].parents)

    @cached_property
    def _wrong(self) -> frozenset[Path | None]:
        """The tasks that have errors."""
        return frozenset(problem.task for problem in self.problems if problem.severity == "error")


def load_tree(path: PathLike, *, custom_task_class: bool = False, documents: Documents | None = None) -> SpecTree:
    """Load the specifications of all tasks at and below `path`, and of their parents above it, and check them.

    Args:
        path: A directory, or its task.yml.
        custom_task_class: Whether a subclass of Task is used, which may read keys of its own and may do without a
            pipeline. It is assumed where the specification names a ``task_class``.
        documents: What was read before, and counts as it was then; by default, everything is read.

    Raises:
        UsageError: If there is no such directory. Everything that is wrong with the tasks is in
            :attr:`SpecTree.problems` instead.
    """
    documents = documents or Documents()
    discovery = discover(path, documents)
    problems = list(discovery.problems)
    known: dict[str, TaskSpec] = {}
    for directory in discovery.directories:
        known[str(directory)] = _load_spec(directory, known, documents, problems)
    specs = {spec.directory: spec for spec in known.values()}
    custom = _with_custom_class(specs)
    for spec in specs.values():
        lenient = custom_task_class or spec in custom
        problems += check(spec.document, unknown="warning" if lenient else "error")
        problems += _base_config_problems(spec)
    wrong = {problem.task for problem in problems if problem.severity == "error"}
    unsound = {spec for spec in specs.values() if spec.directory in wrong} if wrong else set()
    inputs, start = _InputChecks(), str(discovery.path)
    for text, spec in known.items():
        if spec in unsound or spec.parent in unsound:
            unsound.add(spec)  # what is inherited from a file that is not understood is not known
        elif spec.runnable and holds(start, text):
            problems += _missing_keys(spec, lenient=custom_task_class or spec in custom)
            problems += inputs.check(spec)
    return SpecTree(discovery, specs, tuple(dict.fromkeys(problems)))


def _load_spec(directory: Path, known: Mapping[str, TaskSpec], documents: Documents,
               problems: list[Problem]) -> TaskSpec:
    """Return the specification in `directory`; an empty one, and the problems, if it cannot be understood.

    Arguments:
        directory: The directory.
        known: The specifications above it, and others, by directory.
        documents: Reads it.
        problems: What is wrong with it is added to these.
    """
    text = str(directory)
    file = join(text, SPEC_NAME)
    try:
        document = documents.load(file)
    except SpecError as error:
        problems += error.problems
        document = Document(file, {})
    parent = None
    if document.value.get("root") is not True:
        parent = _nearest(text, known)
    spec = TaskSpec(directory, document, parent, documents)
    _ = spec.full  # merged here, parents first, so that a long chain needs no deep recursion
    return spec


def _nearest(directory: str, known: Mapping[str, TaskSpec]) -> TaskSpec | None:
    """Return the task that is nearest above `directory`."""
    while directory != "/":
        directory = directory.rpartition("/")[0] or "/"
        if directory in known:
            return known[directory]
    return None


def _with_custom_class(specs: Mapping[Path, TaskSpec]) -> set[TaskSpec]:
    """Return the tasks whose keys a subclass of Task may read: those that have one, and what these inherit from."""
    found: set[TaskSpec] = set()
    for spec in reversed(list(specs.values())):
        if spec not in found and "task_class" in spec.full:
            found.update((spec, *spec.parents))
    return found


def _base_config_problems(spec: TaskSpec) -> list[Problem]:
    try:
        base = spec.base_config
        _ = spec.config  # parents first, as above
    except SpecError as error:
        # A parent's base config is reported for the parent.
        return [problem for problem in error.problems if problem.task == spec.directory]
    if base is None:
        return []
    return [Problem(problem.message, problem.where, problem.hint, problem.severity, spec.directory)
            for problem in check_config(base)]


def _missing_keys(spec: TaskSpec, *, lenient: bool) -> list[Problem]:
    """Return what a task that is to be run lacks; a subclass of Task may do without."""
    if "pipeline" in spec.full or lenient:
        return []
    return [Problem("the task is runnable, but has no pipeline", spec.origin(("runnable",)),
                    "add it here or in a task.yml above", task=spec.directory)]


class _InputChecks:
    """Checks ids, and the file names that they make, once per list of ids and pattern: many tasks inherit them."""

    def __init__(self) -> None:
        self._done: dict[object, list[Problem]] = {}
        self._stated: dict[TaskSpec, tuple[Document, tuple[str | int, ...]] | None] = {}

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Return what is wrong with the ids of `spec` and with the file names of its scopes."""
        stating = spec
        while "input_ids" not in stating.own and stating.parent is not None:
            stating = stating.parent
        if stating not in self._stated:
            self._stated[stating] = stating.source(("input_ids", "glob")) or stating.source(("input_ids",))
        found = self._stated[stating]
        if found is None:
            return []
        document, keys = found
        key: object = (document.file, keys)
        if key not in self._done:
            self._done[key] = self._check_ids(spec, document, keys)
        problems = list(self._done[key])
        if any(problem.severity == "error" for problem in problems):
            return problems
        for name, pattern in (spec.full.get("scopes") or {}).items():
            key = (document.file, keys, name, pattern)
            if key not in self._done:
                self._done[key] = [
                    Problem(f"{message}, in the scope {name}", document.location(keys),
                            "rename the input, or change the scope", task=document.path.parent)
                    for message in _unsafe_ids(pattern, spec.input_ids)
                ]
            problems += self._done[key]
        return problems

    def _check_ids(self, spec: TaskSpec, document: Document, keys: tuple[str | int, ...]) -> list[Problem]:
        try:
            problems = check_input_ids(spec.input_ids)
        except ValueError as error:
            problems = [Problem(str(error))]
        place, task = document.location, document.path.parent
        return [Problem(problem.message, place(keys), problem.hint, task=task) for problem in problems]


def _unsafe_ids(pattern: str, ids: list[InputID]) -> list[str]:
    """Return why ids make no safe file names, for the first few of them."""
    found = []
    for input_id in ids:
        if isinstance(input_id, int):
            continue
        try:
            check_path_safe(pattern, input_id)
        except ValueError as error:
            found.append(str(error))
            if len(found) == _SHOWN:
                break
    return found
