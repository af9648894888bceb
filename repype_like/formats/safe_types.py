"""The types that a pickle may name without anything being run but their own making: they hold data, and do nothing."""

from __future__ import annotations

__all__ = ["is_safe_name"]

_NAMES = {
    "builtins": "bytearray complex frozenset range set slice",
    "collections": "Counter OrderedDict deque",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath",
    "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath",
    "uuid": "UUID",
    "numpy": "dtype ndarray",
    "numpy.ma": "MaskedArray",
    "repype_like.formats.pickling": "_masked_array",
    **dict.fromkeys(("numpy.core.multiarray", "numpy._core.multiarray"), "_reconstruct scalar"),
    **dict.fromkeys(("numpy.core.numeric", "numpy._core.numeric"), "_frombuffer"),
}

_SAFE = frozenset((module, name) for module, names in _NAMES.items() for name in names.split())


def is_safe_name(module: str, name: str) -> bool:
    """Tell whether `name` of `module` is a type that holds data and does nothing."""
    return (module, name) in _SAFE
