"""Fields that a stage may or may not look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from repype_like.errors import UsageError
from repype_like.typing import Any

__all__ = ["Lazy"]

T_co = TypeVar("T_co", covariant=True)


class Lazy(Generic[T_co]):
    """A field that a stage has declared :attr:`~Stage.lazy`: nothing of it is read until it is asked for.

    Arguments:
        load: Gives the value.
        field: The name of the field.
    """

    def __init__(self, load: Callable[[], T_co], field: str = ""):
        self._load: Callable[[], T_co] | None = load
        self._field = field

    def load(self) -> T_co:
        """Return the value. It belongs to who asked, and is read anew each time.

        Raises:
            UsageError: If the stage is done.
        """
        if self._load is None:
            raise UsageError(f'the field "{self._field}" can be loaded only while the stage runs that declares it lazy')
        return self._load()

    def close(self) -> None:
        """Have it not be loaded any more."""
        self._load = None

    def __repr__(self) -> str:
        return f'<lazy field "{self._field}">'

    def __reduce__(self) -> Any:
        raise TypeError(f'the handle of the lazy field "{self._field}" cannot be stored: return what its load() gives')
