"""Has the modules of a project importable from unit to unit: entering and leaving them for each costs time."""

from __future__ import annotations

from contextlib import ExitStack

from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit
from repype_like.typing import Self

__all__ = ["Activation"]


class Activation:
    """The project whose modules are importable at the moment; a context manager, at the end of which none are."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._codebase: int | None = None

    def use(self, unit: Unit, workplaces: Workplaces) -> None:
        """Have the modules for `unit` importable until a unit of another project comes."""
        if unit.codebase != self._codebase and unit.nodes:
            self._held.close()
            self._held.enter_context(workplaces[unit.nodes[0].tasks[0]].activate())
            self._codebase = unit.codebase

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()
        self._codebase = None
