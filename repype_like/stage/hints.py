"""The types that functions and classes declare."""

from __future__ import annotations

import builtins
import sys
import typing

from repype_like.typing import Any

__all__ = ["hints_of"]


def hints_of(annotated: Any) -> dict[str, Any]:
    """Return the types that a function or class declares; what cannot be resolved may be anything."""
    try:
        return typing.get_type_hints(annotated, include_extras=True)
    except Exception:  # noqa: BLE001  one that is imported for type checkers only, for example
        names = getattr(annotated, "__globals__", None) or vars(sys.modules.get(annotated.__module__, builtins))
        found = {}
        for name, hint in getattr(annotated, "__annotations__", {}).items():
            try:
                found[name] = eval(hint, dict(names)) if isinstance(hint, str) else hint  # noqa: S307  as typing does
            except Exception:  # noqa: BLE001  see above
                found[name] = Any
        return found
