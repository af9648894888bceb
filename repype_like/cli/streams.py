"""The standard streams, as whoever started the program has left them."""

from __future__ import annotations

import os
import sys

__all__ = ["give_up_stdout", "let_go_of_stderr", "make_sure_of_streams"]

_MODES = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def make_sure_of_streams() -> None:
    """Have those that are closed lead nowhere.

    Otherwise the first files that are opened would get their numbers, and what a C library prints would go there.
    """
    for number, (name, mode) in enumerate(_MODES):
        try:
            os.fstat(number)
        except OSError:  # the lowest number that is free is what a file gets
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  for good


def give_up_stdout() -> None:
    """Have what was written to stdout and does not arrive not be tried once more as Python ends."""
    _lead_nowhere(1)


def let_go_of_stderr() -> None:
    """Have what was written to stderr and does not arrive not change the exit code, as Python would have it."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        _lead_nowhere(2)


def _lead_nowhere(descriptor: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)
