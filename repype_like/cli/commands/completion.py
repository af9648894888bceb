"""``repype completion``: the script that completes this command in a shell."""

from __future__ import annotations

import argparse

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "print the completion script of a shell"

DESCRIPTION = """\
Prints the script that completes repype's commands and flags in a shell:

  bash   write it to ~/.local/share/bash-completion/completions/repype
  zsh    write it to a file _repype in a directory of $fpath
  tcsh   have it sourced by ~/.tcshrc"""

_DIRECTORIES = ("paths", "path", "task")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), metavar="SHELL", help="bash, zsh or tcsh")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    import shtab

    parser = args.whole()
    for action in _all_actions(parser):
        if action.dest in _DIRECTORIES:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.dest == "output":
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, args.shell))
    return 0


def _all_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    found = list(parser._actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found += [inner for command in action.choices.values() for inner in _all_actions(command)]
    return found
