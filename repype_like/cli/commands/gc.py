"""``repype gc``: deletes what is stored and not needed any more."""

from __future__ import annotations

import argparse

from repype_like.cli.commands.reset import add_arguments

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "delete superseded results"

DESCRIPTION = """\
Deletes what is stored for the tasks at and below each PATH and not needed any
more: results that later ones have replaced, which makes reverting an edit
free, and what is left of runs that were killed. Lists the tasks and how much
that is first, and asks. Results that are in force stay, and so does
everything that repype has not made itself.

Exit code: 0 done, or nothing to delete; 1 not confirmed; 2 a mistake in the
command; 4 another run holds the tree."""


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.deletion import Deletion, Options, delete
    from repype_like.cli.stored import stored_tasks

    sizes = [(found, found.store.sizes().superseded) for found in stored_tasks(args.paths or ["."])]
    deletions = [Deletion(found.name, found.spec.directory, found.tree, superseded, found.store.collect)
                 for found, superseded in sizes if superseded]
    options = Options("gc", yes=args.yes, dry_run=args.dry_run, wait=args.wait, json=args.json)
    return delete(deletions, "what is superseded of", "Nothing to delete: no task has superseded results.", options)
