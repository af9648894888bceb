"""``repype show``: the specification of a task and its origins, a stored value, the graph, or what may be said."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "show a task's specification with the origin of each value, a stored value, or its graph"

DESCRIPTION = """\
Prints the specification of a task with all that it inherits, and where each
value stands, and what is known of its last completion: when, by whom, from
which commit, with which versions. Or, given a FIELD, the value that is stored
for an input. A file gets the value in the form that its suffix names (.npy,
.csv, .parquet, .png, .tif, .json, .txt, ...), or as it is stored if it has no
suffix. Or, with --graph, draws the stages: what reads what, what is up to date,
and why the rest is not; -o FILE.svg or -o FILE.dot writes that to a file.

With --parameters, lists what the stages can be told in config: values, types,
defaults and documentation. With --schema, prints that as a JSON schema by which
editors complete and check task.yml; without a TASK, it knows no stages."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("task", metavar="TASK", nargs="?", help="the directory of the task")
    parser.add_argument("field", metavar="FIELD", nargs="?", help="the field whose stored value to show")
    parser.add_argument("--graph", action="store_true", help="draw the stages, what they read and make, and what is up "
                        "to date")
    parser.add_argument("--schema", action="store_true", help="print a JSON schema of task.yml")
    parser.add_argument("--parameters", action="store_true", help="list the parameters of the stages")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--dot", action="store_const", const="dot", dest="form", help="with --graph: for Graphviz")
    form.add_argument("--svg", action="store_const", const="svg", dest="form", help="with --graph: an SVG image")
    parser.add_argument("--input", metavar="ID", help="the input whose value to show, if there are several")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path,
                        help="write the value to a file, in the form that its suffix names")
    parser.add_argument("--trust", action="store_true", help="load values that are pickles, which may run any code")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from repype_like.errors import UsageError

    if args.schema:
        from repype_like.cli.schema_view import show_schema

        return show_schema(args.task, args.output)
    if args.task is None:
        raise UsageError("repype show: name the directory of a task")
    if args.parameters:
        from repype_like.cli.schema_view import show_parameters

        return show_parameters(args.task, args.json)
    if args.graph:
        if args.field is not None or args.input is not None:
            raise UsageError("repype show: --graph draws the stages of a TASK; FIELD and --input do not go with it")
        from repype_like.cli.graph_view import show_graph

        return show_graph(args.task, form=args.form, output=args.output, json=args.json)
    if args.form is not None:
        raise UsageError(f"repype show: --{args.form} says what --graph draws, so it needs --graph")
    if args.field is None:
        from repype_like.cli.spec_view import show_spec

        return show_spec(args.task, args.json)
    from repype_like.cli.value_view import show_value

    return show_value(args.task, args.field, args.input, args.output, args.json, args.trust)
