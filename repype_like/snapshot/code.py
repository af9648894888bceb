"""What the code of a pipeline says, found out anew each time: no status of any file could tell what an import finds."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from repype_like.fingerprint import Codebase, Fingerprinter, hash_value
from repype_like.fingerprint.codebases import codebase_for
from repype_like.fingerprint.loader import ProjectLoader
from repype_like.fingerprint.uses import STEERING
from repype_like.stage import Stage

__all__ = ["Pipelines"]

_JUDGING = ("normalized_config", "check_config", "is_enabled")
"""Methods that say what a specification means. Where they are the user's own, it has to be asked each time."""

_BY_VALUE = sorted(STEERING - {"formats", "metadata"})
"""What stages declare, and what is not seen by looking at their code."""


class Pipelines:
    """The code of pipelines that are lists of names, each with the folders that its modules are looked for in."""

    def __init__(self) -> None:
        self._stages: list[str] = []
        self._codebases: dict[int, Codebase] = {}

    def add(self, folders: Sequence[str], names: Sequence[str]) -> bool:
        """Take in a pipeline; False if more would have to be known of it than its code."""
        codebase = codebase_for(Path.cwd(), tuple(map(Path, folders)))
        self._codebases[id(codebase)] = codebase
        try:
            with codebase.activate():
                for name in names:
                    found = codebase.load(name)
                    stage = found() if isinstance(found, type) else found
                    if not isinstance(stage, Stage) or _judges(stage):
                        return False
                    self._stages.append(_described(stage, codebase))
        except Exception:  # noqa: BLE001  the user's own code may raise anything, and whoever plans says so
            return False
        return True

    def signature(self) -> str:
        """Return a hash of all that the code says, and of the files of the project that were imported for it."""
        files = {file: hash_ for codebase in self._codebases.values() for file, hash_ in _imported(codebase)}
        return hash_value((self._stages, sorted(files.items())))


def _judges(stage: Stage) -> bool:
    """Tell whether a stage is one of which code and specification do not tell all: it may also read other tasks."""
    if stage.over == "tasks":
        return True
    checks = stage.config_class is not None and hasattr(stage.config_class, "__post_init__")
    return checks or stage.normalizes_config or any(
        getattr(type(stage), name) is not getattr(Stage, name) for name in _JUDGING)


def _described(stage: Stage, codebase: Codebase) -> str:
    """Return a hash of all that counts of a stage, whatever its specification says.

    Raises:
        RepypeError: If a format that it names is not there.
        NoCanonicalForm: If there are no words for something.
    """
    fingerprint = Fingerprinter.of(codebase).stage(stage)
    declared = [(name, getattr(stage, name, None)) for name in _BY_VALUE]
    return hash_value((stage.id, fingerprint.hash, fingerprint.files, fingerprint.distributions, declared,
                       _formats(stage) if stage.formats else {}))


def _formats(stage: Stage) -> dict[str, str]:
    from repype_like.formats import format_named, name_of  # few stages name any

    return {field: name_of(format_named(named)) for field, named in stage.formats.items()}


def _imported(codebase: Codebase) -> Iterator[tuple[str, str]]:
    with codebase.activate():
        for module in list(sys.modules.values()):
            loader = getattr(getattr(module, "__spec__", None), "loader", None)
            if isinstance(loader, ProjectLoader) and loader.codebase is codebase:
                source = codebase.sources.read(loader.path)
                yield source.file, source.hash
