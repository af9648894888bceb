"""One stored value of a task."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from repype_like.batch import open_task
from repype_like.cli.terminal import err, out
from repype_like.cli.value_export import FILES, fits_as_stored, write_as_stored, write_converted, write_files
from repype_like.cli.words import clean, clean_lines, path_words, size
from repype_like.errors import NotStorableError, RepypeError, UsageError, did_you_mean
from repype_like.formats import describe
from repype_like.formats.json import to_json
from repype_like.formats.sequence import StoredSequence
from repype_like.spec import format_input_id
from repype_like.store import FieldValue, Store
from repype_like.task import Task
from repype_like.task.results import stored_fields
from repype_like.typing import Any, InputID

__all__ = ["show_value"]

_SHOWN = 8


def show_value(path: str, field: str, input_text: str | None, target: Path | None, json: bool, trust: bool) -> int:
    """Print a stored value, or write it to the file `target`; return the exit code.

    Arguments:
        path: The directory of the task.
        field: The name of the field.
        input_text: The input, if one was given.
        target: The file to write to, in the form that its suffix names.
        json: Whether to print JSON.
        trust: Whether values may be loaded that run code when they are.

    Raises:
        UsageError: If there is no such task, input or field, or the value has no such form.
        RepypeError: If the task has no results.
    """
    task = open_task(path)
    store = task.results
    stored = _results(task, store)
    input_id = _choose_input(stored, field, input_text, path)
    value = stored[input_id].get(field)
    if value is None:
        known = sorted(stored[input_id])
        hint = did_you_mean(field, known) or f"there are {', '.join(known) or 'none'}"
        if field in stored.get(None, ()):
            hint = "an aggregate has made it, once for all inputs; leave out --input"
        whose = f"the input {format_input_id(input_id)}" if input_id is not None else "the task as a whole"
        raise UsageError(f'{path}: no field "{field}" is stored for {whose}; {hint}')
    if value.format == FILES:
        if target is not None:
            write_files(store, value, target)
        else:
            out().line(to_json(value.shown) if json else clean(dict(value.shown or {}).get("type", FILES)))
    elif target is not None and fits_as_stored(value, target):
        write_as_stored(store, value, target)
    elif not trust and not store.is_safe(value):
        if target is not None or json:
            raise UsageError(f"the value is {_kind(value)}, and loading it may run any code that is in it; add --trust "
                             f"if you trust who computed it{', or leave out the suffix' if target is not None else ''}")
        out().line(clean(_kind(value)))
        err().line("loading it may run any code that is in it; --trust shows the value")
    else:
        with task.codebase.activate():  # it may be of a class of the project
            content = store.decode(value)
            if target is not None:
                write_converted(content, target)
            else:
                _print(content, json)
    return 0


def _kind(value: FieldValue) -> str:
    """Return what is known of a value without loading it."""
    shown = value.shown if isinstance(value.shown, dict) else {}
    return f"{shown.get('type', 'of an unknown type')}, {size(value.size)}, stored as {value.format}"


def _results(task: Task, store: Store) -> dict[InputID, dict[str, FieldValue]]:
    if store.damage:
        raise RepypeError(f"{path_words(task.path)}: the results are damaged: {store.damage}; run the task again")
    digest = store.digest
    if digest is None:
        raise RepypeError(f"{path_words(task.path)}: there are no results yet; run the task: "
                          f"repype run {path_words(task.path)} --only .")
    return stored_fields(store, digest)


def _choose_input(stored: Mapping[InputID, Collection[str]], field: str, text: str | None, path: str) -> InputID:
    if text is None and field in stored.get(None, {}):
        return None
    known = [input_id for input_id in stored if input_id is not None]
    names = [format_input_id(input_id) for input_id in known]
    if text is None:
        if not known and stored:
            return None
        if len(known) == 1 or (known and not any(field in fields for fields in stored.values())):
            return known[0]
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        raise UsageError(f"{path}: which input? Add --input ID; there are {shown or 'none'}")
    found = [input_id for input_id in known if text == format_input_id(input_id)] or [
        input_id for input_id in known if text == str(input_id)]
    if not found and field in stored.get(None, {}):
        raise UsageError(f'{path}: an aggregate has made "{field}", once for all inputs; leave --input out')
    if not found:
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        hint = did_you_mean(text, names) or f"there are {shown or 'none'}"
        raise UsageError(f'{path}: there are no results for the input "{text}"; {hint}')
    return found[0]


def _print(content: Any, json: bool) -> None:
    terminal = out()
    if json:
        try:
            terminal.line(to_json(content))
        except NotStorableError as error:
            raise UsageError(f"{error}; -o FILE writes it in another form") from None
    elif isinstance(content, dict | list):
        try:
            terminal.line(clean_lines(to_json(content, indent=2)))
        except NotStorableError:
            terminal.line(clean_lines(repr(content)))
    elif isinstance(content, StoredSequence):
        terminal.line(repr(content))
        for number, item in enumerate(content[:_SHOWN]):
            shown = describe(item)
            terminal.line(clean(f"{number}: {shown['value']!r}" if "value" in shown else f"{number}: {shown['type']}"))
    else:
        terminal.line(clean_lines(content if isinstance(content, str) else repr(content)))
