"""``repype diff``: what differs between two tasks."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "say what differs between two tasks, or since a task was completed"

DESCRIPTION = """\
Prints what differs between the tasks A and B: the specification, with both
values and the places where they stand; the code that their results were
computed with; stages, inputs and packages; the results, compared by the
hashes of their content, without loading any; and where they were computed.
With A alone, what has changed since it was completed.

Exit code: 0 nothing differs, 1 something does, 2 a mistake in the command."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("a", metavar="A", help="the directory of a task")
    parser.add_argument("b", metavar="B", nargs="?", help="the directory of another task")
    parser.add_argument("-v", "--verbose", action="store_true", help="list every result that differs")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.diff_view import print_diff

    return print_diff(args.a, args.b, verbose=args.verbose, json=args.json)
