"""``repype new``: writes task directories."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "write variants of a task, or a runnable example"

DESCRIPTION = """\
With --from, writes a directory into DIR for each combination of the values of
--set, named by what varies: DIR/sigma=1,model=rf. DIR is TASK or below it, so
that the variants inherit from TASK. With --example, lays out an example.

  repype new tasks/sweep --from tasks --set blur.sigma=1,2,3 --set model=rf,svm
  repype new my_tasks --example images

Nothing is overwritten."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("directory", metavar="DIR", help="where to write")
    parser.add_argument("--from", dest="source", metavar="TASK", help="the task to write variants of")
    parser.add_argument("--set", dest="settings", metavar="KEY=V,V,...", action="append", default=[],
                        help="what varies, stage.parameter, and its values as in YAML (may be repeated)")
    parser.add_argument("--zip", dest="together", action="store_true",
                        help="take the first values together, then the second ones, and so on")
    parser.add_argument("--example", metavar="NAME", help="lay out an example: digits, images or tables")
    parser.add_argument("-n", "--dry-run", action="store_true", help="only say what would be written")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.writing import new_example, new_variants
    from repype_like.errors import UsageError

    if (args.example is None) == (args.source is None):
        raise UsageError("repype new: say what to write: --from TASK --set KEY=V,V or --example NAME")
    if args.example is not None:
        if args.settings or args.together:
            raise UsageError("repype new: --set and --zip go with --from TASK")
        return new_example(args.example, args.directory, args.dry_run)
    return new_variants(args.directory, args.source, args.settings, args.together, args.dry_run)
