"""``repype show``: the specification of a task, and where each value comes from; or a stored value."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "show a task's specification with the origin of each value, or a stored value"

DESCRIPTION = """\
Prints the specification of a task with all that it inherits, and where each
value stands, and what is known of its last completion: when, by whom, from
which commit, with which versions. Or, given a FIELD, the value that is stored
for an input. A file gets the value in the form that its suffix names (.npy,
.csv, .parquet, .png, .tif, .json, .txt, ...), or as it is stored if it has no
suffix."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("task", metavar="TASK", help="the directory of the task")
    parser.add_argument("field", metavar="FIELD", nargs="?", help="the field whose stored value to show")
    parser.add_argument("--input", metavar="ID", help="the input whose value to show, if there are several")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path,
                        help="write the value to a file, in the form that its suffix names")
    parser.add_argument("--trust", action="store_true", help="load values that are pickles, which may run any code")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    if args.field is None:
        from repype_like.cli.spec_view import show_spec

        return show_spec(args.task, args.json)
    from repype_like.cli.value_view import show_value

    return show_value(args.task, args.field, args.input, args.output, args.json, args.trust)
