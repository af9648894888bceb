"""What differs between two pieces of plain data, key by key, in words that tell no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from repype_like.masking import MASK, is_secret, masked
from repype_like.typing import Any, NamedTuple

__all__ = ["NOT_SET", "Difference", "differences"]

_LONGEST = 60
"""Longer values are cut."""


class _NotSet:
    """Stands for a value that is not there."""

    def __repr__(self) -> str:
        return "(not set)"


NOT_SET = _NotSet()


class Difference(NamedTuple):
    """The value at `keys` is another."""

    keys: tuple[str, ...]
    old: Any
    """A secret is masked; :data:`NOT_SET` if there was none."""
    new: Any

    @property
    def key(self) -> str:
        """The keys as one, with dots."""
        return ".".join(self.keys)

    def __str__(self) -> str:
        return f"{self.key} {_shown(self.old)} -> {_shown(self.new)}"


def differences(old: Any, new: Any, keys: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield what differs, in the order of the keys; ``1``, ``1.0`` and ``True`` differ, NaN is as good as NaN.

    Arguments:
        old: Plain data, with text as keys.
        new: The same.
        keys: What leads to them.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({**old, **new}, key=str):
            yield from differences(old.get(key, NOT_SET), new.get(key, NOT_SET), (*keys, str(key)))
    elif not _same(old, new):
        hidden = any(map(is_secret, keys))
        yield Difference(keys, _masked(old, hidden), _masked(new, hidden))


def _same(old: Any, new: Any) -> bool:
    if type(old) is not type(new):
        return False
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    return bool(old == new or (old != old and new != new))


def _masked(value: Any, hidden: bool) -> Any:
    return value if value is NOT_SET else MASK if hidden else masked(value)


def _shown(value: Any) -> str:
    text = MASK if value == MASK else repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST - 3] + "..."
