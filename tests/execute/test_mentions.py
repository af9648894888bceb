"""What mentions a place is found, in whatever form, and nothing else is."""

from __future__ import annotations

import dataclasses
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest

from repype_like.execute.mentions import mentioned_place
from repype_like.formats.sequence import SequenceWriter

TREE = Path("/somewhere/grünes tasks")
TASK = TREE / "base"
FILE = f"{TASK}/1.png"


@dataclasses.dataclass
class Result:
    """A class of the user's own."""

    path: Any
    image: Any = None


LONG = [*range(10_000)]

MENTIONING = [
    FILE, str(TASK), FILE.encode(), Path(FILE), PurePosixPath(FILE), [1, {"a": (FILE,)}], {Path(FILE): 1}, {FILE},
    np.array([FILE]), np.array([FILE] * 10_000), np.array([FILE.encode()] * 10_000), np.array([[None, Path(FILE)]]),
    np.str_(FILE), [*LONG, FILE], [*LONG, Path("/somewhere/else"), Path(FILE)], Result(FILE), Result(Path(FILE)),
    [Result(np.array(["x" * 99] * 5_000 + [FILE]))], pd.DataFrame({"n": [1.0] * 3, "path": ["", FILE, ""]}),
    pd.Series([Path(FILE)]), lambda: FILE, Result(lambda: 0, FILE), f"file://{FILE}#1",
]

INNOCENT = [
    None, 1, 1.5, True, "", "1.png", b"x", [], {}, f"{TASK}2/1.png", f"{TASK}.old", f"{TASK}-2", Path(f"{TASK}2"),
    np.arange(5), np.zeros((1000, 1000)), np.array(["1.png"]), LONG, pd.DataFrame({"n": [1.0]}), Result("1.png"),
    Result(Path("1.png"), np.ones(100_000)), lambda: 0,
]


@pytest.mark.parametrize("value", MENTIONING, ids=range(len(MENTIONING)))
def test_values_that_mention_the_task(value: Any) -> None:
    assert mentioned_place([1, value], TASK, TREE) == ("task", str(TASK))
    assert mentioned_place([value], TASK, TASK) == ("task", str(TASK))


@pytest.mark.parametrize("value", INNOCENT, ids=range(len(INNOCENT)))
def test_values_that_do_not(value: Any) -> None:
    assert mentioned_place([value], TASK, TASK) is None


def test_values_that_mention_the_tree() -> None:
    assert mentioned_place([f"{TREE}/data/1.png"], TASK, TREE) == ("tree", str(TREE))
    assert mentioned_place([f"{TREE}/data/1.png"], TREE, TREE) == ("task", str(TREE))


def test_items_of_sequences_are_looked_through(tmp_path: Path) -> None:
    for number, (item, found) in enumerate(((FILE, True), ([np.zeros(10), Path(FILE)], True), ("1.png", False))):
        writer = SequenceWriter(tmp_path / f"{number}.zip")
        writer.extend([np.zeros((500, 500)), item])
        assert (mentioned_place([writer.finish()], TASK, TREE) is not None) is found
