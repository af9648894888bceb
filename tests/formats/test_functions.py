"""Two functions as a format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from project import Project
from repype_like.errors import UsageError
from repype_like.formats import format_named, name_of

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "choose-formats.md"


def save_text(value: str, path: Path) -> None:
    path.write_text(value)


def load_text(path: Path) -> str:
    return path.read_text()


def save_elsewhere(value: str, path: Path) -> None:
    path.with_suffix(".other").write_text(value)


def test_they_are_found_again_by_what_is_written_down(tmp_path: Path) -> None:
    format_ = format_named((save_text, load_text, "txt"))
    format_.write("hello", tmp_path / "a.txt")
    assert format_.read(tmp_path / "a.txt") == "hello"
    assert name_of(format_) == f"{__name__}:save_text {__name__}:load_text txt"
    assert not format_.safe
    assert format_named((save_text, load_text)).suffix == "bin"


@pytest.mark.parametrize(("named", "said"), [
    ((save_text, lambda path: path), "write it as a function of a module"),
    ((save_text,), "is named as (save, load) or (save, load, suffix)"),
    ((save_text, "txt"), "is named as (save, load)"),
    ((save_text, load_text, ".txt"), "without the dot"), ((save_text, load_text, 3), "without the dot"),
    (3, "or by functions, and not by 3"),
])
def test_what_is_none(named: Any, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        format_named(named)


def test_a_function_that_writes_another_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"if it adds a suffix of its own"):
        format_named((save_elsewhere, load_text)).write("hello", tmp_path / "a.bin")


def test_what_the_how_to_shows(make_project: Callable[[Mapping[str, Any]], Project]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    own = next(block for block in blocks if "save_counts" in block)
    project = make_project({
        "stages.py": "from collections import Counter\n" + own + (
            "\n\n@stage(outputs=['text'])\ndef load(input_id):\n    return 'a b a'\n"
            "\n\n@stage(outputs=['best'])\ndef best(counts):\n    return counts.most_common(1)[0][0]\n"),
        "task.yml": {"runnable": True, "pipeline": ["stages.load", "stages.count"], "input_ids": [1]}})
    project.run("run").ok()
    blob, = (project.root / ".repype/blobs").iterdir()
    assert (blob.suffix, blob.read_text()) == (".json", '[["a", 2], ["b", 1]]')
    project.edit("task.yml", "- stages.count", "- stages.count\n- stages.best")
    project.run("run").ok()
    assert project.results()[1]["best"] == "a"
    assert "is a pickle" not in project.run("show", ".", "counts", "--trust").ok().out
