"""``repype import``: takes over results of repype 1.0.4."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "take over results of repype 1.0.4"

DESCRIPTION = """\
Takes over what repype 1.0.4 has stored for the tasks at and below each TREE
(data.dill.gz and the files beside it, which stay as they are). From then on it
counts as computed by the code as it stands, with the configuration and the
input files of the task. Tasks that have results of repype_like already are
left alone.

The files are pickles, which can run any code when they are loaded. --trust
says that you trust whoever has written them.

Exit code: 0 done; 1 something could not be taken over; 2 a mistake in the
command or in a task.yml, or --trust is missing; 4 another run holds the tree."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("paths", metavar="TREE", nargs="+", help="the directories of the tasks")
    parser.add_argument("--trust", action="store_true", help="load the files, although they can run any code")
    parser.add_argument("-n", "--dry-run", action="store_true", help="list the tasks, and load nothing")
    parser.add_argument("--wait", action="store_true", help="wait for another run that holds the tree")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.importing import Options, import_tasks
    from repype_like.cli.selection import Wanted, select

    options = Options(trust=args.trust, dry_run=args.dry_run, wait=args.wait, json=args.json)
    return import_tasks(select(Wanted(tuple(args.paths))), options)
