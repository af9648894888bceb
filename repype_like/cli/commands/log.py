"""``repype log``: what the stages of a task printed, and why they failed."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "show what stages printed, and why they failed"

DESCRIPTION = """\
Prints what the stages of a task printed when they ran last for each input, in
worker processes, and why they failed: the full traceback, and the configuration
that was in force. Nothing is run.

Exit code: 0; 1 nothing is noted down; 2 a mistake in the command."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("task", metavar="TASK", help="the directory of the task")
    parser.add_argument("--input", metavar="ID", help="only this input")
    parser.add_argument("--stage", metavar="STAGE", help="only this stage")
    parser.add_argument("--all", action="store_true", help="earlier times as well, as far as they are kept")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.log_view import print_log

    return print_log(args.task, stage=args.stage, input_id=args.input, every=args.all, json=args.json)
