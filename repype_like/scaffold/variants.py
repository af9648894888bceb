"""Variants of a task: directories below it, each with a ``task.yml`` that says what is different."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from repype_like.errors import UsageError
from repype_like.scaffold.assignments import Assignment
from repype_like.spec import SPEC_NAME
from repype_like.typing import Any

__all__ = ["Variant", "make_variants", "write_variants"]

_UNSAFE = re.compile(r"[^\w.,=+@^-]+")
_LONGEST_NAME = 200  # bytes; file systems take 255


@dataclass(frozen=True)
class Variant:
    """A task to be written."""

    directory: Path
    spec: dict[str, Any]
    """What its ``task.yml`` is to say."""


def make_variants(directory: Path, assignments: Sequence[Assignment], *, together: bool = False,
                  runnable: bool = False) -> list[Variant]:
    """Return a variant for each combination of values, named by what varies: ``sigma=1,model=rf``.

    Arguments:
        directory: Where they are to be.
        assignments: What varies.
        together: Whether the first values belong together, and the second ones, and so on.
        runnable: Whether they have to say that they are to be run, since they inherit the opposite.

    Raises:
        UsageError: If the numbers of values differ although they belong together; if two variants would have the same
            name.
    """
    keys = [assignment.keys for assignment in assignments]
    for item in keys:
        if keys.count(item) > 1:
            raise UsageError(f"--set {'.'.join(item)} is given twice; separate the values by commas")
    lengths = {len(assignment.values) for assignment in assignments}
    if together and len(lengths) > 1:
        counts = ", ".join(f"{'.'.join(item.keys)} has {len(item.values)}" for item in assignments)
        raise UsageError(f"--zip needs as many values of each: {counts}")
    values = [assignment.values for assignment in assignments]
    variants: dict[str, Variant] = {}
    for combination in zip(*values, strict=True) if together else itertools.product(*values):
        name = ",".join(f"{key}={_value_words(value)}" for key, value in zip(_short(keys), combination, strict=True))
        same = unicodedata.normalize("NFC", name).casefold()  # so it is to some file systems
        if same in variants:
            other = variants[same].directory.name
            what = (f'two variants would have the name "{name}"; give each value once' if name == other else
                    f'"{other}" and "{name}" would be the same directory on some file systems')
            raise UsageError(f"{what}; nothing was written")
        if len(name.encode()) > _LONGEST_NAME:
            raise UsageError(f'the name "{name[:60]}..." is too long for a directory; vary fewer things at once')
        variants[same] = Variant(directory / name, _spec(keys, combination, runnable))
    return list(variants.values())


def write_variants(variants: Sequence[Variant]) -> None:
    """Write the directories; all of them or none.

    Raises:
        UsageError: If one is there already, or cannot be written.
    """
    import yaml  # needed only here

    there = [variant.directory for variant in variants if variant.directory.exists()]
    if there:
        raise UsageError(f"{there[0]}: is there already{f', and {len(there) - 1} more' if len(there) > 1 else ''}; "
                         "nothing was written")
    with _undone_on_failure() as made:
        for variant in variants:
            _make_directory(variant.directory, made)
            text = yaml.safe_dump(variant.spec, sort_keys=False, allow_unicode=True)
            (variant.directory / SPEC_NAME).write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _undone_on_failure() -> Iterator[list[Path]]:
    made: list[Path] = []
    try:
        yield made
    except BaseException as error:
        for directory in reversed(made):
            shutil.rmtree(directory, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        raise UsageError(f"{error.filename}: {error.strerror}; nothing was written") from error


def _make_directory(directory: Path, made: list[Path]) -> None:
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir()
        made.append(path)


def _spec(keys: Sequence[tuple[str, ...]], values: Sequence[Any], runnable: bool) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for path, value in zip(keys, values, strict=True):
        section = config
        for key in path[:-1]:
            section = section.setdefault(key, {})
        section[path[-1]] = value
    return {**({"runnable": True} if runnable else {}), "config": config}


def _short(keys: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the shortest end of each name that is unique among them."""
    return [next(".".join(item[-length:]) for length in range(1, len(item) + 1)
                 if sum(other[-length:] == item[-length:] for other in keys) == 1) for item in keys]


def _value_words(value: Any) -> str:
    """Return a value as part of the name of a directory."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str)
    return _UNSAFE.sub("_", text.strip('"')).strip("_") or "_"
