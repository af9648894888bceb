"""The answer that was kept, if everything that it rests on is as it was."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from repype_like.fingerprint.canonical import hash_value
from repype_like.snapshot import file
from repype_like.snapshot.basis import Basis
from repype_like.typing import Any
from repype_like.version import VERSION

__all__ = ["Answer", "Foundation", "TaskFound", "keep", "standing", "start_of"]

_FORMAT = 1


class TaskFound(NamedTuple):
    """A task: it is up to date, or a template."""

    name: str
    """Its path relative to the directory asked for."""
    runnable: bool
    inputs: int
    """How many it has; all of them are done."""


class Answer(NamedTuple):
    """The tasks at and below a directory, none of which has anything to do."""

    root: str
    """The directory asked for, absolute."""
    top: str
    """The topmost task that it is part of."""
    tasks: tuple[TaskFound, ...]


@dataclass
class Foundation:
    """All that an answer rests on."""

    files: Basis = field(default_factory=Basis)
    pipelines: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    """For each, the folders that its modules are looked for in, and the names of its stages."""
    links: dict[str, str] = field(default_factory=dict)
    """Where paths lead that count by what they lead to."""
    patterns: list[tuple[Mapping[str, Any], str, str]] = field(default_factory=list)
    """Patterns that name inputs, what they are relative to, and a hash of the inputs."""
    packages: dict[str, str] = field(default_factory=dict)
    """The versions of distributions that count."""


def start_of(path: str) -> str:
    """Return the directory that `path` stands for, absolute and without links."""
    start = os.path.realpath(os.path.expanduser(path))  # noqa: PTH111  importing pathlib's ways costs more than asking
    return os.path.dirname(start) if start.endswith("/task.yml") and os.path.isfile(start) else start  # noqa: PTH113, PTH120


def standing(path: str) -> Answer | None:
    """Return what was found last time for the tasks at and below `path`; None if it has to be found out anew."""
    start = start_of(path)
    kept = file.read(start)
    if kept is None or kept.get("key") != _key(start):
        return None
    found = Foundation(**{**kept["foundation"], "files": Basis(**kept["foundation"]["files"])})
    seal = found.files.seal()
    if seal is None or seal.hash != kept["seal"] or not _holds(found) or _signature(found) != kept["code"]:
        return None
    return Answer(start, kept["top"], tuple(TaskFound(*task) for task in kept["tasks"]))


def keep(answer: Answer, foundation: Foundation, before: int, led: Mapping[str, str]) -> bool:
    """Keep an answer, unless something that it rests on may have changed since it was looked for.

    Arguments:
        answer: What was found.
        foundation: What it rests on.
        before: Everything has to be older than this, in ns since the epoch.
        led: Where symbolic links led when it was looked for, which their age does not tell.

    Returns:
        Whether it was kept, if that could be written.
    """
    seal, code = foundation.files.seal(), _signature(foundation)
    if seal is None or seal.changed >= before or code is None:
        return False
    if any(os.path.realpath(path) != leads_to for path, leads_to in {**foundation.links, **led}.items()):
        return False
    content = {**vars(foundation), "files": vars(foundation.files)}
    file.write(answer.root, {"key": _key(answer.root), "top": answer.top, "seal": seal.hash, "code": code,
                             "foundation": content, "tasks": answer.tasks})
    return True


def _key(start: str) -> list[Any]:
    """Return what the meaning of everything else depends on."""
    return [_FORMAT, VERSION, os.path.dirname(__file__), sys.version, os.geteuid(), os.path.expanduser("~"), start]  # noqa: PTH111, PTH120


def _holds(found: Foundation) -> bool:
    """Tell whether what is no matter of the status of files is as it was."""
    if any(os.path.realpath(path) != leads_to for path, leads_to in found.links.items()):
        return False
    if found.patterns:
        from repype_like.spec import decode_input_ids  # not free to import, and most trees have none

        try:
            now = [hash_value(decode_input_ids(value, Path(directory))) for value, directory, _ in found.patterns]
        except ValueError:
            return False
        if now != [hash_ for _, _, hash_ in found.patterns]:
            return False
    return not found.packages or _versions(found.packages) == found.packages


def _versions(packages: Mapping[str, str]) -> dict[str, str]:
    from repype_like.fingerprint.versions import version_of

    return {name: version_of(name) or "" for name in packages}


def _signature(found: Foundation) -> str | None:
    from repype_like.snapshot.code import Pipelines  # needed only if everything else is as it was

    pipelines = Pipelines()
    return pipelines.signature() if all(pipelines.add(*one) for one in found.pipelines) else None
