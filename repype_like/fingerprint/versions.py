"""The versions of what is installed, by the names of distributions."""

from __future__ import annotations

from functools import cache

__all__ = ["providers_of", "version_of"]


@cache
def version_of(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None if it is not installed."""
    from importlib import metadata  # costs more to import than planning a hundred tasks

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def providers_of(module: str) -> list[str]:
    """Return the names of the installed distributions that a module is part of."""
    from importlib import metadata  # as above

    return sorted(set(metadata.packages_distributions().get(module, ())))
