"""``repype run``: brings tasks up to date."""

from __future__ import annotations

import argparse

from repype_like.collector import collector_paused, last_collection_skipped
from repype_like.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repype_like.batch import ClusterOptions

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "add_cluster_arguments", "cluster_of", "positive", "run"]

HELP = "bring tasks up to date"

DESCRIPTION = """\
Brings the tasks at and below each PATH up to date. What is stored already, in
any task of the tree, is not computed again. All task.yml are checked before
anything runs. The first Ctrl-C lets what runs be finished, the second one
kills it.

Exit code: 0 all is up to date, 1 something failed, 2 a mistake in the command
or in a task.yml, 4 another run holds the tree, 130 and 143 interrupted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="the directories of the tasks (default: .)")
    parser.add_argument("-n", "--dry-run", action="store_true", help="print what would be done, and do nothing")

    what = parser.add_argument_group("which part of the work")
    what.add_argument("--only", metavar="GLOB", action="append", default=[],
                      help="only tasks with such a path relative to PATH; those below are not meant unless they match, "
                           "too (repeatable; * stands for anything but /, ** for anything)")
    what.add_argument("--input", metavar="ID", action="append", default=[], dest="inputs",
                      help="only this input (repeatable)")
    what.add_argument("--from", metavar="STAGE", dest="first",
                      help="run this stage, and what depends on it, even if it is up to date")
    what.add_argument("--until", metavar="STAGE", dest="last", help="run no stage behind this one")
    what.add_argument("-f", "--force", action="store_true", help="run every stage even if it is up to date")
    what.add_argument("--no-pickup", action="store_true", help="take no results over from other tasks")
    what.add_argument("-k", "--keep-going", action="store_true",
                      help="run the other tasks if there is something wrong with the task.yml of some")

    how = parser.add_argument_group("how it is done")
    where = how.add_mutually_exclusive_group()
    where.add_argument("-j", "--jobs", metavar="N", type=positive,
                       help="the number of worker processes (default: one for each core)")
    where.add_argument("--serial", action="store_true", help="run in this process, for a debugger")
    add_cluster_arguments(how)
    how.add_argument("--task-class", metavar="DOTTED", help="the class of the tasks, such as project.tasks.MyTask")
    how.add_argument("--timeout", metavar="SECONDS", type=_seconds,
                     help="how long a stage may take for one input, unless it says so itself; not with --serial")
    how.add_argument("--retries", metavar="N", type=_count,
                     help="how often a stage is tried again after a failure, unless it says so itself (default: 0)")
    how.add_argument("--resources", metavar="NAME=N", type=_resource, action="append", default=[],
                     help="how many there are of what stages name in their resources (repeatable; default: 1 each)")
    how.add_argument("--fail-fast", action="store_true", help="start nothing more when something has failed")
    how.add_argument("--wait", action="store_true", help="wait for another run that holds the tree")
    how.add_argument("--json", action="store_true", help="print events to stdout, as lines of JSON")


_ASKING = ("dry_run", "only", "inputs", "first", "last", "force", "dask", "task_class", "resources", "wait", "json")
"""What there is more to say to, even if all is up to date, than that it is."""


@collector_paused()
def run(args: argparse.Namespace) -> int:
    """Do it."""
    if not args.serial:
        last_collection_skipped()
    paths = tuple(args.paths or ["."])
    if len(paths) == 1 and not any(getattr(args, flag) for flag in _ASKING):
        from repype_like.cli.glance import say_nothing_to_do

        if say_nothing_to_do(paths[0]):
            return 0
    from repype_like.cli.running import Options, run_tasks
    from repype_like.cli.selection import Wanted, select

    if args.dask is not None and args.serial:
        args.parser.error("--dask and --serial exclude each other")
    wanted = Wanted(paths, tuple(args.only), tuple(args.inputs), args.first, args.last,
                    args.task_class)
    options = Options(dry_run=args.dry_run, force=args.force, pick_up=not args.no_pickup, keep_going=args.keep_going,
                      jobs=0 if args.serial else args.jobs, wait=args.wait, json=args.json, command=args.command_line,
                      timeout=args.timeout, retries=args.retries, resources=dict(args.resources),
                      fail_fast=args.fail_fast,
                      cluster=cluster_of(args))
    return run_tasks(select(wanted), options)


def add_cluster_arguments(parser: argparse._ActionsContainer) -> None:
    """Declare the flags that name a cluster; see :func:`cluster_of`."""
    parser.add_argument("--dask", metavar="ADDRESS",
                        help="run on the Dask cluster with this scheduler (tcp://host:8786, or its scheduler file); "
                             "local: on one that is made for the run, with -j workers")
    parser.add_argument("--dask-wait", metavar="SECONDS", type=float, default=60.0,
                        help="give up when the cluster has had no workers for that long (default: 60)")


def cluster_of(args: argparse.Namespace) -> ClusterOptions | None:
    """Return the cluster that the command line names, if any."""
    if args.dask is None:
        return None
    from repype_like.batch import ClusterOptions

    if args.dask != "local" and args.jobs is not None:
        args.parser.error("-j is for workers that this command starts; how many a cluster has is up to the cluster")
    return ClusterOptions(args.dask, args.dask_wait)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"a timeout is a number of seconds above 0, not {text}")
    return seconds


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number of retries is 0 or more, not {text}")
    return int(text)


def _resource(text: str) -> tuple[str, float]:
    name, _, amount = text.partition("=")
    try:
        number = float(amount)
    except ValueError:
        number = -1.0
    if not name or not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"a resource is a name and how many there are, such as gpus=2, not {text}")
    return name, number


def positive(text: str) -> int:
    """Return a number of processes."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a number of processes is at least 1, not {text} (see --serial)")
    return number
