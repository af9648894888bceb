"""What is written in the code about stages and their hyperparameters."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, get_args, get_origin

from repype_like.stage import FunctionStage, Stage
from repype_like.stage.hints import hints_of
from repype_like.typing import Any

__all__ = ["ParameterDocs", "docs_of", "docs_of_class"]

_ROLE = re.compile(r":[\w:]+:`~?([^`]*)`")


@dataclass(frozen=True)
class ParameterDocs:
    """What is known of a stage, or of a class."""

    summary: str = ""
    """What it is, in a paragraph."""
    parameters: dict[str, str] = field(default_factory=dict)
    """By name, what each parameter is."""


def docs_of(stage: Stage) -> ParameterDocs:
    """Return what is written about a stage: in docstrings, below its fields and attributes, and in annotations."""
    if isinstance(stage, FunctionStage):
        docs = _docs_of_object(stage.function)
    else:
        docs = docs_of_class(type(stage), Stage)
    if stage.config_class is not None:
        of_config = docs_of_class(stage.config_class)
        return ParameterDocs(docs.summary, {**docs.parameters, **of_config.parameters})
    return docs


def docs_of_class(cls: type, root: type = object) -> ParameterDocs:
    """Return what is written about a class and its attributes, in itself or in a base; nothing of `root` and above."""
    bases = [base for base in reversed(cls.__mro__) if base not in root.__mro__]
    summary, parameters = "", dict[str, str]()
    for base in bases:
        found = _docs_of_object(base)
        summary = found.summary or summary
        parameters.update(found.parameters)
    return ParameterDocs(summary, parameters)


def _docs_of_object(documented: Any) -> ParameterDocs:
    text = vars(documented).get("__doc__") if isinstance(documented, type) else documented.__doc__
    if dataclasses.is_dataclass(documented) and (text or "").startswith(f"{getattr(documented, '__name__', '')}("):
        text = None  # it was made of the signature
    parsed = _parsed(documented)
    parameters = {item.arg_name: _plain(item.description) for item in parsed.params if item.description}
    return ParameterDocs(_plain(inspect.cleandoc(text).split("\n\n")[0]) if text else "",
                         {**parameters, **dict(_annotated(documented))})


def _parsed(documented: Any) -> Any:
    import docstring_parser

    try:
        return docstring_parser.parse_from_object(documented)
    except (docstring_parser.ParseError, OSError, SyntaxError, TypeError, ValueError):
        return docstring_parser.Docstring()  # as if there were nothing


def _annotated(documented: Any) -> Iterator[tuple[str, str]]:
    """Yield what annotations say: ``Annotated[float, "in pixels"]``, or with a ``Doc("in pixels")``."""
    for name, hint in hints_of(documented).items():
        for note in get_args(hint)[1:] if get_origin(hint) is Annotated else ():
            text = note if isinstance(note, str) else getattr(note, "documentation", None)
            if isinstance(text, str):
                yield name, _plain(text)
    for item in dataclasses.fields(documented) if dataclasses.is_dataclass(documented) else ():
        text = getattr(item, "doc", None) or item.metadata.get("doc") or item.metadata.get("help")
        if isinstance(text, str):
            yield item.name, _plain(text)


def _plain(text: str) -> str:
    """Return a text without line breaks and markup."""
    return " ".join(_ROLE.sub(r"`\1`", text).replace("``", "`").split())
