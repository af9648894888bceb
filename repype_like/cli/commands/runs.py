"""``repype runs``: what was run, when, and what came of it."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "list the runs of a tree, or show one of them"

DESCRIPTION = """\
Lists the last runs of the tree that PATH is in, the latest first; or shows
one: when, by whom, from which commit, how long each stage took, what became of
each task, what failed. RUN is the beginning of its name, or: latest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="a directory of the tree (default: .)")
    parser.add_argument("name", metavar="RUN", nargs="?", help="the run to show")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.runs_view import show_run, show_runs

    return show_runs(args.path, args.json) if args.name is None else show_run(args.path, args.name, args.json)
