"""``repype table``: the variants side by side."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "compare the results of variants: one row for each task and input"

DESCRIPTION = """\
Prints what came of the completed tasks at and below PATH: a row for each task
and input, a column for each parameter that differs between tasks, and one for
each stored number, text, or item of a mapping of these. Columns are named by
the end of their names where that is unique. No code of the project is run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="the directory of the tasks (default: .)")
    parser.add_argument("--by", choices=["input", "task"], default="input",
                        help="a row for each input (default), or one for each task, with mean and standard deviation")
    parser.add_argument("--metrics", metavar="NAMES", help="the values to show, separated by commas; * and ? are "
                        "wildcards")
    parser.add_argument("--sort", metavar="COLUMN", help="sort by this column")
    parser.add_argument("--reverse", action="store_true", help="the largest first")
    parser.add_argument("--only", metavar="GLOB", action="append", default=[],
                        help="only tasks whose path matches (may be repeated)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV, with full names and all digits")
    form.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.table_view import show_table

    metrics = [name.strip() for name in args.metrics.split(",") if name.strip()] if args.metrics else []
    return show_table(args.path, by=args.by, metrics=metrics, sort=args.sort, reverse=args.reverse, only=args.only,
                      form="csv" if args.csv else "json" if args.json else "text")
