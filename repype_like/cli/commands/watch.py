"""``repype watch``: keeps tasks up to date while they are edited."""

from __future__ import annotations

import argparse

from repype_like.cli.commands.run import add_cluster_arguments, cluster_of, positive

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "keep tasks up to date while they are edited"

DESCRIPTION = """\
Brings the tasks at and below PATH up to date, and goes on doing so whenever a
task.yml, a base config, a module that a stage reaches or a file that a stage
has read is saved. Code that has changed is run by a fresh interpreter. What
failed is tried again when something changes that it depends on.

On a terminal, it shows the state of the tasks; ? explains the keys.

Exit code: 0 if everything was up to date in the end, 1 if not, 2 a mistake in
the command, 143 ended by SIGTERM."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="the directory of the tasks (default: .)")
    parser.add_argument("--once", action="store_true", help="end after one cycle")
    parser.add_argument("--postpone", action="store_true", help="wait for the first change before anything is run")
    parser.add_argument("--poll", action="store_true", help="look for changes every half second, rather than be told")
    parser.add_argument("--notify", action="store_true", help="ring when something fails, and when it is mended")
    parser.add_argument("--json", action="store_true", help="print what happens to stdout, as lines of JSON")
    parser.add_argument("-j", "--jobs", metavar="N", type=positive,
                        help="the number of worker processes (default: one for each core)")
    add_cluster_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.cli.live.session import watch
    from repype_like.execute.cores import usable_cores
    from repype_like.watch import Options

    return watch(Options(args.path, once=args.once, postpone=args.postpone, poll=args.poll,
                         jobs=args.jobs or usable_cores(), command=args.command_line, cluster=cluster_of(args)),
                 json=args.json, notify=args.notify)
