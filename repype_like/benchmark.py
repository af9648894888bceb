"""A value for each stage and input, such as a duration, kept in a CSV file."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable
from pathlib import Path

from repype_like.store.atomic import write_all
from repype_like.typing import TYPE_CHECKING, Any, Generic, InputID, PathLike, Self, TypeVar

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Benchmark"]

ValueType = TypeVar("ValueType")

_ALL = "(all)"
_INTEGER = re.compile(r"-?[0-9]+")


class Benchmark(Generic[ValueType]):
    """Values by stage and input: ``benchmark["segment", 3] = 0.5``.

    Arguments:
        filepath: The CSV file that holds the values: a row for each stage, a column for each input. It is read if it
            exists. Values come back as floats, and inputs as int where they look like one. What has no input (None),
            since it is about all of them, as an aggregate is, has the column ``(all)``.
    """

    def __init__(self, filepath: PathLike):
        self.filepath = filepath if isinstance(filepath, Path) else Path(filepath)
        self._known: dict[tuple[str, InputID], ValueType] = {}
        self._frame: pd.DataFrame | None = None
        if os.path.isfile(self.filepath):
            self._known.update(_read(self.filepath))

    @property
    def df(self) -> pd.DataFrame:
        """The values as a pandas data frame: a row for each stage, a column for each input, NaN where there is none.

        What is written into it counts, until a value is set in another way.
        """
        if self._frame is None:
            import pandas as pd  # an optional library

            columns: dict[InputID, dict[str, ValueType]] = {}
            for (stage, input_id), value in self._known.items():
                columns.setdefault(input_id, {})[stage] = value
            stages = _unique(stage for stage, _ in self._known)
            self._frame = pd.DataFrame(list(columns.values()), columns=stages).T if columns else pd.DataFrame()
            self._frame.columns = pd.Index(list(columns), dtype=object)  # which keeps None, and integers beside it
        return self._frame

    @df.setter
    def df(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @property
    def _values(self) -> dict[tuple[str, InputID], ValueType]:
        if self._frame is not None:
            self._known = {(stage, input_id): value for input_id, column in self._frame.items()
                           for stage, value in column.dropna().items()}
        return self._known

    @_values.setter
    def _values(self, values: dict[tuple[str, InputID], ValueType]) -> None:
        self._known, self._frame = values, None

    def set(self, other: Benchmark[ValueType]) -> Self:
        """Take over all values of `other`."""
        self._values = dict(other._values)
        return self

    def __getitem__(self, where: tuple[str, InputID]) -> ValueType:
        return self._values[where]

    def __setitem__(self, where: tuple[str, InputID], value: ValueType) -> None:
        if self._frame is not None:
            self._values = self._values  # what was written into the frame counts
        self._known[where] = value

    def __contains__(self, where: object) -> bool:
        return where in self._values

    def retain(self, stage_ids: Iterable[str], input_ids: Iterable[InputID]) -> Self:
        """Forget all values but those of these stages and inputs."""
        if self._values:
            stages, inputs = frozenset(stage_ids), frozenset(input_ids)
            self._values = {where: value for where, value in self._values.items()
                            if where[0] in stages and where[1] in inputs}
        return self

    def save(self) -> None:
        """Write the values to :attr:`filepath`."""
        values = self._values
        stages = _unique(stage for stage, _ in values)
        inputs = _unique(input_id for _, input_id in values)
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["", *[_ALL if input_id is None else input_id for input_id in inputs]])
        table.writerows([stage, *[values.get((stage, input_id), "") for input_id in inputs]] for stage in stages)
        folder, name = os.path.split(self.filepath)
        aside = os.path.join(folder, f".{name}.new")  # of a killed process, the next one renames it
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            write_all(descriptor, [text.getvalue().encode()])
        finally:
            os.close(descriptor)
        os.replace(aside, self.filepath)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Benchmark) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # mutable


def _read(path: Path) -> dict[tuple[str, InputID], Any]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    inputs = [_input_id(text) for text in header[1:]]
    return {(stage, input_id): float(text) for stage, *values in rows
            for input_id, text in zip(inputs, values, strict=False) if text}


def _input_id(heading: str) -> InputID:
    if heading in ("", _ALL):  # older versions have left it empty
        return None
    return int(heading) if _INTEGER.fullmatch(heading) else heading


def _unique(items: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(items))
