from __future__ import annotations

from pathlib import Path

import pytest

from edits import files_of, fingerprint, table, write_files
from repype_like.fingerprint.codebase import Codebase
from repype_like.fingerprint.fingerprint import Fingerprinter

ENVIRONMENT = table(Path(__file__).with_name("reads_of_the_environment.txt"))
FILES = table(Path(__file__).with_name("reads_of_files.txt"))


@pytest.mark.parametrize("text", ENVIRONMENT.values(), ids=ENVIRONMENT.keys())
def test_what_is_read_from_the_environment_counts(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "project", files_of(text, after=True))
    hashes = []
    for value in "121":
        monkeypatch.setenv("KEY", value)
        hashes.append(fingerprint(tmp_path / "project").hash)
    assert hashes[0] == hashes[2] != hashes[1]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_what_is_read_from_files_counts_wherever_the_project_is(text: str, tmp_path: Path) -> None:
    hashes = []
    for place, content in (("a", "1"), ("b/b", "2"), ("c", "1")):
        files = {**files_of(text, after=True), "data.json": content, f"data{content}": ""}
        hashes.append(fingerprint(write_files(tmp_path / place, files)).hash)
    assert hashes[0] == hashes[2] != hashes[1]


def test_values_are_taken_right_after_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "1")
    text = 'import os\nK = {"a": os.environ["KEY"]}\nclass S(Stage):\n    def process(self):\n        K["b"] = 1\n'
    codebase = Codebase(write_files(tmp_path / "project", files_of(text, after=True)))
    stage, same = (codebase.load("stages.S")() for _ in range(2))
    before = Fingerprinter(codebase).stage(stage)
    stage.process()
    assert Fingerprinter(codebase).stage(same).hash == before.hash
