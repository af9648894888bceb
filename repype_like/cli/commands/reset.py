"""``repype reset``: deletes results."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "delete results"

DESCRIPTION = """\
Deletes the results of the tasks at and below each PATH, and the files that
their stages wrote, as far as these are still what was written. Lists the
tasks and the sizes of their results first, and asks.

Exit code: 0 done, or nothing to delete; 1 not confirmed; 2 a mistake in the
command; 4 another run holds the tree."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what a command takes that deletes."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="the directories of the tasks (default: .)")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("-n", "--dry-run", action="store_true", help="list, and delete nothing")
    parser.add_argument("--wait", action="store_true", help="wait for another run that holds the tree")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.deletion import Options
    from repype_like.cli.resetting import reset_tasks
    from repype_like.cli.selection import Wanted, select

    options = Options("reset", yes=args.yes, dry_run=args.dry_run, wait=args.wait, json=args.json)
    return reset_tasks(select(Wanted(tuple(args.paths or ["."]))), options)
