"""What differs between two tasks, as text or as JSON."""

from __future__ import annotations

import itertools
import json as _json
from collections.abc import Iterable, Iterator
from pathlib import Path

from repype_like.batch.viewing import view_task
from repype_like.cli.completion_words import moment
from repype_like.cli.terminal import err, out
from repype_like.cli.words import clean, count, path_words, place
from repype_like.compare import Comparison, Finding, Side, as_completed, as_it_stands, compare
from repype_like.compare.compare import SECTIONS
from repype_like.errors import Location, UsageError
from repype_like.masking import MASK
from repype_like.plan import NOT_SET, TaskView, task_key
from repype_like.spec import format_input_id
from repype_like.typing import Any

__all__ = ["print_diff"]

_MOST = 10
"""How many results of one field are listed."""

_LONGEST = 60


def print_diff(one: str, other: str | None, *, verbose: bool, json: bool) -> int:
    """Print what differs between two tasks, or between one and its last completion; return the exit code.

    Raises:
        UsageError: If there is no such task, or it was not completed.
        RepypeError: If a task cannot be understood.
    """
    views = [view_task(path, path_words(Path(path).resolve())) for path in (one, other) if path is not None]
    sides = _sides(views)
    found = compare(*sides)
    if json:
        print(_json.dumps(_plain(found, sides), indent=1, default=str))
    else:
        _print(found, sides, verbose=verbose)
    for view in views if other is not None else ():
        digest = view.store.digest if not view.store.damage else None
        if digest is not None and digest.key != task_key(view):
            err().line(clean(f"{view.name} has changed since it was completed: repype diff {view.name}"))
    return 0 if found.same else 1


def _sides(views: list[TaskView]) -> tuple[Side, Side]:
    if len(views) > 1:
        return as_it_stands(views[0]), as_it_stands(views[1])
    view = views[0]
    if view.store.damage:
        raise UsageError(f"{view.name}: what it was completed with is damaged: {view.store.damage}")
    digest = view.store.digest
    if digest is None:
        raise UsageError(f"{view.name}: the task was never completed, so there is nothing to compare it with")
    return as_completed(view, digest), as_it_stands(view, with_results=False)


def _print(found: Comparison, sides: tuple[Side, Side], *, verbose: bool) -> None:
    terminal = out()
    if found.same:
        terminal.line(clean(f"{sides[0].name} and {sides[1].name}: nothing differs"))
        return
    terminal.line(clean(" -> ".join(map(_headline, sides))))
    for section in SECTIONS:
        findings = found.of(section)
        if findings:
            equal = f": {found.equal} equal, {len(findings)} not" if section == "results" else ""
            terminal.line(terminal.paint(section + equal, "bold"))
            for text in _lines(findings, sides, verbose=verbose):
                terminal.line(clean(f"  {text}"))


def _headline(side: Side) -> str:
    return f"{side.name}, completed {moment(side.completion.completed)}" if side.completion is not None else side.name


def _lines(findings: list[Finding], sides: tuple[Side, Side], *, verbose: bool) -> Iterator[str]:
    for _, group in itertools.groupby(findings, key=lambda finding: (finding.section, finding.stage, finding.what)):
        together = list(group)
        shown = together if verbose or together[0].section != "results" else together[:_MOST]
        yield from (_line(finding, sides) for finding in shown)
        if len(shown) < len(together):
            yield f"{together[0].what}: and {count(len(together) - len(shown), 'more input')}"


def _line(finding: Finding, sides: tuple[Side, Side]) -> str:
    if finding.section in ("stages", "inputs") and NOT_SET in (finding.old, finding.new):
        return f"{finding.what} only in {sides[1 if finding.old is NOT_SET else 0].name}"
    if finding.section == "code" and finding.what == "stage":
        return f"{finding.stage}: its attributes or its version"
    if finding.section == "code":
        verb = "added " if finding.old is NOT_SET else "removed " if finding.new is NOT_SET else ""
        name = finding.what.partition(":")[2] or finding.what
        where = place(finding.places[1])
        return f"{finding.stage}: {verb}{name}" + (f" in {where}" if where else "")
    if finding.section == "files":
        what = "only in " + sides[1 if finding.old is NOT_SET else 0].name
        return f"{_subject(finding)} {'differs' if NOT_SET not in (finding.old, finding.new) else what}"
    old, new = (_value(value, where) for value, where in zip((finding.old, finding.new), finding.places, strict=True))
    if finding.section == "results" and old == new:  # two arrays of the same shape, say
        return f"{_subject(finding)} differs ({old})"
    return f"{_subject(finding)} {old} -> {new}"


def _subject(finding: Finding) -> str:
    return finding.what if finding.input_id is None else f"{finding.what}, input {format_input_id(finding.input_id)}:"


def _value(value: Any, where: Location | None) -> str:
    text = _described(value)
    at = place(where)
    return (text if len(text) <= _LONGEST else text[:_LONGEST - 3] + "...") + (f" ({at})" if at else "")


def _described(value: Any) -> str:
    """Return a value, or what is known of one, on one line."""
    if isinstance(value, dict) and value.keys() == {"value"}:
        return repr(value["value"])
    if isinstance(value, dict) and value.keys() == {"type"}:
        return str(value["type"])
    return MASK if value == MASK else repr(value)


def _plain(found: Comparison, sides: tuple[Side, Side]) -> dict[str, Any]:
    return {"schema": 1, "a": sides[0].name, "b": sides[1].name, "same": found.same, "equal_results": found.equal,
            **{section: list(_records(found.of(section))) for section in SECTIONS}}


def _records(findings: Iterable[Finding]) -> Iterator[dict[str, Any]]:
    for finding in findings:
        record: dict[str, Any] = {"what": finding.what}
        record |= {"stage": finding.stage} if finding.stage else {}
        record |= {"input": finding.input_id} if finding.input_id is not None else {}
        for name, value, where in zip("ab", (finding.old, finding.new), finding.places, strict=True):
            record[name] = None if value is NOT_SET else value
            record[f"in_{name}"] = value is not NOT_SET
            record |= {f"{name}_at": place(where)} if where is not None else {}
        yield record
