"""``repype status``: what would run, and why."""

from __future__ import annotations

import argparse

from repype_like.collector import collector_paused, last_collection_skipped

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "say which tasks would run, and why"

DESCRIPTION = """\
Prints the state of each task at and below PATH: up to date (U), or from which
stage on it would run (R) and because of what; or that there is something
wrong with it (E), or that it is a template for others (T). Nothing is run.

Exit code: 0; with --check 1 unless everything is up to date; 2 a mistake in
the command."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="the directory of the tasks (default: .)")
    parser.add_argument("-v", "--verbose", action="store_true", help="name all reasons")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--watch", action="store_true", help="show the state live, also that of a run elsewhere")
    parser.add_argument("--check", action="store_true", help="exit with 1 unless everything is up to date")
    parser.add_argument("--sizes", action="store_true", help="say how much is stored for each task")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    if args.watch:
        from repype_like.cli.live.session import watch
        from repype_like.watch import Options

        return watch(Options(args.path, runs=False, command=args.command_line), json=args.json)
    return _show(args)


@collector_paused()
def _show(args: argparse.Namespace) -> int:
    from repype_like.cli.glance import show_status

    last_collection_skipped()
    if show_status(args.path, verbose=args.verbose, json=args.json, sizes=args.sizes):
        return 0
    from repype_like.cli.listing import print_status
    from repype_like.cli.selection import Wanted, select

    return print_status(select(Wanted((args.path,))), verbose=args.verbose, json=args.json, check=args.check,
                        sizes=args.sizes)
