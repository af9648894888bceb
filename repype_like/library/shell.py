"""Runs a program."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from repype_like.config import Config
from repype_like.errors import RepypeError, UsageError, did_you_mean
from repype_like.library.handover import Handover
from repype_like.library.program import run_program
from repype_like.library.ready import ReadyStage
from repype_like.library.template import filled_in, placeholders_of
from repype_like.stage import ConfigProblem, Parameter, Parameters, settings_of
from repype_like.typing import TYPE_CHECKING, Any, PipelineData

if TYPE_CHECKING:
    from repype_like.formats import FormatLike
    from repype_like.pipeline import Pipeline
    from repype_like.status import Status

__all__ = ["ProgramFailedError", "Shell"]

_SETTINGS: Mapping[str, Any] = {
    "command": list[str | int | float], "reads": list[str], "writes": list[str], "depends": list[str],
    "stdin": str | None, "env": dict[str, str], "exit_codes": list[int], "track_program": bool}


class ProgramFailedError(RepypeError):
    """A program could not be started, gave an exit code that means a failure, or did not write what it should."""


class Shell(ReadyStage):
    """Runs a program for each input. There is no shell: the program gets exactly the arguments that are listed.

    All attributes from :attr:`command` to :attr:`track_program` can be said in the configuration as well. Every other
    key in there is a value that the arguments have to mention.

    In the arguments, ``{name}`` stands for the path of a scope that is named in :attr:`reads` or :attr:`writes`; for
    the path of a file with the field `name`, if that is named in :attr:`files`; for the value of another field that the
    stage reads, of ``input_id``, or of a key of the configuration; for the folder :attr:`work_dir`; or, as
    ``{python}``, for the interpreter at hand, which does not count. An argument that is a list by itself becomes
    several ones. ``{{name}}`` is the text ``{name}``.

    Arguments:
        command: The program and its arguments.
        attributes: Any attribute of the stage.
    """

    inputs: Collection[str] = ("input_id",)
    outputs: Collection[str] = ()

    command: Sequence[str | int | float] = ()
    """The program and its arguments. Those that are the path of a file count by its content, the program too."""

    reads: Sequence[str] = ()
    """The scopes whose files the program reads; they have to be there."""

    writes: Sequence[str] = ()
    """The scopes whose files the program writes; if one is not written, the stage has failed."""

    files: Mapping[str, FormatLike] = {}
    """By field, the format in which it is handed over to the program, or back, in a file.

    An output that is not in here, of which there may be one, is what the program writes to stdout, as a text."""

    depends: Sequence[str] = ()
    """Further files and folders that count by their content, such as modules that the program imports."""

    stdin: str | None = None
    """The path of a file that is the standard input, such as ``{table}``; by default there is none."""

    env: Mapping[str, str] = {}
    """Environment variables that are set for the program."""

    exit_codes: Sequence[int] = (0,)
    """The exit codes that mean success."""

    track_program: bool = False
    """Whether a program that is found on the ``PATH`` counts by the content of its file."""

    def __init__(self, command: Sequence[str | int | float] | None = None, **attributes: Any):
        super().__init__(**attributes if command is None else {"command": command, **attributes})
        fields = {*self.inputs, *self.outputs}
        written = sorted(set(self.outputs) - self.files.keys())
        if len(written) > 1:
            raise UsageError(f'the stage "{self.id}" can have one output from stdout, and not {", ".join(written)}: '
                             "name the formats of the others in `files`")
        for field in self.files:
            if field not in fields:
                hint = did_you_mean(field, fields)
                raise UsageError(f'files: the stage "{self.id}" has no field "{field}"{f"; {hint}" if hint else ""}')
        self.printed = written[0] if written else None
        defaults = {name: _plain(getattr(self, name)) for name in _SETTINGS} | dict(self.default_config)
        self._declare(Parameters(tuple(Parameter(name, _SETTINGS.get(name, Any), value)
                                       for name, value in defaults.items()), is_open=True))
        self.default_config = defaults

    def check_config(self, section: Mapping[str, Any]) -> Sequence[ConfigProblem]:
        """Return what is wrong with the configuration; what the arguments mention has to be there, and vice versa."""
        problems = list(super().check_config(section))
        if problems:
            return problems
        settings = {**self.default_config, **section}
        if not settings["command"]:
            return [ConfigProblem(("command",), "there is no command", "write it as a list: [sort, -n, '{raw}']")]
        known = {*self.inputs, *self.files, *settings["reads"], *settings["writes"], "work_dir", "python",
                 *(key.removeprefix("AF_") for key in section.keys() | self.default_config.keys() - _SETTINGS.keys())}
        mentioned = set()
        for position, argument in enumerate([*settings["command"], settings["stdin"] or ""]):
            for name in placeholders_of(str(argument)):
                mentioned.add(name)
                if name not in known - _SETTINGS.keys():
                    at = ("command", position) if position < len(settings["command"]) else ("stdin",)
                    hint = did_you_mean(name, known - _SETTINGS.keys()) or (
                        f"if it is a scope, list it in reads or writes; the text itself is written {{{{{name}}}}}")
                    problems.append(ConfigProblem(at, f'"{argument}": nothing is named "{name}"', hint))
        for key in section.keys() - _SETTINGS.keys() - settings_of(self).keys():
            if key.removeprefix("AF_") not in mentioned:
                hint = did_you_mean(key, _SETTINGS) or f"write {{{key}}} where the value is to be"
                problems.append(ConfigProblem((key,), f'the command does not mention "{key}"', hint))
        return problems

    def validate(self, outputs: Mapping[str, Any], paths: Mapping[str, Path]) -> None:
        """Raise an exception if what the program made is not what it should be; to be overridden.

        Arguments:
            outputs: The fields.
            paths: The files that it wrote, by scope and by field.
        """

    def process(self, pipeline: Pipeline, config: Config, status: Status | None = None, *args: Any,
                **inputs: Any) -> PipelineData:
        """Run the program.

        Raises:
            ProgramFailedError: If it cannot be started or fails, or does not write what it should.
        """
        assert self.declared is not None, "see above"
        settings = config.final()
        settings.update({name: value for name, value in self.declared.values(settings).items() if name in _SETTINGS})
        handover = Handover(self, pipeline, inputs, settings, ProgramFailedError)
        values = {**{name: value for name, value in settings.items() if name not in _SETTINGS}, **inputs,
                  **handover.paths, "work_dir": self.work_dir,
                  "python": sys.executable}
        try:
            command = filled_in(settings["command"], values)
            stdin = Path(*filled_in([settings["stdin"]], values)) if settings["stdin"] else None
        except ValueError as error:
            raise ProgramFailedError(f"{error}, for input {inputs.get('input_id', '')!r}".removesuffix(
                ", for input ''")) from error
        self._track(pipeline, settings)
        handover.begin()
        code = run_program(command, stdin=stdin, stdout=handover.stdout if self.printed else None,
                           env=settings["env"], started=self._program(command, settings["env"]))
        if code not in settings["exit_codes"]:
            ending = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise ProgramFailedError(f"the program {ending}: {shlex.join(command)}")
        outputs = handover.end(self.printed)
        self.validate(outputs, handover.written)
        return outputs

    def _program(self, command: Sequence[str], env: Mapping[str, str]) -> str:
        """Return the path of the program."""
        found = shutil.which(command[0], path=env.get("PATH"))
        if found is None:
            where = "is no program" if "/" in command[0] else "is not found on the PATH"
            raise ProgramFailedError(f'"{command[0]}" {where}: install it, or write its path')
        return found

    def _track(self, pipeline: Pipeline, settings: Mapping[str, Any]) -> None:
        """Have the files count that the command names, and those that it depends on."""
        for text in map(str, settings["command"]):
            if not placeholders_of(text) and "\0" not in text and len(text) < 4096 and Path(text).is_file():
                pipeline.track(text)
        for text in settings["depends"]:
            if not Path(text).exists():
                raise ProgramFailedError(f"depends: there is no {text}, seen from {Path.cwd()}")
            pipeline.track(text)
        if settings["track_program"]:
            pipeline.track(self._program([str(settings["command"][0])], settings["env"]))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else dict(value) if isinstance(value, Mapping) else value
