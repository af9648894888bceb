"""The specification of a task as YAML, each value with the place where it stands."""

from __future__ import annotations

import json as _json
from collections.abc import Iterator
from dataclasses import dataclass

from repype_like.cli.completion_words import completion_of, completion_plain, completion_words
from repype_like.cli.problems import report_problems
from repype_like.cli.terminal import Terminal, out
from repype_like.cli.words import clean, path_words, place
from repype_like.errors import Location, SpecError, UsageError
from repype_like.masking import MASK, is_secret, masked
from repype_like.spec import KEYS, SPEC_NAME, SpecTree, TaskSpec, load_tree
from repype_like.typing import Any

__all__ = ["flow", "show_spec"]

_WIDEST = 60
"""Origins of longer lines stand behind them, and not in the column."""

_Keys = tuple["str | int", ...]


@dataclass(frozen=True)
class _Line:
    text: str
    origin: Location | None = None


def show_spec(task: str, json: bool) -> int:
    """Print the specification of a task and return the exit code; no code of the user's is imported.

    Raises:
        UsageError: If there is no such task.
    """
    tree, spec = _load(task)
    report_problems(tree.problems_of(spec.directory))
    lines, digest = list(_lines_of(spec)), completion_of(spec.directory)
    if json:
        origins = {".".join(map(str, keys)): place(origin) for keys, origin in _origins(spec)}
        print(_json.dumps({"schema": 1, "task": path_words(spec.directory), "parents": [
            path_words(parent.directory) for parent in spec.parents], "spec": masked(_effective(spec)),
            "origins": origins, "completed": completion_plain(digest) if digest is not None else None},
            indent=1, default=str))
    else:
        _print(lines, spec, out())
        for text in completion_words(digest) if digest is not None else ():
            out().line(out().paint(f"# {text}", "dim"))
    return 0 if tree.is_sound(spec.directory) else SpecError.exit_code


def _load(task: str) -> tuple[SpecTree, TaskSpec]:
    tree = load_tree(task)
    spec = tree.get(tree.path)
    if spec is None:
        below = [path_words(other.directory) for other in tree.below]
        more = f"; the tasks below are {', '.join(below[:5])}" + (", ..." if len(below) > 5 else "") if below else ""
        raise UsageError(f"{task}: this directory is no task, there is no {SPEC_NAME}{more}")
    return tree, spec


def _effective(spec: TaskSpec) -> dict[Any, Any]:
    """Return the full specification, with the options of the base configuration in place."""
    full = {key: value for key, value in spec.full.items() if key != "config"}
    config = spec.config.value
    full |= {"config": config} if config else {}
    order = [*KEYS, *full]
    return dict(sorted(full.items(), key=lambda item: order.index(item[0])))


def _origin(spec: TaskSpec, keys: _Keys) -> Location | None:
    return spec.config.origin(keys[1:]) if keys[0] == "config" and len(keys) > 1 else spec.origin(keys)


def _origins(spec: TaskSpec) -> Iterator[tuple[_Keys, Location | None]]:
    """Yield the keys of every value that is no mapping, and where it stands."""
    pending: list[tuple[_Keys, Any]] = [((key,), value) for key, value in _effective(spec).items()]
    while pending:
        keys, value = pending.pop(0)
        if isinstance(value, dict) and value:
            pending[:0] = [((*keys, key), item) for key, item in value.items()]
        else:
            yield keys, _origin(spec, keys)


def _lines_of(spec: TaskSpec) -> Iterator[_Line]:
    for key, value in _effective(spec).items():
        yield from _lines(spec, (key,), value, hidden=False)


def _lines(spec: TaskSpec, keys: _Keys, value: Any, *, hidden: bool) -> Iterator[_Line]:
    """Yield the lines that say that the value at `keys` is `value`."""
    hidden = hidden or is_secret(keys[-1])
    indent = "  " * (len(keys) - 1)
    key = _scalar(keys[-1])
    if isinstance(value, dict) and value:
        yield _Line(f"{indent}{key}:")
        for inner, item in value.items():
            yield from _lines(spec, (*keys, inner), item, hidden=hidden)
        return
    shown = masked(value, hidden)
    origin = _origin(spec, keys)
    if isinstance(shown, list) and shown and len(flat := flow(shown)) + len(indent) + len(key) > _WIDEST - 2:
        yield _Line(f"{indent}{key}:", origin)
        for index, item in enumerate(shown):
            yield _Line(f"{indent}- {flow(item)}", _origin(spec, (*keys, index)))
    else:
        yield _Line(f"{indent}{key}: {flat if isinstance(shown, list) and shown else flow(shown)}", origin)


def _print(lines: list[_Line], spec: TaskSpec, terminal: Terminal) -> None:
    parents = " < ".join(path_words(parent.directory) for parent in spec.parents)
    terminal.line(terminal.paint(f"# {clean(path_words(spec.directory))}" + (
        f", which inherits from {clean(parents)}" if parents else ""), "dim"))
    if not lines:
        terminal.line("{}")
    texts = [clean(line.text) for line in lines]
    width = max((len(text) for text in texts if len(text) <= _WIDEST), default=0)
    for line, text in zip(lines, texts, strict=True):
        origin = terminal.paint(f"  # {clean(place(line.origin))}", "dim") if line.origin else ""
        terminal.line(f"{text:{width}}{origin}" if origin else text)


def _scalar(value: Any) -> str:
    return flow(value)


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    if value == MASK:
        return MASK
    import yaml

    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...").strip()

