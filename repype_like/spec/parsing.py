"""From the events of a YAML parser to values and their places, in one pass.

PyYAML's composer and constructor are not used: they expand aliases without limit, keep the last of two equal keys,
know no places afterwards, and take twice the time. Both of PyYAML's parsers are served, the one in C and the one in
Python, with the same results: where they are known to differ (tabs, Unicode escapes), the one in Python is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn, Protocol

import yaml
from yaml.error import Mark, MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from repype_like.errors import Location, Problem, SpecError
from repype_like.spec.scalars import ScalarError, quote, resolve_plain
from repype_like.spec.source import decode
from repype_like.typing import PathLike

if yaml.__with_libyaml__:
    from yaml._yaml import CParser

__all__ = ["MAX_ALIASED", "MAX_DEPTH", "ParserName", "Place", "parse"]

MAX_DEPTH = 100
"""Mappings and lists are nested at most this deep."""

MAX_ALIASED = 100_000
"""Aliases (``*name``) repeat at most this many values, counted as if each was written out."""

ParserName = Literal["c", "python"]

_PREFIX = "tag:yaml.org,2002:"
_SCALAR_TAGS: dict[str, tuple[type, ...]] = {
    "bool": (bool,), "int": (int,), "float": (float, int), "null": (type(None),), "timestamp": (),
}  # fmt: skip
_NEEDS_PYTHON_PARSER = re.compile(r"\t|\\[uU]")
_LONE_SURROGATE = "[\ud800-\udfff]"
_MERGE = object()  # stands for the key <<


class Place(NamedTuple):
    """Where a value stands: its mark, and for each key or index of it the mark of the key and the value's place."""

    mark: Mark
    inner: dict[Any, tuple[Mark, Place]] | None = None


_new_place = partial(tuple.__new__, Place)  # as Place._make, in half the time: one is made for every value


class _EventSource(Protocol):
    def get_event(self) -> Any: ...


class _PythonParser(Reader, Scanner, Parser):
    def __init__(self, text: str):
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def parse(data: bytes, path: PathLike, parser: ParserName | None = None) -> tuple[Any, Place | None]:
    """Return the value of the only YAML document in `data` and the places of everything in it.

    An empty document has the value None. `path` is for messages only; nothing is read from it. The parser is chosen
    by what is installed unless `parser` names one.

    Raises:
        SpecError: With every problem that was found.
    """
    text = decode(data, path)
    events = _parser(text, parser)
    builder = _Builder(events.get_event, path)
    try:
        value, place = builder.document()
    except MarkedYAMLError as error:
        builder.problems.append(_syntax_problem(error, text, Path(path)))
    except (ValueError, OverflowError):
        if not isinstance(events, _PythonParser):
            raise
        builder.report("an escape that is no character", events.get_mark())  # "\UFFFFFFFF"
    else:
        if not builder.problems:
            return value, place
    raise SpecError(builder.problems)


def _parser(text: str, name: ParserName | None) -> _EventSource:
    if name != "python" and yaml.__with_libyaml__ and not _NEEDS_PYTHON_PARSER.search(text):
        return CParser(text)
    return _PythonParser(text)


def _syntax_problem(error: MarkedYAMLError, text: str, path: Path) -> Problem:
    mark = error.problem_mark or error.context_mark
    message = " ".join(part for part in (error.problem, error.context) if part)
    from repype_like.spec.syntax_hints import syntax_hint  # hardly ever needed

    hint = syntax_hint(message, text, mark, error.context_mark)
    where = Location(path, mark.line + 1, mark.column + 1) if mark else Location(path)
    return Problem(f"not valid YAML: {message}", where, hint, task=path.parent)


@dataclass(slots=True)
class _Anchor:
    mark: Mark
    value: Any = None
    place: Place | None = None
    size: int = 0
    height: int = 0
    open: bool = True


class _Builder:
    """Builds one document. Problems that leave the rest readable are collected; the others end it."""

    def __init__(self, events: Callable[[], Any], path: PathLike):
        self.next = events
        self.path = path
        self.problems: list[Problem] = []
        self.anchors: dict[str, _Anchor] = {}
        self.count = 0  # values so far, aliased ones as often as they occur
        self.aliased = 0
        self.deepest = 0

    def document(self) -> tuple[Any, Place | None]:
        value, place = None, None
        self.next()  # the start of the stream
        if type(self.next()) is DocumentStartEvent:
            value, place = self.node(self.next(), 0)
            self.next()  # the end of the document
            following = self.next()
            if type(following) is not StreamEndEvent:
                self.report("a second document begins here", following.start_mark, "a file holds one document")
        return value, place

    def node(self, event: Any, depth: int) -> tuple[Any, Place]:
        """Return the value that begins with `event`; `depth` mappings and lists are around it."""
        kind = type(event)
        if kind is ScalarEvent:
            self.count += 1
            if event.anchor is None:
                return self.scalar(event), _new_place((event.start_mark, None))
        elif kind is AliasEvent:
            return self.alias(event, depth)
        else:
            self.count += 1
            depth += 1
            if depth > MAX_DEPTH:
                self.fail(f"nested deeper than {MAX_DEPTH} levels", event.start_mark)
            self.deepest = max(self.deepest, depth)
        return self.anchored(event, depth) if event.anchor is not None else self.collection(event, depth)

    def anchored(self, event: Any, depth: int) -> tuple[Any, Place]:
        name = event.anchor
        if name in self.anchors:
            line = self.anchors[name].mark.line + 1
            self.fail(f"the anchor &{name} is defined twice, first in line {line}", event.start_mark)
        anchor = self.anchors[name] = _Anchor(event.start_mark)
        before, outer_deepest, self.deepest = self.count, self.deepest, depth
        if isinstance(event, ScalarEvent):
            value, place = self.scalar(event), Place(anchor.mark)
        else:
            value, place = self.collection(event, depth)
        anchor.value, anchor.place, anchor.open = value, place, False
        anchor.size = self.count - before + 1
        anchor.height = self.deepest - depth + (type(event) is not ScalarEvent)
        self.deepest = max(self.deepest, outer_deepest)
        return value, place

    def alias(self, event: Any, depth: int) -> tuple[Any, Place]:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            self.fail(f"*{event.anchor} repeats something that is not defined above it", event.start_mark)
        if anchor.open:
            self.fail(f"*{event.anchor} is inside of what it repeats", event.start_mark)
        self.count += anchor.size
        self.aliased += anchor.size
        if self.aliased > MAX_ALIASED:
            self.fail(f"aliases repeat more than {MAX_ALIASED} values", event.start_mark)
        if depth + anchor.height > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH} levels, by *{event.anchor}", event.start_mark)
        self.deepest = max(self.deepest, depth + anchor.height)
        return anchor.value, Place(event.start_mark, anchor.place.inner if anchor.place else None)

    def collection(self, event: Any, depth: int) -> tuple[Any, Place]:
        if event.tag is not None and event.tag != "!":
            wanted = "map" if type(event) is MappingStartEvent else "seq"
            if event.tag != _PREFIX + wanted:
                self.report(*self.unknown_tag(event.tag, event.start_mark))
        return self.mapping(event, depth) if type(event) is MappingStartEvent else self.sequence(event, depth)

    def sequence(self, start: Any, depth: int) -> tuple[list[Any], Place]:
        values: list[Any] = []
        places: dict[Any, tuple[Mark, Place]] = {}
        while type(event := self.next()) is not SequenceEndEvent:
            value, place = self.node(event, depth)
            places[len(values)] = place.mark, place
            values.append(value)
        return values, Place(start.start_mark, places)

    def mapping(self, start: Any, depth: int) -> tuple[dict[Any, Any], Place]:
        values: dict[Any, Any] = {}
        places: dict[Any, tuple[Mark, Place]] = {}
        texts: dict[str, Mark] = {}  # 1 and "1" are one key to JSON, hence to others who read our results
        merged: tuple[Mark, Any, Place] | None = None
        next_event, node = self.next, self.node
        while type(event := next_event()) is not MappingEndEvent:
            key, mark = self.key(event, depth), event.start_mark
            value, place = node(next_event(), depth)
            if key is _MERGE:
                if merged:
                    self.report_twice("<<", mark, merged[0])
                merged = mark, value, place
            elif (text := key if type(key) is str else str(key)) in texts:
                self.report_twice(text, mark, texts[text])
            else:
                texts[text] = mark
                values[key] = value
                places[key] = mark, place
        if merged:
            self.merge(merged[1], merged[2], values, places)
        return values, Place(start.start_mark, places)

    def key(self, event: Any, depth: int) -> Any:
        """Return the key that `event` is; only text and integers are keys."""
        if type(event) is ScalarEvent and event.anchor is None:  # as nearly always
            self.count += 1
            key = self.scalar(event)
        else:
            key, _ = self.node(event, depth)
        if type(key) is str:
            return _MERGE if key == "<<" and type(event) is ScalarEvent and not event.style else key
        if type(key) is not int:
            mark = event.start_mark
            shown = quote(event.value) + " " if type(event) is ScalarEvent and event.value else ""
            what = "is a list or a mapping" if isinstance(key, list | dict) else "is not text"
            self.report(f"the key {shown}{what}", mark, "a key is text; quote it if it looks like something else")
            return f"<{mark.line}:{mark.column}>"
        return key

    def merge(self, value: Any, place: Place, values: dict[Any, Any], places: dict[Any, tuple[Mark, Place]]) -> None:
        """Add what the key << brings: the mapping's own keys win, then the earlier of several mappings."""
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self.report("<< merges mappings only", place.mark, "give it a mapping or a list of mappings")
            return
        inner = [place] if sources is not value else [item for _, item in (place.inner or {}).values()]
        own = dict(values)
        own_places = dict(places)
        values.clear()
        places.clear()
        for source, source_place in zip(reversed(sources), reversed(inner), strict=True):
            values.update(source)
            places.update(source_place.inner or {})
        values.update(own)
        places.update(own_places)

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        tag = event.tag
        if tag is not None and tag != "!":
            return self.tagged(tag, text, event)
        if event.style:
            if not text.isascii() and re.search(_LONE_SURROGATE, text):
                self.report("half of a surrogate pair, which is no character", event.start_mark)
                return "?"
            return text
        try:
            return resolve_plain(text)
        except ScalarError as error:
            self.report(str(error), event.start_mark, error.hint)
            return text

    def tagged(self, tag: str, text: str, event: Any) -> Any:
        name = tag.removeprefix(_PREFIX)
        if name == "str":
            return text
        try:
            if name not in _SCALAR_TAGS:
                self.report(*self.unknown_tag(tag, event.start_mark))
                return text
            value = resolve_plain(text)
        except ScalarError as error:
            self.report(str(error), event.start_mark, error.hint)
            return text
        if name == "timestamp":
            matches = hasattr(value, "isoformat")
        else:
            matches = type(value) in _SCALAR_TAGS[name]
        if not matches:
            self.report(f"{quote(text)} is not what its tag !!{name} says", event.start_mark)
        return float(value) if name == "float" and matches else value

    def unknown_tag(self, tag: str, mark: Mark) -> tuple[str, Mark, str]:
        shown = "!!" + tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else tag
        hint = "write plain values: text, numbers, lists, mappings"
        return f"the tag {quote(shown)[1:-1]} is not allowed", mark, hint

    def report_twice(self, key: object, mark: Mark, first: Mark) -> None:
        self.report(f"the key {quote(key)} is given twice, first at {first.line + 1}:{first.column + 1}", mark,
                    "remove one of the two")

    def report(self, message: str, mark: Mark, hint: str = "") -> None:
        file = Path(self.path)
        where = Location(file, mark.line + 1, mark.column + 1)
        self.problems.append(Problem(message, where, hint, task=file.parent))

    def fail(self, message: str, mark: Mark) -> NoReturn:
        self.report(message, mark)
        raise SpecError(self.problems)
