"""The command line, and the functions of repype 1.0.4 that a project's own script calls to have it.

Those functions are loaded when they are first asked for, so that ``repype --help`` answers at once.
"""

from __future__ import annotations

TYPE_CHECKING = False  # that of typing costs an import
if TYPE_CHECKING:
    from repype_like.cli.compat import main, run_cli, run_cli_ex
    from repype_like.cli.words import format_hms

__all__ = ["format_hms", "main", "run_cli", "run_cli_ex"]


def __getattr__(name: str) -> object:
    if name == "format_hms":
        from repype_like.cli.words import format_hms

        return format_hms
    if name in __all__:
        from repype_like.cli import compat

        return getattr(compat, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
