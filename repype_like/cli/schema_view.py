"""What there is to be written in a ``task.yml``: as a JSON schema, or to be read."""

from __future__ import annotations

import json as _json
from collections.abc import Iterator, Sequence
from pathlib import Path

from repype_like.batch import Batch
from repype_like.cli.spec_view import flow
from repype_like.cli.terminal import Terminal, err, out
from repype_like.cli.words import clean, path_words
from repype_like.errors import SpecError, UsageError
from repype_like.masking import is_secret, masked
from repype_like.pipeline import Pipeline
from repype_like.schema import docs_of, hint_of, is_sayable, schema_of
from repype_like.spec import SPEC_NAME
from repype_like.stage import SETTINGS, Stage, hint_words, settings_of, to_yaml
from repype_like.task import Task
from repype_like.typing import Any

__all__ = ["show_parameters", "show_schema"]

_ASIDE = 40
"""Where the words about a parameter begin, if there is room."""


def show_schema(task: str | None, output: Path | None) -> int:
    """Print the JSON schema of a ``task.yml``, with the stages of a task if one is given, and return the exit code.

    Raises:
        UsageError: If there is no such task, or the file cannot be written.
        RepypeError: If something is wrong with its pipeline.
    """
    schema = schema_of()
    if task is not None:
        found, pipeline = _load(task)
        if pipeline is None:
            err().line(clean(f"{task}: names no pipeline, so what its stages take is not known"))
        with found.codebase.activate():  # for docstrings to be found
            schema = schema_of(None if pipeline is None else pipeline.stages, further_keys=type(found) is not Task)
    text = _json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    if output is None:
        out().stream.write(text)
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output}: {error.strerror}") from error
    return 0


def show_parameters(task: str, json: bool) -> int:
    """Print the parameters of the stages of a task, as they are in force, with types, defaults and documentation.

    Raises:
        UsageError: If there is no such task, or it names no pipeline.
        RepypeError: If something is wrong with its pipeline.
    """
    found, pipeline = _load(task)
    if pipeline is None:
        raise UsageError(f"{task}: names no pipeline, so what its stages take is not known")
    sections = found.create_config().entries
    with found.codebase.activate():  # for docstrings to be found
        stages = {stage.id: {"doc": docs_of(stage).summary, "deterministic": stage.deterministic, "parameters": list(
            _parameters(stage, sections.get(stage.id) or {}))} for stage in pipeline.stages}
    if json:
        print(_json.dumps({"schema": 1, "task": path_words(found.directory), "stages": stages}, indent=1, default=str))
    else:
        _print(stages, out())
    return 0


def _print(stages: dict[str, dict[str, Any]], terminal: Terminal) -> None:
    for position, (stage_id, known) in enumerate(stages.items()):
        if position:
            terminal.line("")
        remarks = [known["doc"], "" if known["deterministic"] else "not deterministic"]
        terminal.line(clean(f"{stage_id}:") + _remark("; ".join(filter(None, remarks)), terminal))
        for row in known["parameters"]:
            said = clean(f"  {row['name']}: {flow(row['value'])}" if "value" in row else f"  # {row['name']}:")
            words = "; ".join(filter(None, (row["type"], _default_words(row), row["doc"])))
            terminal.line(f"{said:{_ASIDE if words else 0}}" + _remark(words, terminal))


def _remark(words: str, terminal: Terminal) -> str:
    return terminal.paint(clean(f"  # {words}"), "dim") if words else ""


def _default_words(row: dict[str, Any]) -> str:
    if "default" not in row:
        return "to be given" if "value" not in row else ""
    return f"by default {flow(row['default'])}" if row["value"] != row["default"] else ""


def _parameters(stage: Stage, section: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield for each parameter its name, type, documentation, and its default and its value if it has any."""
    docs, defaults = docs_of(stage), stage.default_config
    declared = [item.name for item in stage.declared.all] if stage.declared is not None else []
    settings = settings_of(stage)
    for name in dict.fromkeys([*declared, *defaults, *section]):
        hint, hidden = settings.get(name) or hint_of(stage, name), is_secret(name)
        row: dict[str, Any] = {"name": name, "type": "" if hint is Any else hint_words(hint),
                               "doc": docs.parameters.get(name, "") or (SETTINGS[name] if name in settings else "")}
        if name in defaults and is_sayable(to_yaml(defaults[name])):
            row["default"] = masked(to_yaml(defaults[name]), hidden)
        if name in section or "default" in row:
            row["value"] = masked(section[name], hidden) if name in section else row["default"]
        yield row


def _load(path: str) -> tuple[Task, Pipeline | None]:
    batch = Batch()
    batch.load(path)
    directory = Path(path).expanduser().resolve()
    problems: Sequence[Any] = [problem for problem in batch.problems if problem.severity == "error"
                               and (problem.task is None or directory.is_relative_to(problem.task))]
    if problems:
        raise SpecError(problems)
    task = batch.resolved_tasks.get(directory)
    if task is None:
        raise UsageError(f"{path}: this directory is no task, there is no {SPEC_NAME}")
    if not task.merged_spec.get("pipeline") and not task.overrides("create_pipeline"):
        return task, None
    return task, task.create_pipeline()
