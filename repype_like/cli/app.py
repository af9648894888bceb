"""The command ``repype``: its parser, and what becomes of errors."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from repype_like.cli.commands import (
    accept,
    completion,
    diff,
    gc,
    import_,
    log,
    new,
    reset,
    run,
    runs,
    show,
    status,
    table,
    verify,
    watch,
)
from repype_like.cli.streams import give_up_stdout, let_go_of_stderr, make_sure_of_streams
from repype_like.errors import RepypeError, did_you_mean, text_of
from repype_like.typing import NoReturn
from repype_like.version import VERSION

__all__ = ["guarded", "main", "make_parser"]

INTERNAL_ERROR = 3
INTERRUPTED = 130
BROKEN_PIPE = 141

_OF_THE_SYSTEM = frozenset((errno.EIO, errno.ESTALE, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM,
                            errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENAMETOOLONG, errno.ELOOP))
"""What a machine may refuse at any moment, whatever the program does."""

_COMMANDS = {
    "run": run,
    "watch": watch,
    "status": status,
    "show": show,
    "table": table,
    "runs": runs,
    "new": new,
    "log": log,
    "verify": verify,
    "diff": diff,
    "accept": accept,
    "gc": gc,
    "reset": reset,
    "import": import_,
    "completion": completion,
}
"""Each one declares its flags by `add_arguments`, and does its work in `run`, which returns the exit code."""

_EPILOG = "repype COMMAND --help explains a command. A task is a directory with a task.yml."


class _Parser(argparse.ArgumentParser):
    """Proposes what was probably meant."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n    {self.prog} --help lists what there is\n")

    @property
    def flags(self) -> list[str]:
        return [flag for action in self._actions for flag in action.option_strings]


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, and return the exit code.

    Arguments:
        argv: The arguments. Defaults to those of this process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: _main(arguments))


def make_parser(names: Iterable[str] = _COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of the command line; for some commands only, where it is known which are meant."""
    parser = _Parser(prog="repype", allow_abbrev=False, epilog=_EPILOG, description=(
        "Brings the tasks of a directory tree up to date, and computes nothing twice."))
    parser.add_argument("--version", action="version", version=f"repype_like {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", parser_class=_Parser,
                                     prog=parser.prog)
    for name in names:
        command = _COMMANDS[name]
        added = commands.add_parser(name, help=command.HELP, description=command.DESCRIPTION, allow_abbrev=False,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
        command.add_arguments(added)
        added.set_defaults(perform=command.run, parser=added, whole=make_parser)
    return parser


def _main(arguments: list[str]) -> int:
    parser = make_parser(arguments[:1] if arguments and arguments[0] in _COMMANDS else _COMMANDS)
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    _check_command(parser, arguments)
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        hint = did_you_mean(unknown[0].partition("=")[0], args.parser.flags) if unknown[0].startswith("-") else ""
        args.parser.error(f"unknown argument: {unknown[0]}" + (f"; {hint}" if hint else ""))
    args.command_line = ("repype", *arguments)
    code: int = args.perform(args)
    return code


def _check_command(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Answer to what is no command with the one that was probably meant."""
    first = arguments[0]
    if first in _COMMANDS or first in ("-h", "--help", "--version"):
        return
    upstream = {"--run": "run", "--reset": "reset"}
    asked = next((upstream[item] for item in arguments if item in upstream), None)
    path = next((item for item in arguments if not item.startswith("-")), ".")
    if asked is not None:
        parser.error(f"this is the form of repype 1.0.4; write: repype {asked} {path}")
    if first.startswith("-"):
        parser.error(f"the command comes first: repype {' | '.join(_COMMANDS)}")
    if Path(first).exists():
        parser.error(f'"{first}" is no command; write: repype run {first}, or: repype status {first}')
    hint = did_you_mean(first, _COMMANDS)
    parser.error(f'there is no command "{first}"' + (f"; {hint}" if hint else ""))


def guarded(perform: Callable[[], int]) -> int:
    """Return the exit code of `perform`, and turn whatever it raises into a message and an exit code."""
    try:
        make_sure_of_streams()
        code = perform()
        sys.stdout.flush()
    except SystemExit as end:  # of argparse, which has said why
        return end.code if isinstance(end.code, int) else 2
    except RepypeError as error:
        return _report(error)
    except KeyboardInterrupt:
        sys.stderr.write("\nrepype: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        give_up_stdout()  # who read it has seen enough
        return BROKEN_PIPE
    except OSError as error:
        if error.errno not in _OF_THE_SYSTEM:
            return _report_bug(error)
        if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):  # stores say what it is
            give_up_stdout()
            return _report(RepypeError(f"cannot write to stdout: {error.strerror}"))
        where = f"{error.filename}: " if error.filename else ""
        return _report(RepypeError(f"{where}{error.strerror}"))
    except Exception as error:  # noqa: BLE001  whatever else comes up is our mistake
        return _report_bug(error)
    finally:
        let_go_of_stderr()
    return code


def _report(error: RepypeError) -> int:
    from repype_like.cli.problems import report_error

    report_error(error)
    return error.exit_code


def _report_bug(error: Exception) -> int:
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    said = f"repype: internal error: {type(error).__name__}: {text_of(error)}\n"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="repype-", suffix=".txt", delete=False, encoding="utf-8",
                                         errors="backslashreplace") as file:
            file.write(f"repype_like {VERSION}, Python {sys.version}\n{sys.argv}\n\n{text}")
        said += f"    This is a bug of repype_like. Please report it, with the traceback in {file.name}\n"
    except OSError:
        said += f"    This is a bug of repype_like. Please report it, with this traceback:\n{text}"
    sys.stderr.write(said.encode(errors="backslashreplace").decode())
    return INTERNAL_ERROR
