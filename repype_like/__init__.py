"""Runs one pipeline over many inputs in many variants, and computes nothing twice."""

from __future__ import annotations

from repype_like.version import VERSION

TYPE_CHECKING = False  # that of typing would cost the command line an import
if TYPE_CHECKING:
    from repype_like.batch import Batch
    from repype_like.task import Task
    from repype_like.typing import PathLike

__all__ = ["__version__", "open", "open_tree"]

__version__ = VERSION


def open(path: PathLike) -> Task:  # noqa: A001  it reads as repype_like.open
    """Return the task in the directory `path`, with the tasks that it inherits from.

    Raises:
        SpecError: If its specification, or one that it inherits from, cannot be understood.
        UsageError: If there is no task in the directory.
    """
    from repype_like.batch import open_task  # nearly everything; ``import repype_like`` alone costs nothing

    return open_task(path)


def open_tree(path: PathLike) -> Batch:
    """Return all tasks at and below the directory `path`, and those that they inherit from.

    Of specifications that cannot be understood a warning tells; they are in :attr:`Batch.problems`.

    Raises:
        UsageError: If there is no such directory, or no task in it or below.
    """
    from repype_like.batch import open_tree as open_all

    return open_all(path)
