"""One stored value of a task."""

from __future__ import annotations

import json as _json
import shutil
from collections.abc import Iterable
from pathlib import Path

from repype_like.batch import open_task
from repype_like.cli.terminal import err, out
from repype_like.cli.words import clean, clean_lines, path_words, size
from repype_like.errors import RepypeError, UsageError, did_you_mean
from repype_like.spec import format_input_id
from repype_like.store import FieldValue, Store
from repype_like.store.layout import Layout
from repype_like.task import Task
from repype_like.task.results import stored_fields
from repype_like.typing import Any, InputID

__all__ = ["show_value"]

_SHOWN = 8


def show_value(path: str, field: str, input_text: str | None, target: Path | None, json: bool) -> int:
    """Print a stored value, or write it to the file `target` as it is stored; return the exit code.

    Raises:
        UsageError: If there is no such task, input or field.
        RepypeError: If the task has no results.
    """
    task = open_task(path)
    store = task.results
    stored = _results(task, store)
    input_id = _choose_input(stored, input_text, path)
    value = stored[input_id].get(field)
    if value is None:
        known = sorted(stored[input_id])
        hint = did_you_mean(field, known) or f"there are {', '.join(known) or 'none'}"
        raise UsageError(f'{path}: no field "{field}" is stored for the input {format_input_id(input_id)}; {hint}')
    if target is not None:
        _export(store, value, target)
        return 0
    with task.codebase.activate():  # it may be of a class of the project
        content = store.decode(value)
    _print(content, value, json)
    return 0


def _results(task: Task, store: Store) -> dict[InputID, dict[str, FieldValue]]:
    if store.damage:
        raise RepypeError(f"{path_words(task.path)}: the results are damaged: {store.damage}; run the task again")
    digest = store.digest
    if digest is None:
        raise RepypeError(f"{path_words(task.path)}: there are no results yet; run the task: "
                          f"repype run {path_words(task.path)} --only .")
    return stored_fields(store, digest)


def _choose_input(stored: Iterable[InputID], text: str | None, path: str) -> InputID:
    known = list(stored)
    names = [format_input_id(input_id) for input_id in known]
    if text is None:
        if len(known) == 1:
            return known[0]
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        raise UsageError(f"{path}: which input? Add --input ID; there are {shown or 'none'}")
    found = [input_id for input_id in known if text == format_input_id(input_id)] or [
        input_id for input_id in known if text == str(input_id)]
    if not found:
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        hint = did_you_mean(text, names) or f"there are {shown or 'none'}"
        raise UsageError(f'{path}: there are no results for the input "{text}"; {hint}')
    return found[0]


def _export(store: Store, value: FieldValue, target: Path) -> None:
    try:
        if value.inline is not None:
            target.write_bytes(value.inline)
        else:
            assert value.blob is not None, "a value is either inline or a blob"
            shutil.copyfile(Layout(store.directory).blob(value.blob), target)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror}") from error
    err().line(clean(f"{target}: {size(value.size)}, format {value.format}"))


def _print(content: Any, value: FieldValue, json: bool) -> None:
    terminal = out()
    if json:
        try:
            text = _json.dumps(content)
        except (TypeError, ValueError):
            raise UsageError(f"a value of the type {type(content).__name__} has no form in JSON; -o FILE writes it as "
                             f"it is stored (format {value.format})") from None
        terminal.line(text)
    elif isinstance(content, dict | list):
        try:
            terminal.line(_json.dumps(content, indent=2, ensure_ascii=False))
        except (TypeError, ValueError):  # plain outside, but not inside
            terminal.line(clean_lines(repr(content)))
    else:
        terminal.line(clean_lines(content if isinstance(content, str) else repr(content)))
