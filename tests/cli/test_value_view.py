"""``repype show TASK FIELD``: values for people, and as files for other programs."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from project import Project
from repype_like.cli.app import main

STAGES = """
    import dataclasses
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from repype_like.stage import Stage


    @dataclasses.dataclass
    class Region:
        label: int
        box: tuple


    def figure():
        drawn = Figure(figsize=(1, 1), dpi=50)
        drawn.add_subplot().plot([1, 2])
        return drawn


    class All(Stage):
        outputs = ["image", "mask", "table", "numbers", "region", "report", "tiles", "plot", "text"]
        formats = {"text": "text"}

        def process(self, pipeline, config, status=None):
            return {
                "image": np.arange(20_000).reshape(100, 200) % 256, "mask": np.eye(500, dtype=bool),
                "table": pd.DataFrame({"label": [1, 2], "area": [0.5, 1.5]}), "numbers": [1, {"a": np.float64(0.5)}],
                "region": Region(3, (1, 2)), "report": b"%PDF", "plot": figure(), "text": "one\\n\\x1b[31mtwo",
                "tiles": (np.full(3, number) for number in range(12)),
            }
    """


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with values of many kinds; tests leave it as it is."""
    directory = tmp_path_factory.mktemp("values")
    project = Project(directory / "project", directory / "home")
    project.home.mkdir()
    project.write("stages.py", STAGES)
    project.write("task.yml", {"runnable": True, "pipeline": ["stages.All"], "input_ids": [1]})
    project.run("run", "--serial").ok()
    return project


class Answer(NamedTuple):
    code: int
    out: str
    err: str


class Show:
    """Calls ``repype show . FIELD`` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path):
        self.capsys = capsys
        self.folder = folder

    def __call__(self, *args: str) -> Answer:
        code = main(["show", ".", *args])
        return Answer(code, *self.capsys.readouterr())

    def file(self, field: str, name: str, *args: str) -> Path:
        """Return the file that a value was written to."""
        answer = self(field, "-o", str(self.folder / name), *args)
        assert answer.code == 0, answer.err
        assert not answer.out
        return self.folder / name


@pytest.fixture
def show(project: Project, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.chdir(project.root)
    return Show(capsys, tmp_path)


@pytest.mark.parametrize(("field", "expected"), [
    ("image", "array([[  0,   1,   2,"), ("table", "   label  area\n0      1   0.5\n1      2   1.5\n"),
    ("text", "one\n\\x1b[31mtwo\n"), ("numbers", '[\n  1,\n  {\n    "a": 0.5\n  }\n]\n'), ("report", "b'%PDF'\n"),
    ("tiles", "<sequence of 12 items>\n0: ndarray int64 (3,)\n1: "),
])
def test_plain_data_arrays_and_tables_are_shown(show: Show, field: str, expected: str) -> None:
    assert show(field).out.startswith(expected)


def test_what_would_run_code_is_described_unless_it_is_trusted(show: Show) -> None:
    answer = show("region")
    assert answer.out.startswith("stages.Region, ")
    assert "stored as container" in answer.out
    assert "--trust shows the value" in answer.err
    assert show("region", "--trust").out == "Region(label=3, box=(1, 2))\n"
    for args in (["--json"], ["-o", str(show.folder / "a.json")]):
        answer = show("region", *args)
        assert answer.code == 2
        assert "add --trust" in answer.err
    assert json.loads(show.file("region", "a.json", "--trust").read_text()) == {"label": 3, "box": [1, 2]}


def test_a_value_is_written_as_it_is_stored_if_the_suffix_fits_or_there_is_none(show: Show) -> None:
    assert np.load(show.file("image", "a.npy")).shape == (100, 200)
    with gzip.open(show.file("mask", "a.npy.gz")) as file:
        assert np.load(file).sum() == 500
    assert show.file("region", "region").read_bytes().startswith(b"\x93repype"), "which runs nothing"
    assert zipfile.ZipFile(show.file("tiles", "a.zip")).testzip() is None


def _frame(path: Path) -> Any:
    return pd.read_csv(path).to_dict("list")


def test_it_is_converted_to_what_the_suffix_names(show: Show) -> None:
    assert np.load(show.file("mask", "a.npy")).sum() == 500
    with Image.open(show.file("image", "a.png")) as image:
        assert image.size == (200, 100)
    with Image.open(show.file("mask", "a.TIF")) as image:
        assert image.size == (500, 500)
    assert _frame(show.file("table", "a.csv")) == {"label": [1, 2], "area": [0.5, 1.5]}
    assert pd.read_parquet(show.file("table", "a.parquet")).shape == (2, 2)
    assert json.loads(show.file("table", "a.json").read_text()) == {"label": {"0": 1, "1": 2},
                                                                    "area": {"0": 0.5, "1": 1.5}}
    assert json.loads(show.file("numbers", "b.json").read_text()) == [1, {"a": 0.5}]
    assert show.file("numbers", "a.txt").read_text() == "[1, {'a': np.float64(0.5)}]"
    assert show.file("report", "a.pdf").read_bytes() == b"%PDF"
    assert show.file("text", "a.md").read_text() == "one\n\x1b[31mtwo"
    assert "<svg" in show.file("plot", "a.svg", "--trust").read_text()


@pytest.mark.parametrize(("field", "name", "words"), [
    ("table", "a.png", "has no form as png"), ("image", "a.xyz", 'no form with the suffix ".xyz"; there are .arrow'),
    ("text", "a.csv", "it is no table"), ("numbers", "a.npy", "would be an array of object"),
    ("image", "missing/a.npy", "cannot be written: No such file"),
])
def test_what_has_no_such_form_is_told_and_leaves_nothing(show: Show, field: str, name: str, words: str) -> None:
    answer = show(field, "-o", str(show.folder / name))
    assert answer.code in (1, 2)
    assert words in answer.err
    assert not list(show.folder.iterdir())
