"""``repype accept``: keeps results after an edit of the code that the user vouches for."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "keep results after an edit of the code that changes none of them"

DESCRIPTION = """\
Keeps the results of a stage although its code has changed, because you vouch
that they would come out the same. This goes for TASK and the tasks below it.
What reads the results stays as it is, too. It is recorded, and shown by
status -v, show and diff. The next edit makes the stage run again; changes of
the configuration, of files and of packages cannot be vouched for.

Exit code: 0 done, or nothing to accept; 2 it cannot be accepted, or a mistake
in the command; 4 another run holds the tree."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("task", metavar="TASK", help="the directory of the task")
    parser.add_argument("--stage", metavar="STAGE", action="append", required=True, dest="stages",
                        help="the stage whose results to keep (repeatable)")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.accepting import accept_stages

    return accept_stages(args.task, tuple(args.stages), args.command_line)
