"""What a task inherits: mappings merged layer over layer, and which layer each value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from repype_like.cached import cached_property
from repype_like.errors import Location
from repype_like.spec.loading import Document

__all__ = ["Keys", "Layer", "Layered", "copy_plain", "merge", "overlay"]

Keys = Sequence["str | int"]
"""The keys (of mappings) and indices (of lists) that lead to a value."""


def merge(parent: Mapping[Any, Any], child: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return `parent` overlaid with `child`.

    Mappings that both have under a key are merged in turn; everything else, lists included, is replaced as a whole.
    The result shares no mapping and no list with the arguments, which stay as they are.
    """
    result = {key: value if key in child else copy_plain(value) for key, value in parent.items()}
    for key, value in child.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            result[key] = merge(below, value)
        else:
            result[key] = copy_plain(value)
    return result


def overlay(parent: Mapping[Any, Any], child: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the same as :func:`merge`, but sharing what only one of the two has: for values that nobody changes."""
    result = {**parent, **child}
    for key, value in child.items():
        below = parent.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            result[key] = overlay(below, value)
    return result


def copy_plain(value: Any) -> Any:
    """Return `value` with its mappings and lists copied, all the way down."""
    if isinstance(value, dict):
        return {key: copy_plain(item) for key, item in value.items()}
    return [copy_plain(item) for item in value] if isinstance(value, list) else value


class Layer(NamedTuple):
    """What one document states, at `prefix` within it."""

    value: Mapping[Any, Any]
    document: Document
    prefix: tuple[str | int, ...] = ()

    def source(self, keys: Keys) -> tuple[Document, tuple[str | int, ...]] | None:
        """Return the document that states the value at `keys`, and where in it, or None if this layer does not."""
        return (self.document, (*self.prefix, *keys)) if _state(self.value, keys) == "present" else None


@dataclass(frozen=True)
class Layered:
    """Layers merged one over the other, the strongest last. A layer may itself consist of layers."""

    layers: tuple[Layer | Layered, ...]

    @cached_property
    def value(self) -> dict[Any, Any]:
        """The merged value. Read-only by agreement: it is kept, and shares its parts with the layers."""
        if not self.layers:
            return {}
        for part in reversed(list(self._unmerged())):  # innermost first; no recursion, as in `source`
            _ = part.value
        merged: Mapping[Any, Any] = self.layers[0].value
        for layer in self.layers[1:]:
            merged = overlay(merged, layer.value)
        return merged  # type: ignore[return-value]  # that of a layer is as little to be changed

    def _unmerged(self) -> Iterator[Layered]:
        """Yield what this rests on and what has not been merged yet, the nearest first."""
        part = self.layers[0]
        while isinstance(part, Layered) and part.layers and "value" not in part.__dict__:
            yield part
            part = part.layers[0]

    def source(self, keys: Keys) -> tuple[Document, tuple[str | int, ...]] | None:
        """Return the document that the value at `keys` comes from, and the keys that lead to it in that document.

        A mapping that several layers contribute to comes from the strongest of them. None if there is no such value.
        """
        part: Layer | Layered | None = self
        while isinstance(part, Layered):  # no recursion: a chain of parents may be long
            part = next((layer for layer in reversed(part.layers) if _state(layer.value, keys) != "absent"), None)
        return part.source(keys) if part else None

    def origin(self, keys: Keys) -> Location | None:
        """Return the place of the value at `keys`, or None if there is no such value."""
        found = self.source(keys)
        return found[0].location(found[1]) if found else None

    def directory(self, keys: Keys) -> Path | None:
        """Return the directory of the document that states the value at `keys`: what its paths are relative to."""
        found = self.source(keys)
        return found[0].path.parent if found else None


def _state(value: Any, keys: Keys) -> str:
    """Say whether `value` has something at `keys` ("present"), leaves it open ("absent") or bars it ("replaced")."""
    for key in keys:
        if isinstance(value, dict):
            if key not in value:
                return "absent"
            value = value[key]
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return "replaced"
    return "present"
