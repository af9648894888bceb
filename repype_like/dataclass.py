"""Dataclasses whose methods are made when the first of them is needed.

The standard library takes half a millisecond for those of one class. There are a hundred classes, and few of them are
used in any one run, so it was a third of the time in which the program starts.
"""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False  # that of typing costs an import
if TYPE_CHECKING:
    from dataclasses import dataclass, field
    from typing import Any

__all__ = ["dataclass", "field"]

_NOT_COPIED = ("__dict__", "__weakref__")


class _Field:
    """What :func:`dataclasses.field` is going to be called with."""

    def __init__(self, **arguments: Any):
        self.arguments = arguments


class _Unmade:
    """Stands among the attributes of a class for its fields, and makes them and the methods for whoever asks.

    They are made for a twin of the class and handed over one by one, so that it does no harm if two threads are at it.
    """

    def __init__(self, cls: type, options: dict[str, bool]):
        self._cls = cls
        self._options = options
        self._content = {name: value for name, value in vars(cls).items() if name not in _NOT_COPIED}
        methods = ["__init__", "__repr__", *(["__eq__", "__hash__"] if options.get("eq", True) else [])]
        for name in methods:
            if name not in self._content:
                setattr(cls, name, self._standing_for(name))

    def _standing_for(self, method: str) -> Callable[..., Any]:
        def make_and_call(instance: Any, *args: Any, **kwargs: Any) -> Any:
            self._make()
            return getattr(self._cls, method)(instance, *args, **kwargs)

        return make_and_call

    def __get__(self, instance: object, cls: type) -> Any:
        return vars(self._make())["__dataclass_fields__"]

    def _make(self) -> type:
        import dataclasses  # with all that it imports, not before it is needed

        content = {name: dataclasses.field(**value.arguments) if isinstance(value, _Field) else value
                   for name, value in self._content.items()}
        twin = type(self._cls)(self._cls.__name__, self._cls.__bases__, content)
        made = vars(dataclasses.dataclass(**self._options)(twin))
        for name, value in made.items():
            if name not in _NOT_COPIED and value is not self._content.get(name, self):
                setattr(self._cls, name, value)
        for name in self._content.keys() - made.keys():  # a default that is made for each has no place in the class
            if name in vars(self._cls):
                delattr(self._cls, name)
        return twin


if not TYPE_CHECKING:
    field = _Field

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """Make a class a dataclass: as :func:`dataclasses.dataclass`, which makes ``slots`` as well and at once."""
        if cls is None:
            return lambda cls: dataclass(cls, **options)
        cls.__dataclass_fields__ = _Unmade(cls, options)
        return cls
