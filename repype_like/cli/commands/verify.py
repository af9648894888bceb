"""``repype verify``: reads everything that is stored, and names what is wrong."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "check that what is stored is what was written"

DESCRIPTION = """\
Reads all that is stored for the tasks at and below each PATH, with the files
that their stages wrote, compares it with its checksums, and names what is
wrong: the task, the stage, the input and the field. Changes nothing; the next
run computes again what is damaged and still wanted.

Exit code: 0 everything is what was written; 1 something is not; 2 a mistake
in the command."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="the directories of the tasks (default: .)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.stored import stored_tasks
    from repype_like.cli.verifying import verify_tasks

    return verify_tasks(stored_tasks(args.paths or ["."]), json=args.json)
