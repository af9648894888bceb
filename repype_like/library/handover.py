"""The files between a stage and the program that it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from repype_like.errors import RepypeError, did_you_mean, text_of
from repype_like.formats import format_named
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repype_like.library.shell import Shell
    from repype_like.pipeline import Pipeline

__all__ = ["Handover"]


class Handover:
    """The files that one execution of a program reads and writes.

    Arguments:
        stage: The stage.
        pipeline: The pipeline that knows the paths of scopes.
        inputs: The fields that the stage has got.
        settings: The configuration of the stage, with its defaults.
        failed: What is raised if a file is missing.
    """

    def __init__(self, stage: Shell, pipeline: Pipeline, inputs: Mapping[str, Any], settings: Mapping[str, Any],
                 failed: type[RepypeError]):
        self.inputs = inputs
        self.failed = failed
        self.formats = {field: format_named(named) for field, named in stage.files.items()}
        self.folder = stage.work_dir / "handover"
        self.fields = {field: self.folder / f"{field}.{kind.suffix}" for field, kind in self.formats.items()}
        self.read = {scope: _resolved(pipeline, scope, inputs, failed) for scope in settings["reads"]}
        self.scopes = {scope: _resolved(pipeline, scope, inputs, failed) for scope in settings["writes"]}
        self.before = {scope: _status(path) for scope, path in self.scopes.items()}
        self.stdout = self.folder / "stdout"

    @property
    def paths(self) -> dict[str, Path]:
        """The paths that arguments may mention, by scope and field."""
        return {**self.read, **self.scopes, **self.fields}

    @property
    def written(self) -> dict[str, Path]:
        """The paths that the program is to write, by scope and field."""
        return {**self.scopes, **{field: path for field, path in self.fields.items() if field not in self.inputs}}

    def begin(self) -> None:
        """Write what the program is to read, into a folder with nothing of an earlier attempt in it."""
        self.folder.mkdir(exist_ok=True)
        for left in self.folder.iterdir():
            left.unlink()
        for scope, path in self.read.items():
            if not path.exists():
                raise self.failed(f'the scope "{scope}" in reads: there is no {path}; scopes are relative to the task '
                                  "that runs, and {ROOTDIR} in a scope is the topmost one")
        for path in self.scopes.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        for field, path in self.fields.items():
            if field in self.inputs:
                self.formats[field].write(self.inputs[field], path)

    def end(self, printed: str | None) -> dict[str, Any]:
        """Return the fields that the program has made.

        Arguments:
            printed: The field that is what it has printed.

        Raises:
            RepypeError: If it has not written what it should.
        """
        for scope, path in self.scopes.items():
            if not path.exists():
                raise self.failed(f'the program has not written the scope "{scope}": there is no {path}')
            if not path.is_dir() and _status(path) == self.before[scope]:
                raise self.failed(f'the program has not written the scope "{scope}": {path} is as it was before')
        outputs: dict[str, Any] = {}
        for field, path in self.fields.items():
            if field not in self.inputs:
                if not path.exists():
                    raise self.failed(f'the program has not written the field "{field}"; it should to {{{field}}}')
                outputs[field] = self._read(field, path)
        if printed is not None:
            outputs[printed] = self.stdout.read_text(encoding="utf-8")
        return outputs

    def _read(self, field: str, path: Path) -> Any:
        try:
            return self.formats[field].read(path)
        except Exception as error:
            raise self.failed(f'what the program has written for the field "{field}" cannot be read: {text_of(error)}'
                              ) from error


def _resolved(pipeline: Pipeline, scope: str, inputs: Mapping[str, Any], failed: type[RepypeError]) -> Path:
    path = pipeline.resolve(scope, inputs.get("input_id"))
    if path is not None:
        return path
    if scope in pipeline.scopes:
        raise failed(f'the scope "{scope}" is different for each input: add "input_id" to the inputs of the stage')
    hint = did_you_mean(scope, pipeline.scopes) or f'add it to the scopes in the task.yml: {scope}: "{scope}/%s.txt"'
    raise failed(f'there is no scope "{scope}"; {hint}')


def _status(path: Path) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)  # noqa: PTH116  as below
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
