"""The keys of task.yml: what each one means, what it may hold, and the check of one document against that.

The checks look at one document by itself. What can only be said about a whole task (has it a pipeline?) is said where
tasks are loaded; what needs the user's code (is there such a class?), later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from repype_like.errors import Problem, did_you_mean
from repype_like.spec.input_ids import decode_input_ids
from repype_like.spec.limits import NAMES as LIMITS
from repype_like.spec.limits import mistakes
from repype_like.spec.loading import Document
from repype_like.spec.patterns import check_pattern, unknown_placeholder
from repype_like.spec.scalars import quote

__all__ = ["KEYS", "Finding", "Key", "Severity", "check", "check_config"]

Severity = Literal["error", "warning"]

_DISTRIBUTION = r"(?a)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"


class Finding(NamedTuple):
    """Something wrong with the value at `keys` (or with the key itself), not yet bound to a file."""

    keys: tuple[str | int, ...]
    message: str
    hint: str = ""
    severity: Severity = "error"
    at_key: bool = False

    def problem(self, document: Document) -> Problem:
        """Return the finding as a problem of `document`."""
        where = (document.key_location if self.at_key else document.location)(self.keys)
        return Problem(self.message, where, self.hint, self.severity, task=document.path.parent)


class Key(NamedTuple):
    """One key of task.yml."""

    name: str
    doc: str
    check: Callable[[str, Any], Iterator[Finding]]
    default: Any = None


def check(document: Document, *, unknown: Severity = "error") -> list[Problem]:
    """Return everything that is wrong with the keys of a task.yml and their values.

    Args:
        document: The document.
        unknown: What an unknown key at the top level is: an error, or a warning if a subclass of Task may read it.
            A class that reads keys of its own may also create its pipeline by other means than dotted names.
    """
    findings: list[Finding] = []
    for name, value in document.value.items():
        key = KEYS.get(name)
        if key is not None:
            findings += key.check(name, value)
        else:  # an integer is a key that no class reads
            severity = unknown if type(name) is str else "error"
            hint = did_you_mean(name, KEYS)
            findings.append(Finding((name,), f"unknown key {quote(name)}", hint, severity, at_key=True))
    if unknown == "warning":
        findings = [finding for finding in findings if not (finding.keys[0] == "pipeline" and finding.hint is _DOTTED)]
    return [finding.problem(document) for finding in findings]


def check_config(document: Document) -> list[Problem]:
    """Return everything that is wrong with a base config file."""
    return [finding.problem(document) for finding in _sections((), document.value)]


# --- checks of values: each yields what is wrong with the value of a key ---

_DOTTED = "write the module and the class, such as stages.Segment"


def _boolean(name: str, value: Any) -> Iterator[Finding]:
    if not isinstance(value, bool):
        yield _wrong(name, value, "true or false")


def _task_class(name: str, value: Any) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield _wrong(name, value, "the dotted name of a class")


def _pipeline(name: str, value: Any) -> Iterator[Finding]:
    if isinstance(value, list) and value:
        for index, item in enumerate(value):
            if not isinstance(item, str):
                yield Finding((name, index), f"a stage is a dotted name, not {_kind(item)}", _DOTTED)
    elif isinstance(value, list):
        yield Finding((name,), "pipeline lists no stages", "list at least one, or leave the key out")
    elif not isinstance(value, str):
        yield _wrong(name, value, "a dotted name or a list of them")


def _input_ids(name: str, value: Any) -> Iterator[Finding]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _ids((name, index), [item])
    elif not isinstance(value, dict):
        yield from _ids((name,), value)


def _ids(keys: tuple[str | int, ...], value: Any) -> Iterator[Finding]:
    try:
        decode_input_ids(value)
    except ValueError as error:
        yield Finding(keys, str(error))


def _config(name: str, value: Any) -> Iterator[Finding]:
    if isinstance(value, dict):
        yield from _sections((name,), value)
    elif value is not None:  # an empty section, all of its lines commented out, is common
        yield _wrong(name, value, "a mapping of stage ids to sections")


def _sections(prefix: tuple[str | int, ...], value: Mapping[Any, Any]) -> Iterator[Finding]:
    for stage, section in value.items():
        keys = (*prefix, stage)
        if not isinstance(stage, str):
            hint = "a section of the config is named by a stage"
            yield Finding(keys, f"the key {stage} is not text", hint, at_key=True)
        elif section is not None and not isinstance(section, dict):
            name, dot, option = stage.rpartition(".")
            yield Finding(keys, f"the section of {quote(stage)} is {_kind(section)}, not a mapping of its options",
                          f"for an option of {quote(name)}, nest it: {name}: {{{option}: ...}}" if dot else "")
        else:
            for option, stated in (section or {}).items():
                if stated is None and type(option) is int:  # as of {sigma: 2,5}
                    yield Finding((*keys, option), f"the key {option} has no value",
                                  "a decimal number has a point, not a comma", at_key=True)


def _limits(name: str, value: Any) -> Iterator[Finding]:
    if not isinstance(value, dict):
        if value is not None:
            yield _wrong(name, value, "a mapping of stage ids to what these stages may cost and need")
        return
    for stage, stated in value.items():
        keys = (name, stage)
        if not isinstance(stage, str):
            yield Finding(keys, f"the key {stage} is not text", "limits are named by a stage", at_key=True)
        elif isinstance(stated, dict):
            yield from _limits_of(keys, stated)
        elif stated is not None:
            yield Finding(keys, f"the limits of {quote(stage)} are {_kind(stated)}, not a mapping")


def _limits_of(keys: tuple[str, str], stated: Mapping[Any, Any]) -> Iterator[Finding]:
    for item in stated.keys() - set(LIMITS):
        hint = did_you_mean(item, LIMITS) or f"there are {', '.join(LIMITS)}; all else is one of the resources"
        yield Finding((*keys, item), f"unknown limit {quote(str(item))}", hint, at_key=True)
    for mistake in mistakes(stated):
        what = ".".join(map(str, mistake.keys))
        if mistake.meant:
            yield Finding((*keys, *mistake.keys), f"unknown resource {quote(mistake.keys[-1])}",
                          f'did you mean "{mistake.meant}"?', at_key=True)
            continue
        yield Finding((*keys, *mistake.keys), f"{what} is {_kind(mistake.value)}, not {mistake.wanted}")


def _path(keys: tuple[str | int, ...], value: str) -> Iterator[Finding]:
    if not value or "\0" in value:
        yield Finding(keys, "the path is empty" if not value else "the path contains a NUL character")
    elif message := unknown_placeholder(value):
        yield Finding(keys, message, severity="warning")


def _base_config_path(name: str, value: Any) -> Iterator[Finding]:
    if isinstance(value, str):
        yield from _path((name,), value)
    elif value is not None:
        yield _wrong(name, value, "a path")


def _scopes(name: str, value: Any) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield _wrong(name, value, "a mapping of names to file name patterns")
        return
    for scope, pattern in value.items():
        keys = (name, scope)
        if not isinstance(scope, str):
            yield Finding(keys, f"the key {scope} is not text", "a scope has a name", at_key=True)
        elif not isinstance(pattern, str):
            yield Finding(keys, f"the pattern of the scope {quote(scope)} is {_kind(pattern)}, not text")
        elif message := check_pattern(pattern):
            yield Finding(keys, f"the scope {quote(scope)} has {message}" if message[0] in "a0123456789" else message)
        else:
            yield from _path(keys, pattern)


def _texts(name: str, value: Any) -> Iterator[Finding]:
    if not isinstance(value, list):
        hint = f"write [{value}]" if isinstance(value, str) else ""
        yield Finding((name,), f"{name} is {_kind(value)}, not a list", hint)
        return
    for index, item in enumerate(value):
        if not isinstance(item, str) or not item:
            yield Finding((name, index), f"{name} lists names, not {_kind(item)}")


def _packages(name: str, value: Any) -> Iterator[Finding]:
    yield from _texts(name, value)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str) and item and not re.fullmatch(_DISTRIBUTION, item):
            hint = "write the name alone, as in pip list, such as scikit-image"
            yield Finding((name, index), f"{quote(item)} is no name of a distribution", hint)


def _pythonpath(name: str, value: Any) -> Iterator[Finding]:
    if isinstance(value, str):
        yield from _path((name,), value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield from _path((name, index), item)
            else:
                yield Finding((name, index), f"pythonpath lists directories, not {_kind(item)}")
    else:
        yield _wrong(name, value, "a directory or a list of them")


def _wrong(name: str, value: Any, wanted: str) -> Finding:
    return Finding((name,), f"{name} is {_kind(value)}, not {wanted}")


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {quote(value)}" if value else "an empty text"
    if isinstance(value, dict | list):
        return ("an empty " if not value else "a ") + ("list" if isinstance(value, list) else "mapping")
    if isinstance(value, int | float):
        return f"the number {quote(value)[1:-1]}"
    return f"the date {value}"


KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        Key("runnable", "Whether the task is run; others are templates for the tasks below them.", _boolean, False),
        Key("pipeline", "The stages, as dotted names of classes in any order; or one dotted name of a pipeline class "
                        "or of a function that makes a pipeline.", _pipeline),
        Key("input_ids", "What the pipeline runs on: a list of integers and texts, a text such as 1-3,7, or "
                         "{glob: raw/*.tif}.", _input_ids, []),
        Key("config", "The options of the stages: a section for each stage id.", _config, {}),
        Key("base_config_path", "A YAML file with options that lie below those in config; of this task only.",
            _base_config_path),
        Key("scopes", "Names of file name patterns, each with one %s or %d for the input id.", _scopes, {}),
        Key("marginal_stages", "Stages (ids or dotted names) whose outputs are not kept.", _texts, []),
        Key("limits", "What stages may cost and need, by their ids: timeout, retries, resources.", _limits, {}),
        Key("root", "Whether this is the topmost task: nothing is inherited from directories above.", _boolean, False),
        Key("task_class", "The dotted name of the subclass of Task to use.", _task_class),
        Key("pythonpath", "Directories in which the pipeline's modules are found, relative to this file.",
            _pythonpath, []),
        Key("packages", "Distributions whose version counts: with another version, the task runs again.",
            _packages, []),
    )
}  # fmt: skip
"""The keys of task.yml by name, in the order in which they are documented."""
