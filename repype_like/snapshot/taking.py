"""From a look at a tree, at the end of which nothing was left to do, to the answer that is kept of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from repype_like.fingerprint.canonical import hash_value
from repype_like.hashing import ABSENT
from repype_like.plan import TaskPlan, TaskView
from repype_like.snapshot.answer import Answer, Foundation, TaskFound, keep
from repype_like.spec import SPEC_NAME, SpecTree, TaskSpec, expand_path, expand_pattern, fill_pattern
from repype_like.store import Digest, Observation, OutputFile
from repype_like.store.layout import Layout
from repype_like.task import Task
from repype_like.typing import NamedTuple

__all__ = ["Look", "take"]

_SETTLED = 2_000_000_000
"""What has changed later than this before the look (in ns) may have changed again, and show the same status.

The clocks of file systems are coarse, some to two seconds, and not exactly that of this machine.
"""


class _NotToBeKept(Exception):
    """The answer may depend on something whose change would not be noticed."""


class Look(NamedTuple):
    """A runnable task that was looked at."""

    task: Task
    view: TaskView
    plan: TaskPlan


def take(tree: SpecTree, looks: Sequence[Look], since: int, settled: int = _SETTLED) -> bool:
    """Keep the answer that all tasks of a tree are up to date, if they are, and if nobody has asked for something else.

    Arguments:
        tree: The tree, with nothing wrong with it.
        looks: All its runnable tasks.
        since: When the look began, in ns since the epoch.
        settled: See :data:`_SETTLED`.

    Returns:
        Whether it was kept.
    """
    if any(look.plan.pending or look.plan.refresh for look in looks) or not looks:
        return False
    foundation, led = Foundation(), {path: real for path, real in tree.discovery.links.items() if real}
    try:
        _take_specs(tree, foundation, led)
        _take_tasks(looks, foundation, led)
    except _NotToBeKept:
        return False
    inputs = {look.view.path: len(look.view.input_ids) for look in looks}
    root = tree.path
    start = len(f"{root}/") if root != Path("/") else 1
    tasks = tuple(TaskFound(str(spec.directory)[start:] or ".", spec.directory in inputs, inputs.get(spec.directory, 0))
                  for spec in tree.below)
    return keep(Answer(str(root), str(tree.root), tasks), foundation, since - settled, led)


def _take_specs(tree: SpecTree, found: Foundation, led: dict[str, str]) -> None:
    """Note all that says which tasks there are, and what they specify."""
    files = found.files
    files.present += tree.discovery.visited
    for link in tree.discovery.links:
        (files.present if os.path.exists(link) else files.dangling).append(link)  # noqa: PTH110  text, there may be many
    for directory in _looked_above(tree):
        (files.present if directory in tree else files.absent).append(f"{directory}/{SPEC_NAME}")
    below = {spec.directory for spec in tree.below}
    seen: dict[tuple[str, str], str] = {}
    for spec in tree.values():
        if spec.directory in below:
            files.present.append(f"{spec.directory}/{SPEC_NAME}")
        base = spec.base_config
        if base is not None:
            path = _expanded(spec.own["base_config_path"], spec)
            files.present.append(path)
            led[path] = str(base.path)
        ids = spec.full.get("input_ids")
        if isinstance(ids, dict) and spec.runnable:
            stating = spec.stating(("input_ids", "glob")) or spec.stating(("input_ids",)) or spec
            seen[str(ids.get("glob")), str(stating.directory)] = hash_value(spec.input_ids)
    found.patterns = [({"glob": pattern}, directory, ids) for (pattern, directory), ids in seen.items()]


def _looked_above(tree: SpecTree) -> Iterator[Path]:
    """Yield the directories above the path in which a task was looked for."""
    directory = tree.path
    while not (directory in tree and tree[directory].own.get("root") is True) and directory != directory.parent:
        directory = directory.parent
        yield directory


def _take_tasks(looks: Sequence[Look], found: Foundation, led: dict[str, str]) -> None:
    """Note all that says whether tasks are up to date."""
    files = found.files
    inside = Layout(Path())
    files.having = [f"/{os.path.normpath(path)}" for path in (inside.directory, inside.digest, inside.records)]
    pipelines: dict[tuple[tuple[str, ...], tuple[str, ...]], None] = {}
    seen: set[str] = set()
    missing: set[str] = set()
    for look in looks:
        task, view = look.task, look.view
        spec, digest = task.resolved_spec, view.store.digest
        named = spec.full.get("pipeline")
        if not (task.is_ordinary and isinstance(named, list) and digest is not None and digest.log) or (
                view.opaque or view.verdict is not None or view.extra_key):
            raise _NotToBeKept
        if view.store.has_notes:
            raise _NotToBeKept  # what they mean depends on the machine
        files.folders.append(str(view.path))
        if digest.blobs:
            layout = Layout(view.path)
            files.unlinked += [layout.blob(name) for name, _, _ in digest.blobs]
        if "pythonpath" in spec.full:
            _take_folders(spec, found)
        pipelines[tuple(map(str, spec.pythonpath)), tuple(named)] = None
        found.packages.update(view.packages)
        if digest.observations or digest.outputs:
            for path, real, content in _files_of(look, digest):
                (missing if content == ABSENT else seen).add(path)
                if path != real:
                    led[path] = real
    files.present += sorted(seen)
    files.absent += sorted(missing)
    found.pipelines = list(pipelines)


def _take_folders(spec: TaskSpec, found: Foundation) -> None:
    """Note the folders that the modules of a task are looked for in."""
    named = spec.full["pythonpath"]
    stating = spec.stating(("pythonpath",)) or spec
    for text, folder in zip([named] if isinstance(named, str) else named, spec.pythonpath, strict=True):
        if found.links.setdefault(_expanded(text, stating), str(folder)) != str(folder):
            raise _NotToBeKept


def _files_of(look: Look, digest: Digest) -> Iterator[tuple[str, str, str]]:
    """Yield the files that the stages of a task met or made: path, path without links, hash of the content."""
    met: list[Observation | OutputFile] = [seen for seen, _ in digest.observations]
    for item in (*met, *(output for output, _ in digest.outputs)):
        located = look.view.locate(item.scope, item.input_id, item.path)
        if located is None:
            continue  # no such scope: only the specification says so
        if item.scope is None:
            path = f"{look.view.tree}/{item.path}" if not str(item.path).startswith("/") else str(item.path)
        else:
            spec = look.task.resolved_spec
            text = spec.full["scopes"][item.scope]
            _require_own_home(text)
            pattern = expand_pattern(text, spec.directory, spec.root.directory)
            path = fill_pattern(pattern, "" if item.input_id is None else item.input_id)
        relative = item.relative if isinstance(item, OutputFile) else ""
        if not (item.hash == ABSENT or (len(item.hash) == _LENGTH and item.hash.isalnum())):
            raise _NotToBeKept  # a directory counts with all that is below it
        below = f"/{relative}" if relative else ""
        yield f"{path}{below}", f"{located}{below}", item.hash


_LENGTH = 32
"""How many digits the hash of a file has."""


def _expanded(text: str, spec: TaskSpec) -> str:
    _require_own_home(text)
    return expand_path(text, spec.directory, spec.root.directory)


def _require_own_home(text: str) -> None:
    """The home of the user is part of what is compared; that of another may move unnoticed."""
    if text.startswith("~") and text[1:2] not in ("", "/"):
        raise _NotToBeKept
