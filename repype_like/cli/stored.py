"""From what the command line names to the stores of tasks; no module of the project is imported for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from repype_like.cli.words import path_words
from repype_like.errors import UsageError
from repype_like.spec import TaskSpec, fill_pattern, load_tree, resolve_pattern
from repype_like.store import OutputFile, Store

__all__ = ["StoredTask", "stored_tasks"]


@dataclass(frozen=True)
class StoredTask:
    """A task that something is stored for."""

    name: str
    """Its path, relative to what was named."""
    spec: TaskSpec
    store: Store

    @property
    def tree(self) -> Path:
        """The directory of the topmost task."""
        return self.spec.root.directory

    def locate(self, output: OutputFile) -> Path | None:
        """Return where an output file belongs, as far as the specification tells that; None otherwise."""
        if output.scope is None:
            place = self.tree / output.path if output.path is not None else None
        else:
            pattern = (self.spec.full.get("scopes") or {}).get(output.scope)
            try:
                place = None if pattern is None else Path(fill_pattern(
                    resolve_pattern(str(pattern), self.spec.directory, self.tree),
                    "" if output.input_id is None else output.input_id))
            except ValueError:
                place = None
        return place / output.relative if place is not None and output.relative else place


def stored_tasks(paths: Sequence[str]) -> list[StoredTask]:
    """Return the tasks at and below `paths` that have a store, whether or not their specifications are in order.

    Raises:
        UsageError: If there is no such directory, or no task in it.
    """
    trees = [load_tree(Path(path).expanduser()) for path in paths]
    for tree, path in zip(trees, paths, strict=True):
        if not tree.below:
            raise UsageError(f"{path}: there are no tasks: no task.yml in this directory or below")
    specs = {spec.directory: spec for tree in trees for spec in tree.below}
    common = Path(os.path.commonpath([tree.path for tree in trees]))
    stores = {directory: Store(directory) for directory in specs}
    return [StoredTask(directory.relative_to(common).as_posix() if directory.is_relative_to(common)
                       else path_words(directory), specs[directory], store)
            for directory, store in stores.items() if store.exists()]
